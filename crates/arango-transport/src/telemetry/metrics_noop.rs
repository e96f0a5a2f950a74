//! Replaces `metrics` without its feature: nothing is recorded.

use arango_protocol::{ErrorKind, Outcome};
use http::StatusCode;
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::types::coordinator::Coordinator;

/// No labels.
#[derive(Debug)]
pub(crate) struct CoordinatorLabels(());

impl CoordinatorLabels {
    pub(crate) fn of(_: &Coordinator) -> Self {
        Self(())
    }

    #[expect(clippy::unused_self, reason = "same signature as with the feature")]
    #[inline]
    pub(crate) fn attempted(&self, _: &CallContext, _: Instant, _: Option<StatusCode>, _: Option<ErrorKind>) {
    }
}

pub(crate) fn describe() {}

#[inline]
pub(crate) fn called(_: &CallContext, _: Option<(Outcome, ErrorKind)>) {}

#[inline]
pub(crate) fn returned(_: u64) {}

pub(crate) fn retried(_: &CallContext, _: ErrorKind) {}

pub(crate) fn hedged(_: &CallContext) {}

pub(crate) fn logged_in(_: Option<&'static str>) {}

pub(crate) fn ejected(_: &Coordinator) {}

pub(crate) fn pool_timed_out(_: &Coordinator) {}
