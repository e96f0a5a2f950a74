//! TLS handshakes and their errors.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use arango_protocol::{ErrorKind, Outcome};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error, ProtocolVersion};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::alert::{AlertIo, EarlyAlert};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::tls::refusal::{NO_HTTP2_ADVICE, PLAIN_HTTP_ADVICE, TlsRefused};
use crate::types::boxed::BoxFuture;
use crate::types::http_protocol::HttpProtocol;
use crate::types::io::Io;

/// Performs handshakes with one coordinator.
///
/// The types of rustls end here. Otherwise debug information would describe them wherever it describes a client.
pub(crate) struct Handshake(Box<dyn Perform>);

/// The encrypted stream, the ALPN protocol that the coordinator has chosen, if any, and the state for a later alert.
type Encrypted = (Box<dyn Io>, Option<HttpProtocol>, EarlyAlert);

impl Handshake {
    pub(super) fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Self {
        Self(Box::new(RustlsHandshake { connector: TlsConnector::from(config), name }))
    }

    /// Performs a handshake until the deadline `until`.
    ///
    /// No part of a request is sent before it has ended.
    pub(crate) fn perform(
        &self,
        io: Box<dyn Io>,
        address: SocketAddr,
        until: Instant,
    ) -> BoxFuture<'_, Result<Encrypted, AttemptError>> {
        self.0.perform(io, address, until)
    }
}

/// What a [`Handshake`] contains.
trait Perform: Send + Sync {
    fn perform(
        &self,
        io: Box<dyn Io>,
        address: SocketAddr,
        until: Instant,
    ) -> BoxFuture<'_, Result<Encrypted, AttemptError>>;
}

/// A handshake by rustls.
struct RustlsHandshake {
    connector: TlsConnector,
    /// The name that the coordinator's certificate must be issued for.
    name: ServerName<'static>,
}

impl Perform for RustlsHandshake {
    fn perform(
        &self,
        io: Box<dyn Io>,
        address: SocketAddr,
        until: Instant,
    ) -> BoxFuture<'_, Result<Encrypted, AttemptError>> {
        Box::pin(self.connect(io, address, until))
    }
}

impl RustlsHandshake {
    async fn connect(
        &self,
        io: Box<dyn Io>,
        address: SocketAddr,
        until: Instant,
    ) -> Result<Encrypted, AttemptError> {
        let connected = timeout_at(until, self.connector.connect(self.name.clone(), io)).await;
        let mut failed = match connected {
            Ok(Ok(stream)) => {
                let chosen = stream.get_ref().1.alpn_protocol();
                let known = [HttpProtocol::Http1, HttpProtocol::Http2];
                let agreed = known.into_iter().find(|protocol| chosen == Some(protocol.alpn()));
                // Before TLS 1.3 the client's certificate is verified during the handshake.
                if stream.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
                    return Ok((Box::new(stream), agreed, EarlyAlert::default()));
                }
                let (stream, alert) = AlertIo::new(stream, self.has_identity());
                return Ok((Box::new(stream), agreed, alert));
            }
            Ok(Err(error)) => self.failed(&error),
            Err(_) => failure(ErrorKind::TlsHandshake)
                .with_source(format!("{}: it timed out", ErrorKind::TlsHandshake)),
        };
        failed.attempt_mut().address = Some(address);
        Err(failed)
    }

    fn failed(&self, error: &io::Error) -> AttemptError {
        let Some(refused) = cause(error) else {
            let kind = ErrorKind::TlsHandshake;
            let advice = if self.requires_http2() { NO_HTTP2_ADVICE } else { "" };
            // With the kind, because the error of a call that reached no coordinator has another one.
            return failure(kind)
                .with_source(format!("{kind}: it broke off: {error}{PLAIN_HTTP_ADVICE}{advice}"));
        };
        let kind = if is_final(refused) { ErrorKind::TlsCertificate } else { ErrorKind::TlsHandshake };
        let (name, has_identity) = (self.name.to_str().into_owned(), self.has_identity());
        failure(kind).with_source(TlsRefused { name, error: refused.clone(), has_identity })
    }

    /// Returns whether the coordinator must agree on HTTP/2.
    fn requires_http2(&self) -> bool {
        let offered = &self.connector.config().alpn_protocols;
        !offered.is_empty() && offered.iter().all(|protocol| protocol == HttpProtocol::Http2.alpn())
    }

    /// Returns whether the client has a certificate for coordinators that request one.
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

/// Returns whether every further handshake would fail: a certificate or a setting is wrong.
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
