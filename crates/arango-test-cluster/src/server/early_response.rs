//! Responses that are sent before the request is complete.

use bytes::Bytes;
use http::{HeaderValue, Response, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::faults::effect::{Close, EarlyResponse};
use crate::faults::response_script::{ResponseScript, Step};
use crate::http::reply::{ApiError, Reply};
use crate::http::response;
use crate::server::abort::{Abort, ConnectionClose};
use crate::server::body::Body;

/// Returns the content of an early response.
pub(crate) fn reply(early: &EarlyResponse) -> Reply {
    ApiError::new(early.status, early.error_num, early.message.clone()).into()
}

/// Sends a response before the body of its request is read. The fault defines what happens to the body.
pub(crate) fn send(
    mut response: Response<Bytes>,
    mut rest: Incoming,
    close: Option<Close>,
    version: Version,
) -> Result<Response<Body>, Abort> {
    // Over HTTP/2 only a stream would be closed, and a complete response has closed it.
    let Some(how) = close.filter(|_| version < Version::HTTP_2) else {
        // Not awaited: the task discards the body and ends with the connection.
        tokio::spawn(async move { while let Some(Ok(_)) = rest.frame().await {} });
        return Ok(response.map(Body::Whole));
    };
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Close"));
    let (head, body) = response::serialize(response);
    let steps = [Step::Send(head), Step::Send(body)];
    let script = match how {
        // Closing a socket with unread bytes would reset the connection, so they are read first.
        Close::Fin => ResponseScript::new(steps).then([Step::End, Step::Silence]),
        Close::Rst => ResponseScript::new(steps),
    };
    Err(Abort::Connection(ConnectionClose { script, mode: how }))
}
