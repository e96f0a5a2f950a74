//! The failed attempt that an error response describes.

use std::sync::Arc;

use arango_protocol::{ErrorObject, ResponseAuthor, classify_response, names_arangodb};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::error::attempt::{Attempt, Phase};
use crate::error::foreign::ForeignResponse;
use crate::types::retry_after;

/// The response header in which a follower names the leader.
const LEADER: HeaderName = HeaderName::from_static("x-arango-endpoint");
/// The response header in which a coordinator names the server it forwarded the request to.
const FORWARDED_TO: HeaderName = HeaderName::from_static("x-arango-request-forwarded-to");

/// Classifies an error response: any status that is neither a success nor declared as one.
///
/// Redirects are errors: following one would send body and credentials to a host that was not configured.
/// `body`: `None` if it was not read to its end. `is_head`: the response has no body by rule.
pub(crate) fn of_response(
    status: StatusCode,
    headers: &HeaderMap,
    body: Option<&[u8]>,
    is_head: bool,
) -> Attempt {
    let has_no_body = body.is_some_and(<[u8]>::is_empty);
    let body = body.unwrap_or_default();
    let object = ErrorObject::parse(body);
    let author = match &object {
        Some(object) => ResponseAuthor::ArangoDb(object.number),
        None if names_arangodb(headers) && has_no_body => ResponseAuthor::ArangoDbHeadersNoBody,
        None if names_arangodb(headers) => ResponseAuthor::ArangoDbHeaders,
        None if is_head || status == StatusCode::NOT_MODIFIED => ResponseAuthor::Unknown,
        None => ResponseAuthor::Foreign,
    };
    let (kind, outcome) = classify_response(status, author);
    let mut attempt = Attempt::new(kind, outcome, Phase::Body);
    attempt.is_arangodb = author != ResponseAuthor::Foreign;
    if object.is_none() || status.is_redirection() {
        attempt.source = Some(Arc::new(ForeignResponse::new(status, headers, body)));
    }
    attempt.status = Some(status);
    attempt.retry_after = retry_after::parse(headers);
    attempt.leader = text(headers, LEADER).and_then(|leader| leader.parse().ok());
    attempt.forwarded_to = text(headers, FORWARDED_TO).map(str::to_owned);
    if let Some(object) = object {
        attempt.number = Some(object.number);
        attempt.message = Some(object.message);
    }
    attempt
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::RETRY_AFTER;
    use proptest::prelude::*;

    use super::*;

    fn headers(name: &HeaderName, value: &[u8]) -> HeaderMap {
        HeaderValue::from_bytes(value).into_iter().map(|value| (name.clone(), value)).collect()
    }

    proptest! {
        #[test]
        fn no_error_response_causes_a_panic(
            status in (100_u16..1000).prop_filter("no success", |status| !(200..300).contains(status)),
            is_head: bool,
            pause: Vec<u8>,
            leader: Vec<u8>,
            body: Option<Vec<u8>>,
        ) {
            let mut all = headers(&RETRY_AFTER, &pause);
            all.extend(headers(&LEADER, &leader));
            let attempt = of_response(StatusCode::from_u16(status).unwrap(), &all, body.as_deref(), is_head);
            prop_assert_eq!(attempt.status.map(|status| status.as_u16()), Some(status));
            prop_assert!(!attempt.to_string().is_empty());
        }
    }
}
