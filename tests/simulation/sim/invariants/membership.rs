//! I10 to I12: invariants while coordinators join and leave.

use std::time::Duration;

use super::{Evidence, ReportFn};
use crate::sim::observation::Observation;

/// Requests that verify an unverified member: first its availability, then its identity.
const AVAILABILITY: &str = "GET /_admin/server/availability";
const IDENTITY: &str = "GET /_admin/server/id";

/// I10: requests go only to seeds and to verified members.
///
/// A listed address is verified when it has reported that it is available and, twice, its identity. Before the first of
/// these responses, no request to it has credentials. Logins go to verified members only.
pub(super) fn only_verified_members_get_requests(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for attempt in evidence.attempts {
        let client = attempt.client;
        if evidence.membership_check.is_seed(client, &attempt.address) {
            continue;
        }
        let completed_responses = |what: &str| {
            let earlier = evidence.attempts.iter().filter(|other| {
                other.client == client
                    && other.address == attempt.address
                    && other.method_and_path.ends_with(what)
            });
            earlier.filter(|other| is_completed(other, attempt.sent_at)).count()
        };
        let available = completed_responses(AVAILABILITY) > 0;
        let verified = available && completed_responses(IDENTITY) > 1;
        let mut report_request = |what: &str| {
            let what = format!(
                "{} was sent to {} at {:?}, {what}",
                attempt.method_and_path, attempt.address, attempt.sent_at
            );
            report("I10", &format!("c{client}"), what);
        };
        if (attempt.marker.is_some() || attempt.is_login()) && !verified {
            report_request("which was never verified");
        } else if attempt.has_credentials && !available {
            report_request("which had not responded before it received credentials");
        }
    }
}

fn is_completed(attempt: &Observation, by: Duration) -> bool {
    let ok = attempt.response_head.is_some_and(|(_, status)| status == 200);
    ok && attempt.completed_at.is_some_and(|complete| complete <= by)
}

/// I11: seeds are never removed.
pub(super) fn seeds_are_kept(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for seed in evidence.membership_check.lost_seeds() {
        report("I11", &seed, "the seed is missing".to_owned());
    }
}

/// I12: long after the last change each client has each current coordinator once, and no other.
pub(super) fn membership_converges(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for what in evidence.not_converged {
        report("I12", what, "long after the last change".to_owned());
    }
}
