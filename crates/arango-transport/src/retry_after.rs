//! When whoever refuses a request says that it may come again.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// How long from the answer on it is: a number of seconds, or until a date.
///
/// A date is measured from the answer's own `Date`: by the clock that wrote both, not by the one here. One that has
/// passed is now; without a `Date` nobody knows how far off it is.
pub(crate) fn told(answer: &HeaderMap) -> Option<Duration> {
    let told = text(answer, RETRY_AFTER)?;
    if let Ok(seconds) = told.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    let (then, said) = (date(told)?, date(text(answer, DATE)?)?);
    Some(then.duration_since(said).unwrap_or(Duration::ZERO))
}

fn text(answer: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(answer.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOON: &str = "Wed, 21 Oct 2026 12:00:00 GMT";

    fn of(pause: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let date = date.map(|date| (DATE, HeaderValue::from_static(date)));
        let pause = (RETRY_AFTER, HeaderValue::from_static(pause));
        told(&date.into_iter().chain([pause]).collect())
    }

    #[test]
    fn a_pause_is_a_whole_number_of_seconds() {
        for (text, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(of(text, Some(NOON)), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_date_is_as_far_off_as_the_clock_says_that_wrote_it() {
        for (text, seconds) in [
            ("Wed, 21 Oct 2026 12:02:00 GMT", Some(120)),
            ("Wednesday, 21-Oct-26 12:00:03 GMT", Some(3)),
            ("Wed, 21 Oct 2026 11:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2026", None),
        ] {
            assert_eq!(of(text, Some(NOON)), seconds.map(Duration::from_secs), "{text}");
            assert_eq!(of(text, None), None, "{text}");
            assert_eq!(of(text, Some("today")), None, "{text}");
        }
    }
}
