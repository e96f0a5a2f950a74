//! The `Retry-After` header of a response.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// Returns the delay that a response requests with `Retry-After`.
///
/// The header is a number of seconds or a date. A date is measured against the `Date` header of the same response,
/// because the same clock wrote both. A date in the past means zero. A date without a `Date` header is ignored.
pub(crate) fn parse(headers: &HeaderMap) -> Option<Duration> {
    let retry_after = text(headers, RETRY_AFTER)?;
    if let Ok(seconds) = retry_after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    let (until, sent) = (date(retry_after)?, date(text(headers, DATE)?)?);
    Some(until.duration_since(sent).unwrap_or(Duration::ZERO))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOON: &str = "Wed, 21 Oct 2026 12:00:00 GMT";

    fn parsed(retry_after: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let date = date.map(|date| (DATE, HeaderValue::from_static(date)));
        let retry_after = (RETRY_AFTER, HeaderValue::from_static(retry_after));
        parse(&date.into_iter().chain([retry_after]).collect())
    }

    #[test]
    fn a_delay_is_a_whole_number_of_seconds() {
        for (text, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(parsed(text, Some(NOON)), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_date_is_measured_against_the_date_header() {
        for (text, seconds) in [
            ("Wed, 21 Oct 2026 12:02:00 GMT", Some(120)),
            ("Wednesday, 21-Oct-26 12:00:03 GMT", Some(3)),
            ("Wed, 21 Oct 2026 11:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2026", None),
        ] {
            assert_eq!(parsed(text, Some(NOON)), seconds.map(Duration::from_secs), "{text}");
            assert_eq!(parsed(text, None), None, "{text}");
            assert_eq!(parsed(text, Some("today")), None, "{text}");
        }
    }
}
