//! From a byte stream to one that nobody else can read, and why that may fail.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error, ProtocolVersion};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::alert::{EarlyAlert, Watched};
use super::refused::{PLAIN, Refused};
use crate::attempt_error::AttemptError;
use crate::connect::Io;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, HttpProtocol, Outcome};

/// Makes handshakes with one coordinator.
pub(crate) struct Handshake {
    connector: TlsConnector,
    /// The name that its certificate must be for.
    name: ServerName<'static>,
}

impl Handshake {
    pub(super) fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Self {
        Self { connector: TlsConnector::from(config), name }
    }

    /// Makes a handshake, in no more time than until then. Nothing of a request is sent before it is over.
    ///
    /// Tells which of the protocols that were offered the coordinator has chosen, if it has chosen at all.
    pub(crate) async fn over(
        &self,
        io: Box<dyn Io>,
        address: SocketAddr,
        until: Instant,
    ) -> Result<(Box<dyn Io>, Option<HttpProtocol>, EarlyAlert), AttemptError> {
        let shaken = timeout_at(until, self.connector.connect(self.name.clone(), io)).await;
        let mut failed = match shaken {
            Ok(Ok(stream)) => {
                let chosen = stream.get_ref().1.alpn_protocol();
                let known = [HttpProtocol::Http1, HttpProtocol::Http2];
                let agreed = known.into_iter().find(|protocol| chosen == Some(protocol.alpn()));
                let alert = EarlyAlert::default();
                // Before that version the coordinator has looked at the client's certificate by now.
                if stream.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
                    return Ok((Box::new(stream), agreed, alert));
                }
                let stream = Watched::new(stream, alert.clone(), self.has_identity());
                return Ok((Box::new(stream), agreed, alert));
            }
            Ok(Err(error)) => self.failed(&error),
            Err(_) => failure(ErrorKind::TlsHandshake).because("it was not over in time"),
        };
        failed.attempt().address = Some(address);
        Err(failed)
    }

    fn failed(&self, error: &io::Error) -> AttemptError {
        let Some(refused) = cause(error) else {
            return failure(ErrorKind::TlsHandshake).because(format!("it broke off: {error}{PLAIN}"));
        };
        let kind = if is_final(refused) { ErrorKind::TlsCertificate } else { ErrorKind::TlsHandshake };
        let (name, has_identity) = (self.name.to_str().into_owned(), self.has_identity());
        failure(kind).because(Refused { name, error: refused.clone(), has_identity })
    }

    /// Whether there is a certificate to show, should the coordinator ask for one.
    fn has_identity(&self) -> bool {
        self.connector.config().client_auth_cert_resolver.has_certs()
    }
}

fn failure(kind: ErrorKind) -> AttemptError {
    AttemptError::new(kind, Outcome::NotExecuted, Phase::Tls)
}

fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the next handshake would end as this one has: a certificate or a setting is wrong.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(_)
            | Error::NoCertificatesPresented
            | Error::AlertReceived(_)
            | Error::PeerIncompatible(_)
            | Error::NoApplicationProtocol
    )
}
