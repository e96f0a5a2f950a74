//! Observes attempts that cannot be read on the network: with TLS, and over HTTP/2.
//!
//! The layer is an attempt layer of the client: it sees the request before it is written, when the attempt begins, and
//! the response.

use std::pin::Pin;
use std::task::{Context, Poll};

use arango::ErrorKind;
use arango::transport::{AttemptError, AttemptService, Body, BoxError, BoxFuture};
use bytes::Bytes;
use http::header::{AUTHORIZATION, SERVER};
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt as _};

use super::network_log::NetworkLog;
use super::observation::Observation;

/// Observes the attempts of one client at one address.
#[derive(Clone)]
pub(crate) struct ObserveLayer {
    pub(crate) network_log: NetworkLog,
    pub(crate) client: usize,
    /// The coordinator at the address, if it belongs to the cluster.
    pub(crate) coordinator: Option<usize>,
    pub(crate) address: String,
}

impl Layer<AttemptService> for ObserveLayer {
    type Service = ObserveService;

    fn layer(&self, inner: AttemptService) -> ObserveService {
        ObserveService { inner, layer: self.clone() }
    }
}

/// Forwards attempts and observes them.
#[derive(Clone)]
pub(crate) struct ObserveService {
    inner: AttemptService,
    layer: ObserveLayer,
}

impl Service<Request<Full<Bytes>>> for ObserveService {
    type Response = Response<ObservedBody>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<ObservedBody>, AttemptError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let attempt = self.layer.begin_attempt(&request);
        let inner = self.inner.clone();
        Box::pin(async move {
            match inner.oneshot(request).await {
                Ok(response) => {
                    let is_foreign = response.headers().get(SERVER).is_none_or(|server| server != "ArangoDB");
                    attempt.record_response_head(response.status().as_u16(), is_foreign);
                    Ok(response.map(|body| ObservedBody::new(body, attempt)))
                }
                Err(error) => {
                    attempt.record_failure(error.kind());
                    Err(error)
                }
            }
        })
    }
}

impl ObserveLayer {
    fn begin_attempt(&self, request: &Request<Full<Bytes>>) -> ObservedAttempt {
        let method_and_path = format!("{} {}", request.method(), request.uri().path());
        let marker = request.headers().get("x-sim-marker");
        let observation = Observation {
            marker: marker.and_then(|marker| marker.to_str().ok()).map(str::to_owned),
            has_credentials: request.headers().contains_key(AUTHORIZATION),
            ..Observation::new(
                self.network_log.now(),
                self.client,
                self.coordinator,
                self.address.clone(),
                method_and_path,
            )
        };
        ObservedAttempt {
            network_log: self.network_log.clone(),
            number: self.network_log.record_attempt(observation),
        }
    }
}

/// One attempt. It ends when this is dropped.
struct ObservedAttempt {
    network_log: NetworkLog,
    number: usize,
}

impl ObservedAttempt {
    fn record_response_head(&self, status: u16, is_foreign: bool) {
        self.network_log.update_attempt(self.number, "←", |observation, now| {
            (observation.response_head, observation.is_foreign) = (Some((now, status)), is_foreign);
        });
    }

    fn record_completion(&self) {
        self.network_log
            .update_attempt(self.number, "·", |observation, now| observation.completed_at = Some(now));
    }

    fn record_failure(&self, kind: ErrorKind) {
        let unsent = matches!(
            kind,
            ErrorKind::Dns
                | ErrorKind::ConnectRefused
                | ErrorKind::ConnectTimeout
                | ErrorKind::TlsHandshake
                | ErrorKind::TlsCertificate
                | ErrorKind::PoolExhausted
                | ErrorKind::ConnectionClosedBeforeSend
        );
        self.network_log.update_attempt(self.number, "✗", |observation, _| observation.unsent = unsent);
    }
}

impl Drop for ObservedAttempt {
    fn drop(&mut self) {
        self.network_log.end_attempt(self.number);
    }
}

/// A response body that records its end.
pub(crate) struct ObservedBody {
    inner: Body,
    attempt: ObservedAttempt,
    ended: bool,
}

impl ObservedBody {
    fn new(inner: Body, attempt: ObservedAttempt) -> Self {
        let mut body = Self { inner, attempt, ended: false };
        body.check_end();
        body
    }

    fn check_end(&mut self) {
        if !self.ended && self.inner.is_end_stream() {
            self.end();
        }
    }

    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.attempt.record_completion();
        }
    }
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let poll = Pin::new(&mut self.inner).poll_frame(cx);
        match &poll {
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Ok(_))) => self.check_end(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
