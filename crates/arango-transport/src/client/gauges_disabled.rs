//! Replaces the gauges without the feature `metrics`: nothing is recorded.

use tokio::time::Instant;

use crate::client::transport::Transport;
use crate::types::coordinator::Coordinator;

/// No gauges.
#[derive(Debug, Default)]
pub(crate) struct Sampler(());

impl Sampler {
    #[expect(clippy::unused_self, reason = "same signature as with the feature")]
    #[inline]
    pub(crate) fn tick(&self, _: Instant, _: &Transport) {}
}

pub(crate) fn removed(_: &Coordinator) {}
