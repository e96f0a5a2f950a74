//! Asks a coordinator whether it takes requests.

use arango_balance::Probed;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use tower::Service;

use crate::origin::Origin;
use crate::outgoing::AttemptPlan;
use crate::pool::Pool;
use crate::{ErrorKind, Outgoing};

/// Needs no login, so that no credentials are sent while nobody knows who answers.
const AVAILABILITY: PathAndQuery = PathAndQuery::from_static("/_admin/server/availability");

/// Asks once, on a connection of the coordinator's own pool; whoever asks limits how long.
///
/// What brings back a coordinator that has said it stops is its own word alone: a proxy that keeps this path to itself
/// answers for coordinators that have stopped, too.
pub(crate) async fn availability(mut origin: Origin<Pool>) -> Probed {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = Uri::from(AVAILABILITY);
    match origin.call(Outgoing::new(AttemptPlan::unknown(&request), request)).await {
        Ok(response) => match (response.status(), is_json(response.headers())) {
            (StatusCode::OK, true) => Probed::Well,
            (status, true) if status.is_server_error() => Probed::Busy,
            // Nobody is behind whoever says this, as far as can be seen.
            (status, false) if status.is_server_error() => Probed::Silent,
            _ => Probed::Unclear,
        },
        Err(error) => {
            tracing::debug!(%error, "a coordinator that is out of the rotation cannot be reached yet");
            // That nobody listens is a fact. A connection may break for other reasons than that all of them do.
            if error.kind() == ErrorKind::ConnectRefused { Probed::Gone } else { Probed::Silent }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    headers.get(CONTENT_TYPE).is_some_and(is_json)
}
