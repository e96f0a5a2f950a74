//! One token: what is sent, how long it holds, and whether there is a newer one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arango_protocol::token_lifetime;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use tokio::time::Instant;

use crate::credentials::bearer;

/// A token is renewed this long before it ends, or a tenth of its life, whichever is longer.
const EARLY: Duration = Duration::from_secs(30);

/// Numbers tokens over all clients of the process, so that none is taken for another's.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A token and how long it holds.
pub(crate) struct Token {
    /// `None`: the server has authentication switched off.
    pub(crate) header: Option<HeaderValue>,
    /// Grows with each token, so that a refusal of an older one is told from one of this.
    pub(crate) generation: u64,
    /// Whether there can be a newer one.
    pub(crate) renewable: bool,
    superseded: Arc<AtomicBool>,
    pub(crate) renew_at: Option<Instant>,
    pub(crate) ends_at: Option<Instant>,
}

impl Token {
    /// A token that the caller has, and that nobody renews.
    pub(crate) fn fixed(header: HeaderValue) -> Self {
        Self::new(Some(header), false, None, None)
    }

    /// A token that was just received; `chance` spreads its renewal, which comes after the time of being `fresh` at
    /// the latest.
    ///
    /// Its end is reckoned from its life and from `now`: the server's clock need not be ours.
    ///
    /// # Errors
    ///
    /// If it holds what no header can.
    pub(crate) fn received(
        token: Option<&str>,
        now: Instant,
        chance: f64,
        fresh: Option<Duration>,
    ) -> Result<Self, InvalidHeaderValue> {
        let header = token.map(bearer).transpose()?;
        let lifetime = token.and_then(token_lifetime);
        // Clients that logged in together do not come back together.
        let early =
            |lifetime: Duration| EARLY.max(lifetime / 10).mul_f64(1.0 + chance / 2.0).min(lifetime / 2);
        let renew_after = lifetime.map(|lifetime| lifetime.saturating_sub(early(lifetime)));
        let renew_at = renew_after.into_iter().chain(fresh).min().and_then(|after| now.checked_add(after));
        let ends_at = lifetime.and_then(|lifetime| now.checked_add(lifetime));
        Ok(Self::new(header, true, renew_at, ends_at))
    }

    fn new(
        header: Option<HeaderValue>,
        renewable: bool,
        renew_at: Option<Instant>,
        ends_at: Option<Instant>,
    ) -> Self {
        let generation = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        Self { header, generation, renewable, superseded: Arc::default(), renew_at, ends_at }
    }

    /// The same token received once more, if that is what `older` is: it was not replaced, and is no other generation.
    pub(crate) fn unless_again(mut self, older: &Self) -> Self {
        if self.header == older.header {
            self.generation = older.generation;
            // Whoever wears the older one is to hear of the next, too; and it does not hold longer for being read again.
            self.superseded = Arc::clone(&older.superseded);
            self.ends_at = older.ends_at;
        }
        self
    }

    /// Notes that there is a newer one.
    pub(crate) fn supersede(&self) {
        self.superseded.store(true, Ordering::Relaxed);
    }

    /// Whether there is a newer one.
    pub(crate) fn is_superseded(&self) -> bool {
        self.superseded.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_that_is_read_again_ends_when_it_did_and_whoever_wears_it_hears_of_the_next() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"iat":0,"exp":3600}"#);
        let (text, now) = (format!("e30.{claims}.c2ln"), Instant::now());
        let fresh = Some(Duration::from_secs(10));
        let received = |text: &str, now| Token::received(Some(text), now, 0.0, fresh).unwrap();
        let first = received(&text, now);
        let again = received(&text, now + Duration::from_secs(10)).unless_again(&first);
        assert_eq!((again.generation, again.ends_at), (first.generation, first.ends_at));
        assert_eq!(again.renew_at, Some(now + Duration::from_secs(20)));
        let next = received("another", now).unless_again(&again);
        assert_ne!(next.generation, again.generation);
        again.supersede();
        assert!(first.is_superseded() && !next.is_superseded());
    }

    proptest! {
        #[test]
        fn a_token_of_any_life_is_renewed_in_the_second_half_of_it(iat: u32, exp in any::<f64>(), chance in 0.0..1.0) {
            let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"iat":{iat},"exp":{exp:e}}}"#));
            let now = Instant::now();
            let token = Token::received(Some(&format!("e30.{claims}.c2ln")), now, chance, None).unwrap();
            if let (Some(renewal), Some(end)) = (token.renew_at, token.ends_at) {
                prop_assert!(renewal <= end && renewal - now >= (end - now) / 2);
            }
        }

        #[test]
        fn what_no_header_can_hold_is_no_token(text: String) {
            let unfit = text.contains(|c: char| c.is_ascii_control() && c != '\t');
            match Token::received(Some(&text), Instant::now(), 0.5, None) {
                Ok(token) => prop_assert!(!unfit && token.header.unwrap().is_sensitive()),
                Err(_) => prop_assert!(unfit),
            }
        }
    }

    #[test]
    fn a_token_is_renewed_by_its_end_less_thirty_seconds_or_a_tenth_and_up_to_half_as_much_again_by_chance() {
        // Its life, chance, and after how many seconds it is renewed.
        for (life, chance, after) in [
            (200, 0.0, 170.0),
            (200, 1.0, 155.0),
            (3_600, 0.0, 3_240.0),
            (3_600, 0.5, 3_150.0),
            (3_600, 1.0, 3_060.0),
            (40, 0.0, 20.0),
            (40, 1.0, 20.0),
        ] {
            let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"iat":0,"exp":{life}}}"#));
            let now = Instant::now();
            let token = Token::received(Some(&format!("e30.{claims}.c2ln")), now, chance, None);
            let renewed = token.unwrap().renew_at.unwrap() - now;
            assert!((renewed.as_secs_f64() - after).abs() < 0.001, "{life} s, {chance}: {renewed:?}");
        }
    }
}
