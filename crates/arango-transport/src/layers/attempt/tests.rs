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
        body: Vec<u8>,
    ) {
        let mut all = headers(&RETRY_AFTER, &pause);
        all.extend(headers(&LEADER, &leader));
        let attempt = error_response(StatusCode::from_u16(status).unwrap(), &all, &body, is_head);
        prop_assert_eq!(attempt.status.map(|status| status.as_u16()), Some(status));
        prop_assert!(!attempt.to_string().is_empty());
    }
}
