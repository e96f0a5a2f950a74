//! The time that requests wait in the queue of a coordinator.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

/// The header for queue times, in seconds.
///
/// In a request it is the maximum time in the queue; in a response it is the current time in the queue.
pub(crate) const QUEUE_TIME: HeaderName = HeaderName::from_static("x-arango-queue-time-seconds");

/// Returns the queue time of a response; `None` if it is missing or invalid.
pub(crate) fn parse(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(QUEUE_TIME)?.to_str().ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn invalid_queue_times_are_ignored() {
        let parsed =
            |text: &'static str| parse(&[(QUEUE_TIME, HeaderValue::from_static(text))].into_iter().collect());
        assert_eq!(parsed("0.250000"), Some(Duration::from_millis(250)));
        assert_eq!(parsed("0"), Some(Duration::ZERO));
        assert_eq!(["", "soon", "-1", "NaN", "inf", "1e300"].map(parsed), [None; 6]);
        assert_eq!(parse(&HeaderMap::new()), None);
    }
}
