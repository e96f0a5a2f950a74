//! What must be true of every transfer, and of the bank.

use std::collections::BTreeMap;

use arango::Outcome;
use arango::data::Evidence;
use arango::protocol::Conclusion;

use super::final_state::Stored;
use super::setup::{ACCOUNT_COUNT, BALANCE};
use super::transfer::{End, TransferRun};
use crate::sim::Violation;

/// Returns the violated invariants.
pub(super) fn violations(seed: u64, runs: &[TransferRun], stored: &Stored) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut add = |invariant, marker: &str, what: String| {
        violations.push(Violation { seed, invariant, marker: marker.to_owned(), what });
    };
    for run in runs {
        let marker = &run.transfer.marker;
        if let Some(wrong) = &run.wrong {
            add("D3", marker, wrong.clone());
        }
        let effects = stored.ledger.iter().filter(|entry| entry.transfer == *marker).count();
        let expected = match &run.end {
            End::Committed => 1..=1,
            End::Dropped => 0..=1,
            End::Failed(error) => match error.outcome() {
                Outcome::NotExecuted => 0..=0,
                Outcome::Executed => 1..=1,
                Outcome::Unknown => 0..=1,
            },
        };
        if !expected.contains(&effects) {
            add("D3", marker, format!("it took effect {effects} times, not {expected:?}: {:?}", run.end));
        }
        if let End::Failed(error) = &run.end {
            let has_ticket = error.outcome() == Outcome::Unknown && run.transfer.is_proved;
            let ticket = stored.tickets.get(marker);
            let decided = match ticket {
                None => !has_ticket,
                Some(Conclusion::Executed(Evidence::Key)) => has_ticket && effects == 1,
                Some(Conclusion::NotSeen) => has_ticket && effects == 0,
                Some(_) => false,
            };
            if !decided {
                add("D3", marker, format!("its ticket says {ticket:?}, and it took effect {effects} times"));
            }
        }
    }
    let mut expected: BTreeMap<String, i64> =
        (0..ACCOUNT_COUNT).map(|number| (format!("a{number}"), BALANCE)).collect();
    for entry in &stored.ledger {
        *expected.entry(entry.from.clone()).or_default() -= entry.amount;
        *expected.entry(entry.to.clone()).or_default() += entry.amount;
    }
    if stored.accounts != expected {
        add("D3", "the bank", format!("it has {:?}, and not {expected:?}", stored.accounts));
    }
    if !stored.open_transactions.is_empty() {
        add("D5", "the bank", format!("transactions are open: {:?}", stored.open_transactions));
    }
    violations
}
