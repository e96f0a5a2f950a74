//! I7: one login per token, and no unneeded logins.

use std::time::Duration;

use super::{Evidence, ReportFn};
use crate::sim::observation::Observation;
use crate::sim::scenario::AuthMethod;

/// A token is renewed this long before its expiry, or a tenth of its lifetime if that is longer. Up to half of it is
/// added randomly.
const RENEWAL_MARGIN: Duration = Duration::from_secs(30);
/// Time for which a rejected password is not sent again.
const HOLD_OFF: Duration = Duration::from_secs(1);

/// I7: checks each login of each client that uses logins.
///
/// A login is needed if there is no token yet, or if the token is about to expire or was rejected. No two logins run at
/// the same time.
pub(super) fn no_unneeded_logins(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    let lifetime = evidence.scenario.token_lifetime;
    let earliest_renewal =
        lifetime.saturating_sub((RENEWAL_MARGIN.max(lifetime / 10) * 3 / 2).min(lifetime / 2));
    for (client, config) in evidence.scenario.clients.iter().enumerate() {
        if config.login != AuthMethod::Jwt {
            continue;
        }
        let (logins, others): (Vec<&Observation>, Vec<&Observation>) = evidence
            .requests
            .iter()
            .filter(|request| request.client == client)
            .partition(|request| request.is_login());
        let mut report_login = |login: &Observation, what: String| {
            report("I7", &format!("c{client}"), format!("login at {:?}: {what}", login.sent_at));
        };
        // When the current token was received.
        let mut since: Option<Duration> = None;
        for (number, login) in logins.iter().enumerate() {
            let before = &logins[..number];
            if let Some(other) =
                before.iter().find(|other| other.ended_at().is_none_or(|ended_at| ended_at > login.sent_at))
            {
                report_login(login, format!("the login of {:?} is still in flight", other.sent_at));
            }
            if let Some(since) = since {
                let mut requests =
                    others.iter().filter(|request| request.sent_at >= since && !request.is_foreign);
                let rejected = requests.any(|request| {
                    request.response_head.is_some_and(|(at, status)| status == 401 && at <= login.sent_at)
                });
                if !rejected && login.sent_at < since + earliest_renewal {
                    report_login(login, format!("the token of {since:?} is valid and was not rejected"));
                }
            }
            let last = before.last().filter(|last| !last.is_foreign).and_then(|last| last.response_head);
            if let Some((at, 401)) = last
                && login.sent_at < at + HOLD_OFF
            {
                report_login(login, format!("the password was rejected at {at:?}"));
            }
            if let (Some((_, 200)), Some(complete), false) =
                (login.response_head, login.completed_at, login.is_foreign)
            {
                since = Some(complete);
            }
        }
    }
}
