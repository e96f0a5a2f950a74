//! Answers that come before the request is whole.

use bytes::Bytes;
use http::{HeaderValue, Response, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::body::Body;
use crate::fault::{Close, Early};
use crate::handler::{Cut, Ended};
use crate::http::reply::{Refusal, Reply};
use crate::response;
use crate::script::{Script, Step};

/// What an early answer says.
pub(crate) fn reply(early: &Early) -> Reply {
    Refusal::new(early.status, early.error_num, early.message.clone()).into()
}

/// Sends an answer before the body of its request is read; what becomes of the body, the fault has said.
pub(crate) fn send(
    mut response: Response<Bytes>,
    mut rest: Incoming,
    close: Option<Close>,
    version: Version,
) -> Result<Response<Body>, Ended> {
    // What is closed over HTTP/2 is a stream, and an answer that is whole has closed it.
    let Some(how) = close.filter(|_| version < Version::HTTP_2) else {
        // Not joined: it ends with the connection, and nobody waits for what it throws away.
        tokio::spawn(async move { while let Some(Ok(_)) = rest.frame().await {} });
        return Ok(response.map(Body::Whole));
    };
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Close"));
    let (head, body) = response::written(response);
    let said = [Step::Send(head), Step::Send(body)];
    let script = match how {
        // A socket that is closed with bytes unread resets the connection: they are read first.
        Close::Fin => Script::new(said).then([Step::End, Step::Silence]),
        Close::Rst => Script::new(said),
    };
    Err(Ended::Connection(Cut { script, how }))
}
