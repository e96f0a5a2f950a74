//! The faults that were injected through a control address.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::router::ControlError;
use crate::faults::active_faults::FaultGuard;
use crate::server::conditions::ConditionGuard;

/// The faults in force.
#[derive(Default)]
pub(crate) struct Injected {
    last: u64,
    active: BTreeMap<u64, Injection>,
}

/// A fault or a condition in force.
struct Injection {
    /// `None`: the whole cluster.
    coordinator: Option<usize>,
    /// As it was sent.
    fault: Value,
    guard: Guard,
}

pub(crate) enum Guard {
    Fault(FaultGuard),
    Condition(ConditionGuard),
}

impl Guard {
    fn hits(&self) -> usize {
        match self {
            Self::Fault(guard) => guard.hits(),
            Self::Condition(guard) => guard.hits(),
        }
    }
}

/// A fault in force, as it is reported.
pub(crate) struct FaultRow {
    pub(crate) id: u64,
    /// `None`: the whole cluster.
    pub(crate) coordinator: Option<usize>,
    /// As it was sent.
    pub(crate) fault: Value,
    pub(crate) hits: usize,
}

impl Injected {
    /// Keeps a fault in force. Returns the response, which has its id.
    pub(crate) fn add(&mut self, coordinator: Option<usize>, fault: Value, guard: Guard) -> Value {
        self.last += 1;
        self.active.insert(self.last, Injection { coordinator, fault, guard });
        json!({ "id": self.last })
    }

    /// Ends a fault. Returns the response, which says how often it was met.
    pub(crate) fn end(&mut self, id: &str) -> Result<Value, ControlError> {
        let ended = id.parse().ok().and_then(|id: u64| self.active.remove(&id));
        let hits = ended.ok_or_else(|| (404, format!("no fault {id}")))?.guard.hits();
        Ok(json!({ "ok": true, "hits": hits }))
    }

    /// Ends all faults.
    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    pub(crate) fn rows(&self) -> Vec<FaultRow> {
        let rows = self.active.iter().map(|(id, injection)| FaultRow {
            id: *id,
            coordinator: injection.coordinator,
            fault: injection.fault.clone(),
            hits: injection.guard.hits(),
        });
        rows.collect()
    }

    /// Returns the list of the faults, as a response.
    pub(crate) fn list(&self) -> Value {
        let rows = self.rows().into_iter().map(|FaultRow { id, coordinator, fault, hits }| {
            json!({ "id": id, "coordinator": coordinator, "fault": fault, "hits": hits })
        });
        json!({ "faults": rows.collect::<Vec<_>>() })
    }
}
