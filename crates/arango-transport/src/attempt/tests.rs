use proptest::prelude::*;

use super::*;

fn headers(name: &HeaderName, value: &[u8]) -> HeaderMap {
    HeaderValue::from_bytes(value).into_iter().map(|value| (name.clone(), value)).collect()
}

#[test]
fn a_pause_is_read_where_it_is_a_number_of_seconds_and_nowhere_else() {
    for (text, seconds) in [
        ("0", Some(0)),
        (" 120 ", Some(120)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-1", None),
        ("1.5", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
    ] {
        let read = retry_after(&headers(&RETRY_AFTER, text.as_bytes()));
        assert_eq!(read, seconds.map(Duration::from_secs), "{text}");
    }
}

proptest! {
    #[test]
    fn no_head_and_no_body_of_a_refusal_make_the_reader_panic(
        status in 300_u16..600,
        pause: Vec<u8>,
        leader: Vec<u8>,
        body: Vec<u8>,
    ) {
        let mut all = headers(&RETRY_AFTER, &pause);
        all.extend(headers(&LEADER, &leader));
        let attempt = refused(StatusCode::from_u16(status).unwrap(), &all, &body);
        prop_assert_eq!(attempt.status.map(|status| status.as_u16()), Some(status));
        prop_assert!(!attempt.to_string().is_empty());
    }
}
