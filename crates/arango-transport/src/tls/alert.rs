//! Fatal alerts about certificates that come after the handshake.
//!
//! In TLS 1.3 the handshake is over for a client before the server has looked at its certificate. A server that refuses
//! it then sends an alert where the first answer is expected, and has read none of the application data.

use std::error::Error as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use rustls::{AlertDescription, Error};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The alert that ended a connection before anything was received on it. Clones are of the same connection.
#[derive(Clone, Default)]
pub(crate) struct EarlyAlert(Arc<State>);

#[derive(Default)]
struct State {
    /// Application data was received.
    received: AtomicBool,
    refusal: OnceLock<String>,
}

impl EarlyAlert {
    /// Why the server has refused the connection; `None` unless it did so before it sent anything else.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.0.refusal.get().map(String::as_str)
    }

    /// From now on counts as the beginning: what was received before is no answer.
    ///
    /// For HTTP/2, where a server may say what it allows before it has looked at the client's certificate.
    #[cfg(feature = "http2")]
    pub(crate) fn begin(&self) {
        self.0.received.store(false, Ordering::Relaxed);
    }
}

/// A TLS stream that notes such an alert.
pub(super) struct Watched<S> {
    stream: S,
    alert: EarlyAlert,
    /// Whether the client has a certificate to show.
    has_identity: bool,
    /// Why nothing more can be written.
    failed: Option<io::Error>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn new(stream: S, alert: EarlyAlert, has_identity: bool) -> Self {
        Self { stream, alert, has_identity, failed: None }
    }

    fn note(&self, error: &io::Error) {
        if let Some(alert) = refusing_alert(error).filter(|_| !self.received()) {
            self.alert.0.refusal.get_or_init(|| explain(alert, self.has_identity));
        }
    }

    // Relaxed: one task reads and writes.
    fn received(&self) -> bool {
        self.alert.0.received.load(Ordering::Relaxed)
    }

    /// Writes. Behind a failure an alert may still be unread, so that is told only when something was read, if it is the
    /// end: a server that has sent an alert takes nothing more.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.failed.is_none() {
            match write(Pin::new(&mut self.stream), cx) {
                Poll::Ready(Err(error)) => self.failed = Some(error),
                written => return written,
            }
        }
        if !self.received() && self.alert.refusal().is_none() {
            let mut bytes = [0; 256];
            if let Err(error) = ready!(Pin::new(&mut *self).poll_read(cx, &mut ReadBuf::new(&mut bytes))) {
                self.note(&error);
            }
        }
        Poll::Ready(Err(self.failed.take().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match &read {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                self.alert.0.received.store(true, Ordering::Relaxed);
            }
            Poll::Ready(Err(error)) => self.note(error),
            _ => {}
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.written(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.written(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }
}

/// The alert in an error of a TLS stream or in its sources, if it refuses the client.
fn refusing_alert(error: &io::Error) -> Option<AlertDescription> {
    let mut next = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(error) = next {
        match error.downcast_ref() {
            Some(Error::AlertReceived(alert)) => return refuses_client(*alert).then_some(*alert),
            Some(_) => return None,
            None => next = error.source().or_else(|| error.downcast_ref::<io::Error>()?.source()),
        }
    }
    None
}

/// Whether a server sends it instead of accepting the client, and never later.
fn refuses_client(alert: AlertDescription) -> bool {
    is_about_certificates(alert)
        || matches!(alert, AlertDescription::HandshakeFailure | AlertDescription::DecryptError)
}

fn is_about_certificates(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
    )
}

/// The alert, and what to do about it.
pub(super) fn explain(alert: AlertDescription, has_identity: bool) -> String {
    format!("{}{}", Error::AlertReceived(alert), advice(alert, has_identity))
}

/// What to do about an alert, beginning with a semicolon.
fn advice(alert: AlertDescription, has_identity: bool) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::NoApplicationProtocol => "; does it speak the HTTP that the client is set to?",
        A::DecryptError if has_identity => REFUSED,
        alert if !is_about_certificates(alert) => "",
        _ if !has_identity => {
            "; the coordinator asks for a client certificate: give one with `Tls::identity_files`"
        }
        A::UnknownCA => {
            "; the client certificate that was given is not signed by an authority that the coordinator accepts"
        }
        A::CertificateExpired => "; the client certificate that was given has expired, or is not valid yet",
        A::CertificateRevoked => "; the client certificate that was given was revoked",
        _ => REFUSED,
    }
}

const REFUSED: &str = "; the coordinator refused the client certificate that was given: it must be signed by an \
                       authority that the coordinator accepts, be valid now, and be meant for clients";

#[cfg(test)]
mod tests;
