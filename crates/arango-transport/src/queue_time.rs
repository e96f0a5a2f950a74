//! For how long requests wait in the queue of a coordinator.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

/// Where a request says for how long it may wait there, and an answer for how long requests do; in seconds.
pub(crate) const QUEUE_TIME: HeaderName = HeaderName::from_static("x-arango-queue-time-seconds");

/// What an answer tells of it; `None` if that is nothing, or no time.
pub(crate) fn told(answer: &HeaderMap) -> Option<Duration> {
    let seconds = answer.get(QUEUE_TIME)?.to_str().ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_no_time_is_nothing() {
        let of =
            |text: &'static str| told(&[(QUEUE_TIME, HeaderValue::from_static(text))].into_iter().collect());
        assert_eq!(of("0.250000"), Some(Duration::from_millis(250)));
        assert_eq!(of("0"), Some(Duration::ZERO));
        assert_eq!(["", "soon", "-1", "NaN", "inf", "1e300"].map(of), [None; 6]);
        assert_eq!(told(&HeaderMap::new()), None);
    }
}
