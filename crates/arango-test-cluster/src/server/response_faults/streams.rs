//! Response faults over HTTP/2, where a response consists of frames of one stream.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::time::sleep;

use super::padded;
use crate::faults::effect::{Close, Phase, ResponseFault};
use crate::faults::garbage;
use crate::faults::reset_reason::ResetReason;
use crate::faults::response_script::{ResponseScript, Step};
use crate::http::response;
use crate::server::abort::{Abort, ConnectionClose};
use crate::server::body::Body;
use crate::server::process_state::ProcessStateWatch;

/// Time allowed for writing a response. A reset discards what is not written yet.
const FLUSH_TIME: Duration = Duration::from_millis(1);

/// Lets hyper send the changed response, or ends its stream or the connection.
pub(crate) async fn apply(
    fault: ResponseFault,
    response: Response<Bytes>,
    process: &Arc<ProcessStateWatch>,
) -> Result<Response<Body>, Abort> {
    let part = |length: usize, then: Step| {
        let most = response.body().len().saturating_sub(1);
        ResponseScript::whole(response.body().slice(..length.min(most))).then([Step::Wait(FLUSH_TIME), then])
    };
    let half = response.body().len() / 2;
    let script = match fault {
        ResponseFault::Close { phase: Phase::InBody, .. } => {
            part(half, Step::Reset(ResetReason::INTERNAL_ERROR.into()))
        }
        ResponseFault::Close { how, .. } => return Err(Abort::close_connection(how)),
        ResponseFault::Reset { phase: Phase::InBody, reason } => part(half, Step::Reset(reason.into())),
        ResponseFault::Reset { reason, .. } => return Err(Abort::Stream(reason)),
        ResponseFault::Truncate { after, .. } => part(after, Step::Reset(ResetReason::INTERNAL_ERROR.into())),
        ResponseFault::Stall { after } => part(after, Step::Silence),
        ResponseFault::Hang => pending().await,
        ResponseFault::Garbage(garbage) => {
            let script = garbage::response_script(garbage, response);
            return Err(Abort::Connection(ConnectionClose { script, mode: Close::Fin }));
        }
        ResponseFault::SlowHead { chunk, pause } => {
            // A head is one frame. It is sent when its last piece would have been.
            let head = response::serialize(response.clone()).0.len();
            let pieces = u32::try_from(head.div_ceil(chunk.max(1))).unwrap_or(u32::MAX);
            sleep(pause.checked_mul(pieces).unwrap_or(Duration::MAX)).await;
            return Ok(response.map(Body::Whole));
        }
        ResponseFault::SlowBody { chunk, pause } => {
            ResponseScript::throttled(response.body().clone(), chunk, pause)
        }
        ResponseFault::Padded { length } => return Ok(padded(response, length, process)),
    };
    Ok(response.map(|_| Body::scripted(script, Arc::clone(process))))
}
