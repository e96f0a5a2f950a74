//! A global subscriber that records nothing, and keeps every span available to the subscriber of a test.
//!
//! Whether a span is wanted is cached when it is first created. If two threads create it at once, and one of them installs
//! its subscriber meanwhile, the cache may say that no subscriber wants it. With this subscriber nothing is cached.

use std::sync::Once;

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// Installs the subscriber, unless that was done before.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only if there is another global subscriber, which caches what it wants itself.
        tracing::subscriber::set_global_default(Undecided).ok();
    });
}

struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
