//! I3: what is sent again is paid for by what is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Evidence, Report};
use crate::sim::seen::Seen;

/// Over what time copies are counted: what is spent is forgotten by whole seconds, ten at most.
const SPENT: Duration = Duration::from_secs(9);
/// Over what time calls pay for them.
const PAID: Duration = Duration::from_secs(11);
/// Further copies that are always allowed within the window: three a second.
const RESERVE: usize = 30;
/// One further copy for so many calls.
const SHARE: usize = 5;

/// Counts the copies that were written into connections, so what never got that far costs nothing here either. The copy
/// after a refused token costs nothing. Logins pay in like all calls; what of them is sent again is not counted.
pub(super) fn kept(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for client in 0..evidence.setting.clients.len() {
        let mine = || evidence.requests.iter().filter(|request| request.client == client);
        let mut paid: Vec<Duration> =
            mine().filter(|request| request.is_login()).map(|request| request.at).collect();
        let calls = evidence.calls.iter().filter(|one| one.call.client == client);
        paid.extend(calls.map(|one| one.began));
        let mut spent = Vec::new();
        for (marker, mut copies) in by_marker(mine().filter(|request| !request.unsent)) {
            // Where nobody reads what is written, some that were given up never came so far.
            if evidence.setting.clients[client].is_watched(evidence.setting.kind) {
                copies.truncate(evidence.journal.received(marker));
            }
            let renewed =
                usize::from(copies.iter().any(|copy| copy.answered.is_some_and(|(_, status)| status == 401)));
            let further = copies.len().saturating_sub(1 + renewed);
            spent.extend(copies.iter().skip(1).take(further).map(|copy| copy.at));
        }
        spent.sort_unstable();
        for until in &spent {
            let within = |at: &&Duration, window: Duration| **at <= *until && **at + window > *until;
            let copies = spent.iter().filter(|at| within(at, SPENT)).count();
            let allowed = RESERVE + paid.iter().filter(|at| within(at, PAID)).count() / SHARE;
            if copies > allowed {
                let what =
                    format!("{copies} further copies in the {SPENT:?} to {until:?}; {allowed} are allowed");
                return report("I3", &format!("c{client}"), what);
            }
        }
    }
}

/// The copies of each marked request, in their order.
fn by_marker<'a>(requests: impl Iterator<Item = &'a Seen>) -> BTreeMap<&'a str, Vec<&'a Seen>> {
    let mut copies: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for request in requests {
        if let Some(marker) = &request.marker {
            copies.entry(marker).or_default().push(request);
        }
    }
    copies
}
