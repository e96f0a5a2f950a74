//! What stands where metrics would: without their feature nobody is told anything.

use tokio::time::Instant;

use crate::attempt_error::AttemptError;
use crate::outgoing::Incoming;
use crate::record::CallRecord;
use crate::{Coordinator, Error, ErrorKind, Transport};

/// Nothing.
#[derive(Debug)]
pub(crate) struct Place(());

impl Place {
    pub(crate) fn of(_: &Coordinator) -> Self {
        Self(())
    }

    #[expect(clippy::unused_self, reason = "as the one that there is with the feature")]
    #[inline]
    pub(crate) fn attempted(&self, _: &CallRecord, _: Instant, _: &mut Result<Incoming, AttemptError>) {}
}

/// Nothing.
#[derive(Debug, Default)]
pub(crate) struct Sampler(());

impl Sampler {
    #[expect(clippy::unused_self, reason = "as the one that there is with the feature")]
    #[inline]
    pub(crate) fn tick(&self, _: Instant, _: &Transport) {}
}

pub(crate) fn describe() {}

#[inline]
pub(crate) fn called(_: &CallRecord, _: Option<&Error>) {}

pub(crate) fn retried(_: &CallRecord, _: ErrorKind) {}

pub(crate) fn hedged(_: &CallRecord) {}

pub(crate) fn logged_in(_: Option<&'static str>) {}

pub(crate) fn ejected(_: &Coordinator) {}

pub(crate) fn departed(_: &Coordinator) {}

pub(crate) fn pool_timed_out(_: &Coordinator) {}
