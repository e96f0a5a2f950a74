//! Believing every certificate, for who has said so.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use super::der::Certificate;

/// Believes every certificate, but not that everybody has its key: who cannot sign the handshake with it
/// is refused.
///
/// webpki reads certificates of version 3 alone, so the key is taken out of the certificate here.
#[derive(Debug)]
pub(super) struct Unchecked(pub(super) Arc<CryptoProvider>);

impl Unchecked {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.0.signature_verification_algorithms
    }
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = self.algorithms().mapping.iter();
        let verifiers = schemes.filter(|(scheme, _)| *scheme == signed.scheme).flat_map(|(_, all)| *all);
        let key = read(certificate)?.public_key().ok_or(CertificateError::BadEncoding)?;
        let mut fitting = verifiers.filter(|verifier| verifier.public_key_alg_id().as_ref() == key.algorithm);
        let verifier = fitting.next().ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        match verifier.verify_signature(key.key, message, signed.signature()) {
            Ok(()) => Ok(HandshakeSignatureValid::assertion()),
            Err(_) => Err(CertificateError::BadSignature.into()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(read(certificate)?.public_key_info);
        verify_tls13_signature_with_raw_key(message, &key, signed, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

fn read<'a>(certificate: &'a CertificateDer<'_>) -> Result<Certificate<'a>, Error> {
    Certificate::read(certificate).ok_or_else(|| CertificateError::BadEncoding.into())
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use arango_test_cluster::{TestCluster, Tls};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::version::{TLS12, TLS13};
    use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// Why a handshake with a server fails that shows `certificate` and signs with the key `pem`, or that it does not.
    async fn shake(
        certificate: CertificateDer<'static>,
        pem: &str,
        version: &'static SupportedProtocolVersion,
    ) -> Result<(), String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("it is a key");
        let key = provider.key_provider.load_private_key(key).expect("ring knows its kind");
        let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .expect("ring speaks it")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .expect("ring speaks it")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
            .with_no_client_auth();
        let (here, there) = tokio::io::duplex(1 << 16);
        let name = ServerName::try_from("db.example").expect("it is a name");
        let connector = TlsConnector::from(Arc::new(client));
        let accepted = TlsAcceptor::from(Arc::new(server)).accept(there);
        let (connected, _) = tokio::join!(connector.connect(name, here), accepted);
        connected.map(drop).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn whoever_shows_a_certificate_must_have_its_key_in_every_version_of_tls() {
        // With sockets, so that keys are of the same kind as that of the other certificate.
        let cluster = TestCluster::builder().tls(Tls::On).start().await.unwrap();
        let own = cluster.client_identity().unwrap();
        let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap();
        let version_1 = CertificateDer::from(&include_bytes!("version-1.der")[..]);
        for version in [&TLS12, &TLS13] {
            shake(certificate.clone(), &own.key, version).await.unwrap();
            let refused = shake(version_1.clone(), &own.key, version).await.unwrap_err();
            assert!(refused.contains("BadSignature"), "{refused}");
        }
    }
}
