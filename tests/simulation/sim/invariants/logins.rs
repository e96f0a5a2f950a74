//! I7: one login for each token, and none that nobody needs.

use std::time::Duration;

use super::{Evidence, Report};
use crate::sim::seen::Seen;
use crate::sim::setting::Login;

/// A token is renewed so long before its end at least, or a tenth of its life, and by chance half as much again earlier.
const EARLY: Duration = Duration::from_secs(30);
/// A password that was refused rests for at least this long.
const HOLD_OFF: Duration = Duration::from_secs(1);

/// Looks at each login of each client with one. It is needed if there is no token yet, if the token comes to its end, or
/// if it was refused. No two are under way at once.
pub(super) fn as_few_as_it_takes(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    let life = evidence.setting.token;
    let earliest_renewal = life.saturating_sub((EARLY.max(life / 10) * 3 / 2).min(life / 2));
    for (client, setting) in evidence.setting.clients.iter().enumerate() {
        if setting.login != Login::Jwt {
            continue;
        }
        let (logins, others): (Vec<&Seen>, Vec<&Seen>) = evidence
            .requests
            .iter()
            .filter(|request| request.client == client)
            .partition(|request| request.is_login());
        let mut say = |login: &Seen, what: String| {
            report("I7", &format!("c{client}"), format!("login at {:?}: {what}", login.at));
        };
        // Since when there is a token.
        let mut since: Option<Duration> = None;
        for (number, login) in logins.iter().enumerate() {
            let before = &logins[..number];
            if let Some(other) = before.iter().find(|other| other.over().is_none_or(|over| over > login.at)) {
                say(login, format!("that of {:?} is under way", other.at));
            }
            if let Some(since) = since {
                let mut asked = others.iter().filter(|request| request.at >= since && !request.is_foreign);
                let refused = asked.any(|request| {
                    request.answered.is_some_and(|(at, status)| status == 401 && at <= login.at)
                });
                if !refused && login.at < since + earliest_renewal {
                    say(login, format!("the token of {since:?} holds and was not refused"));
                }
            }
            let last = before.last().filter(|last| !last.is_foreign).and_then(|last| last.answered);
            if let Some((at, 401)) = last
                && login.at < at + HOLD_OFF
            {
                say(login, format!("the password was refused at {at:?}"));
            }
            if let (Some((_, 200)), Some(complete), false) =
                (login.answered, login.complete, login.is_foreign)
            {
                since = Some(complete);
            }
        }
    }
}
