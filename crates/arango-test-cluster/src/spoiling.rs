//! What a fault makes of an answer that is ready to be sent.

pub(crate) mod streams;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::body::Body;
use crate::coordinator::Inner;
use crate::fault::{Close, Phase, Spoiling};
use crate::garbage;
use crate::handler::{Cut, Ended};
use crate::response;
use crate::script::{Script, Step};

/// Lets hyper send what is left of an answer, or ends the connection with whatever is still said.
pub(crate) fn spoil(
    spoiling: Spoiling,
    response: Response<Bytes>,
    coordinator: &Arc<Inner>,
) -> Result<Response<Body>, Ended> {
    match spoiling {
        Spoiling::Cut { phase, how } => {
            let bytes = match phase {
                Phase::InHead => response::half_of_head(response),
                Phase::InBody => response::head_and_half_of_body(response),
                Phase::BeforeRead | Phase::AfterRead | Phase::AfterExecution => Bytes::new(),
            };
            ended(Script::whole(bytes), how)
        }
        Spoiling::Hang => ended(Script::new([Step::Silence]), Close::Fin),
        Spoiling::Garbage(garbage) => ended(garbage::of(garbage, response), Close::Fin),
        Spoiling::SlowHead { chunk, pause } => Err(Ended::Connection(slow_head(response, chunk, pause))),
        Spoiling::SlowBody { chunk, pause } => {
            Ok(response
                .map(|body| Body::scripted(Script::slowly(body, chunk, pause), Arc::clone(coordinator))))
        }
        Spoiling::Stall { after } => Err(Ended::Connection(stall(response, after))),
        Spoiling::Padded { length } => Ok(padded(response, length, coordinator)),
        Spoiling::Truncate { after, how } => {
            ended(Script::whole(response::head_and_part_of_body(response, after)), how)
        }
        Spoiling::Reset { reason, .. } => Err(Ended::Stream(reason)),
    }
}

fn ended(script: Script, how: Close) -> Result<Response<Body>, Ended> {
    Err(Ended::Connection(Cut { script, how }))
}

fn slow_head(mut response: Response<Bytes>, chunk: usize, pause: Duration) -> Cut {
    // Whoever writes a head by hand cannot go on to serve the connection, and says so.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Close"));
    let (head, body) = response::written(response);
    Cut { script: Script::slowly(head, chunk, pause).then([Step::Send(body)]), how: Close::Fin }
}

fn stall(response: Response<Bytes>, after: usize) -> Cut {
    let sent = response::head_and_part_of_body(response, after);
    Cut { script: Script::new([Step::Send(sent), Step::Silence]), how: Close::Fin }
}

fn padded(mut response: Response<Bytes>, length: usize, coordinator: &Arc<Inner>) -> Response<Body> {
    let missing = length.saturating_sub(response.body().len());
    if response.body().is_empty() || missing == 0 {
        return response.map(Body::Whole);
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response.map(|body| {
        let script = Script::whole(body).then(Script::filler(b' ', missing));
        Body::scripted(script, Arc::clone(coordinator))
    })
}
