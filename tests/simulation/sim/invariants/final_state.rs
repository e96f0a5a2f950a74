//! I4 and I9: invariants of the state at the end.

use super::{Evidence, ReportFn};

/// I4: when all calls have ended, nothing is in flight, each pool can provide all its connections, and none is open
/// after the idle timeout.
pub(super) fn nothing_leaks(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for leftovers in evidence.leftovers {
        if leftovers.in_flight > 0 {
            report("I4", &leftovers.owner, format!("{} attempts never ended", leftovers.in_flight));
        }
        if leftovers.open_connections > 0 {
            report(
                "I4",
                &leftovers.owner,
                format!("{} connections never closed", leftovers.open_connections),
            );
        }
    }
    for pool in evidence.exhausted_pools {
        report("I4", pool, "the pool has lost a permit".to_owned());
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
