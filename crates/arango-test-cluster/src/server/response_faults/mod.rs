//! Applies a fault to a complete response.

pub(crate) mod streams;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::faults::effect::{Close, Phase, ResponseFault};
use crate::faults::garbage;
use crate::faults::response_script::{ResponseScript, Step};
use crate::http::response;
use crate::server::abort::{Abort, ConnectionClose};
use crate::server::body::Body;
use crate::server::process_state::ProcessStateWatch;

/// Changes the response for hyper to send, or ends the connection.
pub(crate) fn apply(
    fault: ResponseFault,
    response: Response<Bytes>,
    process: &Arc<ProcessStateWatch>,
) -> Result<Response<Body>, Abort> {
    match fault {
        ResponseFault::Close { phase, how } => {
            let bytes = match phase {
                Phase::InHead => response::half_of_head(response),
                Phase::InBody => response::head_and_half_of_body(response),
                Phase::BeforeRead | Phase::AfterRead | Phase::AfterExecution => Bytes::new(),
            };
            close_connection(ResponseScript::whole(bytes), how)
        }
        ResponseFault::Hang => close_connection(ResponseScript::new([Step::Silence]), Close::Fin),
        ResponseFault::Garbage(garbage) => {
            close_connection(garbage::response_script(garbage, response), Close::Fin)
        }
        ResponseFault::SlowHead { chunk, pause } => Err(Abort::Connection(slow_head(response, chunk, pause))),
        ResponseFault::SlowBody { chunk, pause } => Ok(response
            .map(|body| Body::scripted(ResponseScript::throttled(body, chunk, pause), Arc::clone(process)))),
        ResponseFault::Stall { after } => Err(Abort::Connection(stall(response, after))),
        ResponseFault::Padded { length } => Ok(padded(response, length, process)),
        ResponseFault::Truncate { after, how } => {
            close_connection(ResponseScript::whole(response::head_and_part_of_body(response, after)), how)
        }
        ResponseFault::Reset { reason, .. } => Err(Abort::Stream(reason)),
    }
}

fn close_connection(script: ResponseScript, how: Close) -> Result<Response<Body>, Abort> {
    Err(Abort::Connection(ConnectionClose { script, mode: how }))
}

fn slow_head(mut response: Response<Bytes>, chunk: usize, pause: Duration) -> ConnectionClose {
    // A hand-written head ends the connection, so the head announces it.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Close"));
    let (head, body) = response::serialize(response);
    ConnectionClose {
        script: ResponseScript::throttled(head, chunk, pause).then([Step::Send(body)]),
        mode: Close::Fin,
    }
}

fn stall(response: Response<Bytes>, after: usize) -> ConnectionClose {
    let sent = response::head_and_part_of_body(response, after);
    ConnectionClose { script: ResponseScript::new([Step::Send(sent), Step::Silence]), mode: Close::Fin }
}

fn padded(mut response: Response<Bytes>, length: usize, process: &Arc<ProcessStateWatch>) -> Response<Body> {
    let missing = length.saturating_sub(response.body().len());
    if response.body().is_empty() || missing == 0 {
        return response.map(Body::Whole);
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response.map(|body| {
        let script = ResponseScript::whole(body).then(ResponseScript::filler(b' ', missing));
        Body::scripted(script, Arc::clone(process))
    })
}
