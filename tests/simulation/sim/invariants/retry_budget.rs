//! I3: retries stay within the retry budget.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Evidence, ReportFn};
use crate::sim::observation::Observation;

/// Window over which copies are counted. The budget forgets whole seconds, at most ten.
const COPY_WINDOW: Duration = Duration::from_secs(9);
/// Window over which calls add to the budget.
const CALL_WINDOW: Duration = Duration::from_secs(11);
/// Additional copies that are always allowed within the window: three per second.
const RESERVE: usize = 30;
/// Calls per additional copy.
const CALLS_PER_COPY: usize = 5;

/// I3: counts the additional copies that were written into connections.
///
/// Copies that never got that far are free, and so is the copy after a rejected token. Logins add to the budget like
/// all calls; copies of logins are not counted.
pub(super) fn retries_stay_within_budget(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for client in 0..evidence.scenario.clients.len() {
        let requests = || evidence.requests.iter().filter(|request| request.client == client);
        let mut paid: Vec<Duration> =
            requests().filter(|request| request.is_login()).map(|request| request.sent_at).collect();
        let calls = evidence.calls.iter().filter(|one| one.call.client == client);
        paid.extend(calls.map(|one| one.began));
        let mut spent = Vec::new();
        for (marker, mut copies) in by_marker(requests().filter(|request| !request.unsent)) {
            // For observed attempts, some of the abandoned copies were never written.
            if evidence.scenario.clients[client].observes_attempts(evidence.scenario.kind) {
                copies.truncate(evidence.journal.received(marker));
            }
            let renewed = usize::from(
                copies.iter().any(|copy| copy.response_head.is_some_and(|(_, status)| status == 401)),
            );
            let additional = copies.len().saturating_sub(1 + renewed);
            spent.extend(copies.iter().skip(1).take(additional).map(|copy| copy.sent_at));
        }
        spent.sort_unstable();
        for until in &spent {
            let within = |at: &&Duration, window: Duration| **at <= *until && **at + window > *until;
            let copies = spent.iter().filter(|at| within(at, COPY_WINDOW)).count();
            let allowed = RESERVE + paid.iter().filter(|at| within(at, CALL_WINDOW)).count() / CALLS_PER_COPY;
            if copies > allowed {
                let what = format!(
                    "{copies} additional copies in the {COPY_WINDOW:?} before {until:?}; {allowed} are allowed"
                );
                return report("I3", &format!("c{client}"), what);
            }
        }
    }
}

/// Groups the copies of each marked request, in order.
fn by_marker<'a>(requests: impl Iterator<Item = &'a Observation>) -> BTreeMap<&'a str, Vec<&'a Observation>> {
    let mut copies: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
    for request in requests {
        if let Some(marker) = &request.marker {
            copies.entry(marker).or_default().push(request);
        }
    }
    copies
}
