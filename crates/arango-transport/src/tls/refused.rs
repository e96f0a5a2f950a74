//! Why a handshake was refused, and what to do about it.

use std::error::Error as StdError;
use std::fmt;

use rustls::{CertificateError, Error};

use super::alert;
use super::given::is_authority;

/// Why a handshake was refused, by one or the other.
#[derive(Debug)]
pub(super) struct Refused {
    /// The name that the coordinator's certificate must be for.
    pub(super) name: String,
    pub(super) error: Error,
    /// Whether the client has a certificate to show.
    pub(super) has_identity: bool,
}

/// What to do where no TLS was spoken.
pub(super) const PLAIN: &str =
    "; if the coordinator speaks plain HTTP on this port, write http:// in place of https://";

const NO_NAME: &str = "it has no subjectAltName, and names are looked for nowhere else; make one with the \
                       coordinator's host name or address as subjectAltName";

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match &self.error {
            Error::InvalidCertificate(error) => error,
            Error::InvalidMessage(_) => return write!(f, "the answer is not TLS: {}{PLAIN}", self.error),
            Error::AlertReceived(alert) => return f.write_str(&alert::explain(*alert, self.has_identity)),
            Error::NoApplicationProtocol => {
                return write!(f, "{}; does it speak the HTTP that the client is set to?", self.error);
            }
            other => return other.fmt(f),
        };
        write!(f, "the certificate is refused, expected one for `{}`: ", self.name)?;
        match error {
            CertificateError::UnknownIssuer => write!(
                f,
                "{error}: it is signed by an unknown authority; if the cluster has one of its own, name it with \
                 `Tls::ca_file`"
            ),
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                f.write_str(NO_NAME)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => write!(
                f,
                "{error}; name the coordinator by a name in its certificate, or that name with `Tls::server_name`"
            ),
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => {
                write!(f, "{error}; exchange it, or set the clock of this machine")
            }
            error if is_authority(error) => f.write_str(
                "it is the certificate of an authority (CA:TRUE); give exactly this one with `Tls::ca_file`, or make \
                 one with CA:FALSE for the coordinator",
            ),
            error if is_of_version_1(error) => {
                write!(f, "it is of version 1 of X.509, so {NO_NAME}, in version 3")
            }
            error => error.fmt(f),
        }
    }
}

/// Whether a certificate was refused because it is of another version than 3. webpki's own error cannot be named here.
fn is_of_version_1(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.to_string().contains("UnsupportedCertVersion"))
}

impl StdError for Refused {}
