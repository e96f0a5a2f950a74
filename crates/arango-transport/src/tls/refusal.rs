//! Error texts and advice for rejected handshakes.

use std::error::Error as StdError;
use std::fmt;

use rustls::{CertificateError, Error};

use super::alert;
use crate::tls::custom_certificates::is_authority;

/// The error of a handshake that the client or the coordinator rejected.
#[derive(Debug)]
pub(super) struct TlsRefused {
    /// The name that the coordinator's certificate must be issued for.
    pub(super) name: String,
    pub(super) error: Error,
    /// Whether the client has a certificate.
    pub(super) has_identity: bool,
}

/// Advice if the coordinator may not use TLS.
pub(super) const PLAIN_HTTP_ADVICE: &str =
    "; if the coordinator speaks plain HTTP on this port, write http:// in place of https://";

/// Advice if the coordinator may end a handshake without HTTP/2.
pub(super) const NO_HTTP2_ADVICE: &str = "; if it does not support HTTP/2, use `Http2::Negotiated`";

const NO_NAME: &str = "it has no subjectAltName, which is required; create one with the coordinator's host name \
                       or address as subjectAltName";

impl fmt::Display for TlsRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match &self.error {
            Error::InvalidCertificate(error) => error,
            Error::InvalidMessage(_) => {
                return write!(f, "the response is not TLS: {}{PLAIN_HTTP_ADVICE}", self.error);
            }
            Error::AlertReceived(alert) => return f.write_str(&alert::explain(*alert, self.has_identity)),
            Error::NoApplicationProtocol => {
                return write!(
                    f,
                    "{}; check that it supports the HTTP version set in the client",
                    self.error
                );
            }
            other => return other.fmt(f),
        };
        write!(f, "the certificate is rejected, expected one for `{}`: ", self.name)?;
        match error {
            CertificateError::UnknownIssuer => write!(
                f,
                "{error}: it is signed by an unknown authority; if the cluster uses a private authority, set it with \
                 `Tls::ca_file`"
            ),
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                f.write_str(NO_NAME)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => write!(
                f,
                "{error}; use a host name from its certificate, or set that name with `Tls::server_name`"
            ),
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => {
                write!(f, "{error}; replace it, or correct the clock of this machine")
            }
            error if is_authority(error) => f.write_str(
                "it is the certificate of an authority (CA:TRUE); set exactly this one with `Tls::ca_file`, or create \
                 one with CA:FALSE for the coordinator",
            ),
            error if is_of_version_1(error) => {
                write!(f, "it is an X.509 version 1 certificate, so {NO_NAME}, in version 3")
            }
            error => error.fmt(f),
        }
    }
}

/// Returns whether a certificate was rejected because its version is not 3.
///
/// The error is recognized by its text, because the type of webpki's error is not accessible here.
fn is_of_version_1(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.to_string().contains("UnsupportedCertVersion"))
}

impl StdError for TlsRefused {}
