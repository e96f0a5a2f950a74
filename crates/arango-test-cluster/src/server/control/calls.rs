//! The calls of the control API, as its index page lists them.

/// One row of the list.
pub(super) struct Call {
    /// Methods and paths, as they are documented.
    pub(super) requests: &'static str,
    /// What it does.
    pub(super) effect: &'static str,
    /// The path of a call that only reads, to follow in a browser.
    pub(super) link: Option<&'static str>,
}

/// All calls but the index page.
pub(super) const CALLS: [Call; 22] = [
    read("GET /cluster", "lists the servers, with their addresses, states and connections", "/cluster"),
    change(
        "POST /coordinators/{i}/kill, restart, pause, resume, deregister",
        "ends, starts or stops a coordinator, or removes it from the list of coordinators; i from 0",
    ),
    change("POST /coordinators/{i}/advertise", "sets the advertised endpoint"),
    change("POST /db-servers/{i}/stop, start, pause, resume", "the same for a DB-Server"),
    change(
        "POST /coordinators/{i}/upgrade, /db-servers/{i}/upgrade",
        "restarts the server in another version",
    ),
    change("POST /sync-time", "sets after how many ms the copies of a returning DB-Server are in sync"),
    change("POST /coordinators/{i}/faults", "injects a fault or begins a condition; returns its id"),
    change(
        "POST /coordinators/{i}/secret, POST /secret",
        "sets the secret that signs tokens, for one coordinator or all",
    ),
    change("POST /tokens/expire", "invalidates all login tokens issued so far"),
    change("POST /tokens/lifetime", "sets the lifetime of login tokens from now on, in seconds"),
    change("POST /propagation", "sets the propagation delay in ms"),
    read(
        "GET /agency-jobs, DELETE /agency-jobs",
        "lists the agency's jobs; forgets the ended ones",
        "/agency-jobs",
    ),
    change("POST /agency-jobs/timing", "sets their timing: wait_ms, move_ms, max_concurrent"),
    change(
        "POST /agency-jobs/next, every, {id}",
        "sets their outcome: {\"outcome\":\"finish\"}, hang, or fail with reason",
    ),
    change("POST /faults", "begins a condition of the whole cluster: agency-down"),
    read("GET /faults", "lists the faults of this API, and how many requests each has affected", "/faults"),
    change("DELETE /faults/{id}, DELETE /faults", "ends one fault, or all faults of this API"),
    read("GET /journal/markers?prefix=p", "returns the counts by marker", "/journal/markers"),
    read(
        "GET /journal/entries?last=n&failed=true&after=number",
        "returns the latest requests, oldest first, at most 50 by default; or only those with a status of 400 or more",
        "/journal/entries",
    ),
    read(
        "GET /journal/summary",
        "returns requests by coordinator, executions, and unsupported calls",
        "/journal/summary",
    ),
    change("POST /journal/clear", "clears the journal"),
    read("GET /", "this page", "/"),
];

const fn read(requests: &'static str, effect: &'static str, link: &'static str) -> Call {
    Call { requests, effect, link: Some(link) }
}

const fn change(requests: &'static str, effect: &'static str) -> Call {
    Call { requests, effect, link: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_each_call_of_the_documentation_in_its_order() {
        let documented = include_str!("mod.rs").lines().filter_map(|line| {
            let row = line.strip_prefix("//! | `")?;
            let (requests, _) = row.split_once(" | ")?;
            ["GET", "POST", "DELETE"]
                .iter()
                .any(|method| row.starts_with(method))
                .then(|| requests.replace('`', ""))
        });

        let listed: Vec<_> = CALLS.iter().map(|call| call.requests).collect();

        assert_eq!(listed, documented.collect::<Vec<_>>());
    }
}
