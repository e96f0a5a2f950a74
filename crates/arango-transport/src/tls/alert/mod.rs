//! Fatal TLS alerts about client certificates that arrive after the handshake.
//!
//! In TLS 1.3 the handshake ends for the client before the server has verified the client's certificate. A server that
//! rejects it sends an alert instead of the first response, and has read none of the application data.

use std::error::Error as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use rustls::{AlertDescription, Error};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The alert that ended a connection before any data was received.
///
/// Clones share the state of one connection. By default it is that of a connection without such alerts.
#[derive(Clone, Default)]
pub(crate) struct EarlyAlert(Option<Arc<State>>);

#[derive(Default)]
struct State {
    /// Whether application data was received.
    received: AtomicBool,
    refusal: OnceLock<String>,
}

impl EarlyAlert {
    /// Returns why the server rejected the client; `None` if it sent data first.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.0.as_ref()?.refusal.get().map(String::as_str)
    }

    /// Ignores the data received so far.
    ///
    /// For HTTP/2, where a server may send its settings before it has verified the client's certificate.
    #[cfg(feature = "http2")]
    pub(crate) fn reset(&self) {
        if let Some(state) = &self.0 {
            state.received.store(false, Ordering::Relaxed);
        }
    }
}

/// A TLS stream that records such an alert.
pub(super) struct AlertIo<S> {
    stream: S,
    state: Arc<State>,
    /// Whether the client has a certificate.
    has_identity: bool,
    /// The error of a failed write.
    failed: Option<io::Error>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> AlertIo<S> {
    /// Wraps a stream. Returns the state for its alert, too.
    pub(super) fn new(stream: S, has_identity: bool) -> (Self, EarlyAlert) {
        let state = Arc::<State>::default();
        let alert = EarlyAlert(Some(Arc::clone(&state)));
        (Self { stream, state, has_identity, failed: None }, alert)
    }

    fn record(&self, error: &io::Error) {
        if let Some(alert) = refusing_alert(error).filter(|_| !self.received()) {
            self.state.refusal.get_or_init(|| explain(alert, self.has_identity));
        }
    }

    // Relaxed: the same task reads and writes.
    fn received(&self) -> bool {
        self.state.received.load(Ordering::Relaxed)
    }

    /// Writes, and reads once after a failure.
    ///
    /// An unread alert may explain the failure, because a server reads nothing after it has sent an alert. If nothing
    /// was received before, the write error is therefore returned only after a read.
    fn write_or_read_alert<T>(
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
        if !self.received() && self.state.refusal.get().is_none() {
            let mut bytes = [0; 256];
            if let Err(error) = ready!(Pin::new(&mut *self).poll_read(cx, &mut ReadBuf::new(&mut bytes))) {
                self.record(&error);
            }
        }
        Poll::Ready(Err(self.failed.take().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for AlertIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match &read {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                self.state.received.store(true, Ordering::Relaxed);
            }
            Poll::Ready(Err(error)) => self.record(error),
            _ => {}
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for AlertIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write_or_read_alert(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_or_read_alert(cx, AsyncWrite::poll_flush)
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
        self.write_or_read_alert(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }
}

/// Returns the alert in an error or its sources, if it rejects the client.
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

/// Returns whether a server sends this alert only to reject a client.
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

/// Returns the text of an alert, with advice.
pub(super) fn explain(alert: AlertDescription, has_identity: bool) -> String {
    format!("{}{}", Error::AlertReceived(alert), advice(alert, has_identity))
}

/// Returns advice about an alert, starting with a semicolon.
fn advice(alert: AlertDescription, has_identity: bool) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::NoApplicationProtocol => "; check that it supports the HTTP version set in the client",
        A::DecryptError if has_identity => REFUSED,
        alert if !is_about_certificates(alert) => "",
        _ if !has_identity => {
            "; the coordinator requires a client certificate: set one with `Tls::identity_files`"
        }
        A::UnknownCA => {
            "; the client certificate that was given is not signed by an authority that the coordinator accepts"
        }
        A::CertificateExpired => "; the client certificate that was given has expired, or is not yet valid",
        A::CertificateRevoked => "; the client certificate that was given was revoked",
        _ => REFUSED,
    }
}

const REFUSED: &str = "; the coordinator rejected the client certificate that was given: it must be signed by an \
                       authority that the coordinator accepts, be currently valid, and permit client authentication";

#[cfg(test)]
mod tests;
