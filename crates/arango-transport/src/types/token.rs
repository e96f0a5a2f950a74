//! Authentication tokens: header value, lifetime and generation.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arango_protocol::token_lifetime;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use tokio::time::Instant;

/// A token is renewed at least this long before it expires.
///
/// A tenth of its lifetime applies if that is longer.
const RENEW_EARLY: Duration = Duration::from_secs(30);

/// The last token generation; unique across all clients of the process.
static LAST_GENERATION: AtomicU64 = AtomicU64::new(0);

/// A token and its lifetime.
pub(crate) struct Token {
    /// `None` if authentication is disabled on the server.
    pub(crate) header: Option<HeaderValue>,
    /// Increases with each token, so that a rejection of an older token can be recognized.
    pub(crate) generation: u64,
    /// Whether the token can be renewed.
    pub(crate) renewable: bool,
    superseded: Arc<AtomicBool>,
    pub(crate) renew_at: Option<Instant>,
    pub(crate) ends_at: Option<Instant>,
}

impl Token {
    /// Creates a token that the caller supplies and that is never renewed.
    pub(crate) fn fixed(header: HeaderValue) -> Self {
        Self::new(Some(header), false, None, None)
    }

    /// Creates a token that was just received.
    ///
    /// It is renewed before it expires, and at the latest after `fresh_for`. `random` (0 to 1) spreads the time before
    /// expiry. The expiry time is computed from the lifetime and `now`, because the server's clock may differ.
    ///
    /// # Errors
    ///
    /// If the token contains characters that a header cannot contain.
    pub(crate) fn received(
        token: Option<&str>,
        now: Instant,
        random: f64,
        fresh_for: Option<Duration>,
    ) -> Result<Self, InvalidHeaderValue> {
        let header = token.map(bearer).transpose()?;
        let lifetime = token.and_then(token_lifetime);
        // Random, so that clients that logged in at the same time do not renew at the same time.
        let early =
            |lifetime: Duration| RENEW_EARLY.max(lifetime / 10).mul_f64(1.0 + random / 2.0).min(lifetime / 2);
        let renew_after = lifetime.map(|lifetime| lifetime.saturating_sub(early(lifetime)));
        let renew_at =
            renew_after.into_iter().chain(fresh_for).min().and_then(|after| now.checked_add(after));
        let ends_at = lifetime.and_then(|lifetime| now.checked_add(lifetime));
        Ok(Self::new(header, true, renew_at, ends_at))
    }

    fn new(
        header: Option<HeaderValue>,
        renewable: bool,
        renew_at: Option<Instant>,
        ends_at: Option<Instant>,
    ) -> Self {
        let generation = LAST_GENERATION.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        Self { header, generation, renewable, superseded: Arc::default(), renew_at, ends_at }
    }

    /// Keeps the generation and expiry of `older` if both are the same token.
    pub(crate) fn inherit_if_same(mut self, older: &Self) -> Self {
        if self.header == older.header {
            self.generation = older.generation;
            // Requests that carry the older value must see the next replacement, too. Reading the same token again
            // does not extend its lifetime.
            self.superseded = Arc::clone(&older.superseded);
            self.ends_at = older.ends_at;
        }
        self
    }

    /// Marks the token as replaced by a newer one.
    pub(crate) fn supersede(&self) {
        self.superseded.store(true, Ordering::Relaxed);
    }

    /// Returns whether a newer token has replaced it.
    pub(crate) fn is_superseded(&self) -> bool {
        self.superseded.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Returns the value of the `Authorization` header for a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::try_from(format!("bearer {token}")).map(sensitive)
}

/// Marks a header value so that it is not logged.
pub(crate) fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_read_again_keeps_its_expiry_and_shares_its_superseded_flag() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"iat":0,"exp":3600}"#);
        let (text, now) = (format!("e30.{claims}.c2ln"), Instant::now());
        let fresh = Some(Duration::from_secs(10));
        let received = |text: &str, now| Token::received(Some(text), now, 0.0, fresh).unwrap();
        let first = received(&text, now);
        let again = received(&text, now + Duration::from_secs(10)).inherit_if_same(&first);
        assert_eq!((again.generation, again.ends_at), (first.generation, first.ends_at));
        assert_eq!(again.renew_at, Some(now + Duration::from_secs(20)));
        let next = received("another", now).inherit_if_same(&again);
        assert_ne!(next.generation, again.generation);
        again.supersede();
        assert!(first.is_superseded() && !next.is_superseded());
    }

    proptest! {
        #[test]
        fn a_token_is_renewed_in_the_second_half_of_its_lifetime(iat: u32, exp in any::<f64>(), random in 0.0..1.0) {
            let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"iat":{iat},"exp":{exp:e}}}"#));
            let now = Instant::now();
            let token = Token::received(Some(&format!("e30.{claims}.c2ln")), now, random, None).unwrap();
            if let (Some(renewal), Some(end)) = (token.renew_at, token.ends_at) {
                prop_assert!(renewal <= end && renewal - now >= (end - now) / 2);
            }
        }

        #[test]
        fn a_token_that_a_header_cannot_contain_is_rejected(text: String) {
            let is_invalid = text.contains(|c: char| c.is_ascii_control() && c != '\t');
            match Token::received(Some(&text), Instant::now(), 0.5, None) {
                Ok(token) => prop_assert!(!is_invalid && token.header.unwrap().is_sensitive()),
                Err(_) => prop_assert!(is_invalid),
            }
        }
    }

    #[test]
    fn a_token_is_renewed_early_by_30_seconds_or_a_tenth_plus_up_to_half_of_that_at_random() {
        // Lifetime in seconds, random number, seconds until renewal.
        for (lifetime, random, after) in [
            (200, 0.0, 170.0),
            (200, 1.0, 155.0),
            (3_600, 0.0, 3_240.0),
            (3_600, 0.5, 3_150.0),
            (3_600, 1.0, 3_060.0),
            (40, 0.0, 20.0),
            (40, 1.0, 20.0),
        ] {
            let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"iat":0,"exp":{lifetime}}}"#));
            let now = Instant::now();
            let token = Token::received(Some(&format!("e30.{claims}.c2ln")), now, random, None);
            let renewed = token.unwrap().renew_at.unwrap() - now;
            assert!((renewed.as_secs_f64() - after).abs() < 0.001, "{lifetime} s, {random}: {renewed:?}");
        }
    }
}
