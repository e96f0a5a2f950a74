//! Accepts CA certificates that servers present as their own certificate.
//!
//! The most common self-signed certificate is both a CA certificate (`CA:TRUE`) and a server certificate. webpki
//! rejects it when a server presents it.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::der::Certificate;

/// A verifier that also accepts a given CA certificate as a server certificate.
///
/// The presented certificate must be identical to one of the given ones. Its name, its validity period and the
/// possession of its private key are still verified. All other certificates are verified by `inner`.
#[derive(Debug)]
pub(super) struct CustomCertificates {
    pub(super) inner: Arc<dyn ServerCertVerifier>,
    pub(super) custom: Vec<CertificateDer<'static>>,
}

/// Returns whether a certificate was rejected because it is a CA certificate.
///
/// The error is recognized by its text, because the type of webpki's error is not accessible here.
pub(super) fn is_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity"))
}

impl ServerCertVerifier for CustomCertificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.inner.verify_server_cert(certificate, intermediates, name, ocsp_response, now) {
            Err(Error::InvalidCertificate(error))
                if is_authority(&error) && self.custom.iter().any(|given| given == certificate) =>
            {
                verify(certificate, name, now)
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.inner.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

/// Verifies the validity period and the name of a certificate.
fn verify(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let dates = Certificate::read(certificate).ok_or(CertificateError::BadEncoding)?;
    if now < dates.not_before {
        let not_before = dates.not_before;
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > dates.not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after: dates.not_after }.into());
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_given_certificate_must_be_valid_now() {
        let certificate = CertificateDer::from(&include_bytes!("version-1.der")[..]);
        let dates = Certificate::read(&certificate).unwrap();
        let name = ServerName::try_from("db.example").unwrap();
        let at = |seconds| {
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            verify(&certificate, &name, now).unwrap_err()
        };
        let (begin, end) = (dates.not_before.as_secs(), dates.not_after.as_secs());
        let early = at(begin - 1);
        let late = at(end + 1);
        let is = |error: &Error, text: &str| format!("{error:?}").contains(text);
        assert!(is(&early, "NotValidYet") && is(&late, "Expired"), "{early:?} {late:?}");
        let during = at(begin + 1);
        assert!(!is(&during, "NotValidYet") && !is(&during, "Expired"), "{during:?}");
    }
}
