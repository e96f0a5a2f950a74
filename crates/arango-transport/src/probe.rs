//! Asks a coordinator whether it takes requests.

use arango_balance::Probed;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};
use http_body_util::Full;
use tower::Service;

use crate::Outgoing;
use crate::origin::Origin;
use crate::outgoing::AttemptPlan;
use crate::pool::Pool;

/// Needs no login, so that no credentials are sent while nobody knows who answers.
const AVAILABILITY: PathAndQuery = PathAndQuery::from_static("/_admin/server/availability");

/// Asks once, on a connection of the coordinator's own pool; whoever asks limits how long.
pub(crate) async fn availability(mut origin: Origin<Pool>) -> Probed {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = Uri::from(AVAILABILITY);
    match origin.call(Outgoing::new(AttemptPlan::unknown(&request), request)).await {
        Ok(response) if response.status().is_server_error() => Probed::Busy,
        // Something may hide the path; a request will tell more.
        Ok(_) => Probed::Well,
        Err(error) => {
            tracing::debug!(%error, "a coordinator that is out of the rotation cannot be reached yet");
            Probed::Gone
        }
    }
}
