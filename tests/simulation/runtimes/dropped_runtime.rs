//! A call in the context of a runtime that has been dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use arango::Outcome;
use arango::protocol::RequestClass;
use tokio::runtime::Handle;

use super::phase::Phase;
use crate::sim::test_operations::Insert;

impl Phase<'_> {
    /// Polls a call once where no task can be spawned. Returns what is wrong with its result.
    pub(crate) fn call_on_dropped_runtime(&self, runtime: &Handle) -> Option<String> {
        let _entered = runtime.enter();
        let marker = format!("p{}-dropped", self.number);
        let insert = Insert { marker, class: RequestClass::NonIdempotent, padding: 0 };
        let database = self.client.db("_system");
        let mut call = pin!(database.execute(insert));
        let waker = Waker::noop();
        match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut Context::from_waker(waker)))) {
            Ok(Poll::Ready(Err(error))) if error.outcome() == Outcome::NotExecuted => None,
            Ok(Poll::Ready(Err(error))) => Some(format!("failed with {:?}: {error}", error.outcome())),
            Ok(Poll::Ready(Ok(()))) => Some("succeeded".to_owned()),
            Ok(Poll::Pending) => Some("is pending".to_owned()),
            Err(_) => Some("panicked".to_owned()),
        }
    }
}
