//! Marks the requests of calls, and observes the ids of cursors in their responses.
//!
//! The facade's calls set no headers, so two layers around whole calls do both. The task of a call holds its marker.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arango::ClientBuilder;
use arango::transport::{Body, BoxError};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use serde::Deserialize;
use tower::util::{MapRequestLayer, MapResponseLayer};

tokio::task_local! {
    static MARKER: String;
}

/// The id of the cursor that a query has, by the marker of the query. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct ReceivedCursors(Arc<Mutex<BTreeMap<String, String>>>);

/// What a response says about a cursor that can be read on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FirstBatch {
    has_more: bool,
    id: String,
}

impl ReceivedCursors {
    /// Returns the id of the cursor of a query, if a response has contained one.
    pub(super) fn of(&self, marker: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(marker).cloned()
    }

    fn record(&self, marker: &str, body: &[u8]) {
        if let Ok(FirstBatch { has_more: true, id }) = serde_json::from_slice(body) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(marker.to_owned(), id);
        }
    }
}

/// Runs a call whose requests are to have this marker.
pub(super) async fn with_marker<F: IntoFuture>(marker: &str, call: F) -> F::Output {
    MARKER.scope(marker.to_owned(), call.into_future()).await
}

/// Adds the layers to a client.
pub(super) fn add_layers(builder: ClientBuilder, received: &ReceivedCursors) -> ClientBuilder {
    let received = received.clone();
    builder
        .layer(MapRequestLayer::new(mark))
        .layer(MapResponseLayer::new(move |response| observe(response, received.clone())))
}

/// Adds the marker of the call. That of a read ends in a question mark, so that only writes count as such.
fn mark(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let marker = MARKER.try_with(|marker| format!("{marker}{}", if reads { "?" } else { "" }));
    if let Ok(marker) = marker {
        let marker = HeaderValue::from_str(&marker).expect("markers are ASCII");
        request.headers_mut().insert("x-sim-marker", marker);
    }
    request
}

/// Reads along in a response to a call with a marker.
fn observe(response: Response<Body>, received: ReceivedCursors) -> Response<UnsyncBoxBody<Bytes, BoxError>> {
    let (marker, mut body) = (MARKER.try_with(Clone::clone).ok(), Vec::new());
    let read_along = move |frame: Frame<Bytes>| {
        if let (Some(marker), Some(data)) = (&marker, frame.data_ref()) {
            body.extend_from_slice(data);
            received.record(marker, &body);
        }
        frame
    };
    response.map(|inner| inner.map_frame(read_along).map_err(Into::into).boxed_unsync())
}
