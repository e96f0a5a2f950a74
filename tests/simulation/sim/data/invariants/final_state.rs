//! I4 and I9: the state of the clients at the end.

use super::{Evidence, ReportFn};

/// I4: when all calls have ended, nothing is in flight, and after the idle timeout no connection is open.
pub(super) fn nothing_leaks(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for left in evidence.leftovers {
        if left.in_flight > 0 || left.open_connections > 0 {
            let what = format!("{} attempts, {} connections", left.in_flight, left.open_connections);
            report("I4", &left.owner, what);
        }
    }
    if evidence.open_connections > 0 {
        report("I4", "the network", format!("{} connections were never closed", evidence.open_connections));
    }
}

/// I9: a minute after the last fault all members are healthy.
pub(super) fn all_members_recover(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for member in evidence.unhealthy {
        report("I9", member, "not healthy a minute after all faults have ended".to_owned());
    }
}
