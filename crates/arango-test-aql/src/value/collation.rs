//! The order of strings, and how sure it is.

use std::cmp::Ordering;

/// Compares strings, and remembers whether a server might order some of them otherwise.
///
/// A server orders strings by the rules of its language, this crate by code points. Both agree on digits and lower-case
/// ASCII letters.
#[derive(Debug, Default, Clone, Copy)]
pub struct Collation {
    uncertain: bool,
}

impl Collation {
    /// Whether some comparison may differ from that of a server.
    pub fn is_uncertain(&self) -> bool {
        self.uncertain
    }

    pub(crate) fn compare(&mut self, left: &str, right: &str) -> Ordering {
        let order = left.cmp(right);
        if order != Ordering::Equal && !self.uncertain {
            let common = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
            let is_sure = |text: &str| {
                text.as_bytes()[common..]
                    .iter()
                    .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
            };
            self.uncertain = !(is_sure(left) && is_sure(right));
        }
        order
    }
}
