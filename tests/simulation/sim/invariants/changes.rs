//! I10 to I12: what is promised while coordinators come and go.

use std::time::Duration;

use super::{Evidence, Report};
use crate::sim::seen::Seen;

/// What is asked of a candidate before anything else, and what after that.
const AVAILABILITY: &str = "GET /_admin/server/availability";
const IDENTITY: &str = "GET /_admin/server/id";

/// I10: nothing goes to an address that was neither named nor has said, after it was found in a list, that it takes requests
/// and, twice, who it is; and before it has said the first, nobody tells it who asks. Whoever logs in tells nobody who is not
/// admitted.
pub(super) fn only_to_those_that_are_admitted(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for attempt in evidence.attempts {
        let client = attempt.client;
        if evidence.census.is_named(client, &attempt.place) {
            continue;
        }
        let answers = |what: &str| {
            let earlier = evidence.attempts.iter().filter(|other| {
                other.client == client && other.place == attempt.place && other.what.ends_with(what)
            });
            earlier.filter(|other| is_answered(other, attempt.at)).count()
        };
        let available = answers(AVAILABILITY) > 0;
        let admitted = available && answers(IDENTITY) > 1;
        let mut say = |what: &str| {
            let what = format!("{} was sent to {} at {:?}, {what}", attempt.what, attempt.place, attempt.at);
            report("I10", &format!("c{client}"), what);
        };
        if (attempt.marker.is_some() || attempt.is_login()) && !admitted {
            say("which was never admitted");
        } else if attempt.authorized && !available {
            say("which was told who asks before it had said anything");
        }
    }
}

fn is_answered(attempt: &Seen, by: Duration) -> bool {
    let well = attempt.answered.is_some_and(|(_, status)| status == 200);
    well && attempt.complete.is_some_and(|complete| complete <= by)
}

/// I11: those that were named are never forgotten.
pub(super) fn those_named_stay(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for whose in evidence.census.forgotten() {
        report("I11", &whose, "it was named, and is none of the client's".to_owned());
    }
}

/// I12: long after the last change each client has those that there are, each once, and nobody else.
pub(super) fn everybody_is_found(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for what in evidence.unsettled {
        report("I12", what, "long after the last change".to_owned());
    }
}
