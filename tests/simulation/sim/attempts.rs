//! Watches attempts where nobody can read what is on the network: beneath TLS, and over HTTP/2.
//!
//! It stands at the door for layers around attempts, so it sees what would be written, when it is handed on, and what
//! comes back.

use std::pin::Pin;
use std::task::{Context, Poll};

use arango::transport::{AttemptError, AttemptService, Body, BoxError, BoxFuture, ErrorKind};
use bytes::Bytes;
use http::header::{AUTHORIZATION, SERVER};
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt as _};

use super::seen::Seen;
use super::sightings::Sightings;

/// Watches the attempts of one client at one place.
#[derive(Clone)]
pub(crate) struct WatchLayer {
    pub(crate) sightings: Sightings,
    pub(crate) client: usize,
    /// Who is there, if that is one of the cluster.
    pub(crate) coordinator: Option<usize>,
    pub(crate) place: String,
}

impl Layer<AttemptService> for WatchLayer {
    type Service = Watch;

    fn layer(&self, inner: AttemptService) -> Watch {
        Watch { inner, watched: self.clone() }
    }
}

/// Hands attempts on and watches them.
#[derive(Clone)]
pub(crate) struct Watch {
    inner: AttemptService,
    watched: WatchLayer,
}

impl Service<Request<Full<Bytes>>> for Watch {
    type Response = Response<Overheard>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<Overheard>, AttemptError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let attempt = self.watched.began(&request);
        let inner = self.inner.clone();
        Box::pin(async move {
            match inner.oneshot(request).await {
                Ok(response) => {
                    let is_foreign = response.headers().get(SERVER).is_none_or(|server| server != "ArangoDB");
                    attempt.answered(response.status().as_u16(), is_foreign);
                    Ok(response.map(|body| Overheard::new(body, attempt)))
                }
                Err(error) => {
                    attempt.failed(error.kind());
                    Err(error)
                }
            }
        })
    }
}

impl WatchLayer {
    fn began(&self, request: &Request<Full<Bytes>>) -> Attempt {
        let what = format!("{} {}", request.method(), request.uri().path());
        let marker = request.headers().get("x-sim-marker");
        let seen = Seen {
            marker: marker.and_then(|marker| marker.to_str().ok()).map(str::to_owned),
            authorized: request.headers().contains_key(AUTHORIZATION),
            ..Seen::at(self.sightings.now(), self.client, self.coordinator, self.place.clone(), what)
        };
        Attempt { sightings: self.sightings.clone(), number: self.sightings.attempt(seen) }
    }
}

/// One attempt; it is over when this is dropped.
struct Attempt {
    sightings: Sightings,
    number: usize,
}

impl Attempt {
    fn answered(&self, status: u16, is_foreign: bool) {
        self.sightings.change(self.number, "←", |seen, now| {
            (seen.answered, seen.is_foreign) = (Some((now, status)), is_foreign);
        });
    }

    fn complete(&self) {
        self.sightings.change(self.number, "·", |seen, now| seen.complete = Some(now));
    }

    fn failed(&self, kind: ErrorKind) {
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
        self.sightings.change(self.number, "✗", |seen, _| seen.unsent = unsent);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.sightings.over(self.number);
    }
}

/// The body of an answer, whose end is noticed.
pub(crate) struct Overheard {
    inner: Body,
    attempt: Attempt,
    ended: bool,
}

impl Overheard {
    fn new(inner: Body, attempt: Attempt) -> Self {
        let mut body = Self { inner, attempt, ended: false };
        body.look();
        body
    }

    fn look(&mut self) {
        if !self.ended && self.inner.is_end_stream() {
            self.end();
        }
    }

    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.attempt.complete();
        }
    }
}

impl http_body::Body for Overheard {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Ok(_))) => self.look(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
