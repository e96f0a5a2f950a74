//! I4 and I9: how things are when all is over.

use super::{Evidence, Report};

/// I4: once all calls have ended nothing is in flight, each pool can give all its connections again, and after the idle
/// time none is open.
pub(super) fn nothing_is_left(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for remains in evidence.remains {
        if remains.in_flight > 0 {
            report("I4", &remains.whose, format!("{} attempts never ended", remains.in_flight));
        }
        if remains.open_connections > 0 {
            report("I4", &remains.whose, format!("{} connections never closed", remains.open_connections));
        }
    }
    for whose in evidence.short {
        report("I4", whose, "the pool has lost a place".to_owned());
    }
    if evidence.open > 0 {
        report("I4", "the network", format!("{} connections were never closed", evidence.open));
    }
}

/// I9: a minute after everything is well everybody stands so.
pub(super) fn everybody_is_well(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for whose in evidence.unwell {
        report("I9", whose, "not well a minute after all troubles have ended".to_owned());
    }
}
