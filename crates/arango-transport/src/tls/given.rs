//! Servers that show the very certificate that was given as an authority.
//!
//! The commonest self-made certificate is an authority and a server's at once (`CA:TRUE`), which webpki refuses to accept
//! from a server.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::der::Certificate;

/// Accepts, besides what `inner` accepts, the certificate of an authority from a server if it is exactly one of the
/// given ones. Its name and its dates are checked all the same, and that the server has its key.
#[derive(Debug)]
pub(super) struct AlsoGiven {
    pub(super) inner: Arc<dyn ServerCertVerifier>,
    pub(super) given: Vec<CertificateDer<'static>>,
}

/// Whether a certificate was refused because it is that of an authority. webpki's own error cannot be named here.
pub(super) fn is_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity"))
}

impl ServerCertVerifier for AlsoGiven {
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
                if is_authority(&error) && self.given.iter().any(|given| given == certificate) =>
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

/// Checks what does not depend on who has signed it.
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
        let is = |error: &Error, words: &str| format!("{error:?}").contains(words);
        assert!(is(&early, "NotValidYet") && is(&late, "Expired"), "{early:?} {late:?}");
        let between = at(begin + 1);
        assert!(!is(&between, "NotValidYet") && !is(&between, "Expired"), "{between:?}");
    }
}
