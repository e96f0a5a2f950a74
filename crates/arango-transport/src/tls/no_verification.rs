//! Disabled certificate verification, on explicit request.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use super::der::Certificate;

/// A verifier that accepts every certificate but verifies the handshake signature.
///
/// The server must therefore have the private key of the certificate. webpki parses only version 3 certificates, so the
/// public key is read from the certificate here.
#[derive(Debug)]
pub(super) struct NoVerification(pub(super) Arc<CryptoProvider>);

impl NoVerification {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.0.signature_verification_algorithms
    }
}

impl ServerCertVerifier for NoVerification {
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

#[cfg(all(test, feature = "rustls-ring"))]
mod tests {
    use arango_test_cluster::{TestCluster, Tls};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::version::{TLS12, TLS13};
    use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// Performs a handshake with a server that presents `certificate` and signs with the key `pem`.
    ///
    /// Returns the client's error text.
    async fn handshake(
        certificate: CertificateDer<'static>,
        pem: &str,
        version: &'static SupportedProtocolVersion,
    ) -> Result<(), String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("the key is valid PEM");
        let key = provider.key_provider.load_private_key(key).expect("ring supports the key type");
        let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .expect("ring supports the version")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .expect("ring supports the version")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(NoVerification(provider)))
            .with_no_client_auth();
        let (here, there) = tokio::io::duplex(1 << 16);
        let name = ServerName::try_from("db.example").expect("the name is valid");
        let connector = TlsConnector::from(Arc::new(client));
        let accepted = TlsAcceptor::from(Arc::new(server)).accept(there);
        let (connected, _) = tokio::join!(connector.connect(name, here), accepted);
        connected.map(drop).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_server_must_have_the_key_of_its_certificate_in_every_tls_version() {
        // A cluster with sockets, so that both certificates have the same key type.
        let cluster = TestCluster::builder().tls(Tls::On).start().await.unwrap();
        let own = cluster.client_identity().unwrap();
        let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap();
        let version_1 = CertificateDer::from(&include_bytes!("version-1.der")[..]);
        for version in [&TLS12, &TLS13] {
            handshake(certificate.clone(), &own.key, version).await.unwrap();
            let refused = handshake(version_1.clone(), &own.key, version).await.unwrap_err();
            assert!(refused.contains("BadSignature"), "{refused}");
        }
    }
}
