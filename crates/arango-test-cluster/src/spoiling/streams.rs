//! The same over HTTP/2, where an answer is frames of one stream among others.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::time::sleep;

use super::padded;
use crate::body::Body;
use crate::coordinator::Inner;
use crate::fault::{Close, Phase, Spoiling};
use crate::garbage;
use crate::handler::{Cut, Ended};
use crate::reset::Reset;
use crate::response;
use crate::script::{Script, Step};

/// How long what was sent of an answer may take until it has been written: a reset throws away what has not.
const ON_ITS_WAY: Duration = Duration::from_millis(1);

/// Lets hyper send what is left of an answer, or ends its stream, or the connection.
pub(crate) async fn spoil(
    spoiling: Spoiling,
    response: Response<Bytes>,
    coordinator: &Arc<Inner>,
) -> Result<Response<Body>, Ended> {
    let part = |length: usize, then: Step| {
        let most = response.body().len().saturating_sub(1);
        Script::whole(response.body().slice(..length.min(most))).then([Step::Wait(ON_ITS_WAY), then])
    };
    let half = response.body().len() / 2;
    let script = match spoiling {
        Spoiling::Cut { phase: Phase::InBody, .. } => part(half, Step::Reset(Reset::INTERNAL_ERROR.into())),
        Spoiling::Cut { how, .. } => return Err(Ended::silently(how)),
        Spoiling::Reset { phase: Phase::InBody, reason } => part(half, Step::Reset(reason.into())),
        Spoiling::Reset { reason, .. } => return Err(Ended::Stream(reason)),
        Spoiling::Truncate { after, .. } => part(after, Step::Reset(Reset::INTERNAL_ERROR.into())),
        Spoiling::Stall { after } => part(after, Step::Silence),
        Spoiling::Hang => pending().await,
        Spoiling::Garbage(garbage) => {
            let script = garbage::of(garbage, response);
            return Err(Ended::Connection(Cut { script, how: Close::Fin }));
        }
        Spoiling::SlowHead { chunk, pause } => {
            // A head is one frame; it comes when its last piece would have.
            let head = response::written(response.clone()).0.len();
            let pieces = u32::try_from(head.div_ceil(chunk.max(1))).unwrap_or(u32::MAX);
            sleep(pause.checked_mul(pieces).unwrap_or(Duration::MAX)).await;
            return Ok(response.map(Body::Whole));
        }
        Spoiling::SlowBody { chunk, pause } => Script::slowly(response.body().clone(), chunk, pause),
        Spoiling::Padded { length } => return Ok(padded(response, length, coordinator)),
    };
    Ok(response.map(|_| Body::scripted(script, Arc::clone(coordinator))))
}
