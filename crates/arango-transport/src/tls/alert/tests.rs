use std::collections::VecDeque;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// A stream that reads a script and rejects all writes.
struct Scripted(VecDeque<Result<&'static [u8], AlertDescription>>);

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.pop_front() {
            None => Poll::Pending,
            Some(Ok(bytes)) => {
                buffer.put_slice(bytes);
                Poll::Ready(Ok(()))
            }
            Some(Err(alert)) => Poll::Ready(Err(io::Error::other(Error::AlertReceived(alert)))),
        }
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn scripted<const N: usize>(
    script: [Result<&'static [u8], AlertDescription>; N],
) -> (AlertIo<Scripted>, EarlyAlert) {
    AlertIo::new(Scripted(script.into()), false)
}

#[tokio::test]
async fn an_alert_counts_only_if_nothing_was_received_before_it() {
    let required = AlertDescription::CertificateRequired;
    let (mut stream, alert) = scripted([Err(required)]);
    stream.read(&mut [0; 8]).await.unwrap_err();
    assert!(alert.refusal().unwrap().contains("CertificateRequired"));

    let (mut stream, alert) = scripted([Ok(b"HTTP"), Err(required)]);
    stream.read_exact(&mut [0; 4]).await.unwrap();
    stream.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(alert.refusal(), None);
}

#[tokio::test]
async fn an_unread_alert_is_found_when_a_write_fails() {
    let (mut stream, alert) = scripted([Err(AlertDescription::UnknownCA)]);
    assert_eq!(stream.write(b"GET").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert!(alert.refusal().unwrap().contains("UnknownCA"));

    let (mut stream, alert) = scripted([Ok(b"HTTP"), Err(AlertDescription::UnknownCA)]);
    stream.write(b"GET").await.unwrap_err();
    assert_eq!(alert.refusal(), None, "a response arrived first");
}

#[test]
fn only_alerts_that_reject_a_client_count() {
    use AlertDescription as A;
    let counts = |alert| refusing_alert(&io::Error::other(Error::AlertReceived(alert))).is_some();
    for alert in [
        A::BadCertificate,
        A::UnsupportedCertificate,
        A::CertificateRevoked,
        A::CertificateExpired,
        A::CertificateUnknown,
        A::UnknownCA,
        A::CertificateRequired,
        A::AccessDenied,
        A::HandshakeFailure,
        A::DecryptError,
    ] {
        assert!(counts(alert), "{alert:?}");
    }
    for alert in [A::CloseNotify, A::BadRecordMac, A::InternalError, A::UserCanceled, A::DecodeError] {
        assert!(!counts(alert), "{alert:?}");
    }
}

#[test]
fn setting_a_certificate_is_advised_only_if_none_was_given() {
    let required = AlertDescription::CertificateRequired;
    assert!(explain(required, false).contains("`Tls::identity_files`"));
    for alert in [required, AlertDescription::UnknownCA, AlertDescription::CertificateExpired] {
        let text = explain(alert, true);
        assert!(
            !text.contains("identity_files") && text.contains("client certificate that was given"),
            "{text}"
        );
    }
}
