//! Who of the members one attempt may go to.
//!
//! Untried before tried; then well before ejected; then any before those about to go; then, mostly, any
//! before those with too much to do. Each step leaves somebody: a request is sent rather than failed.

use tokio::time::Instant;

use crate::{Jitter, Member, Standing};

/// What an overloaded member keeps of its share.
const QUARTER: f64 = 0.25;

/// The indices of those in `list` that an attempt may go to after `tried`.
pub(crate) fn eligible<K: PartialEq>(list: &[Member<K>], tried: &[K], jitter: &dyn Jitter) -> Vec<usize> {
    let seen: Vec<Seen> = list.iter().map(Seen::of).collect();
    let untried: Vec<usize> = (0..list.len()).filter(|&index| !tried.contains(list[index].key())).collect();
    let asked = if untried.is_empty() { (0..list.len()).collect() } else { untried };

    let there = seen.iter().filter(|seen| seen.standing != Standing::Ejected).count();
    let open: Vec<usize> = asked.iter().copied().filter(|&index| seen[index].open).collect();
    // With more than half of the members ejected the ejections say more about the client's own
    // network than about the members, and the few that are left would be overrun.
    let chosen = if there * 2 >= list.len() && !open.is_empty() {
        open
    } else {
        let longest_ago = asked.iter().map(|&index| seen[index].last_failed).min().flatten();
        asked.into_iter().filter(|&index| seen[index].last_failed == longest_ago).collect()
    };
    let chosen = others_than(chosen, |index| seen[index].standing == Standing::Leaving);

    let overloaded = |index: usize| seen[index].standing == Standing::Overloaded;
    // One request of four goes as if nobody had too much to do. So, whatever the policy and however many
    // they are, each keeps a quarter of what the policy would give it, and the rest falls to all others
    // as the policy spreads it. A further attempt is not to be refused again: it goes to the others.
    let spare =
        chosen.iter().any(|&index| overloaded(index)) && (!tried.is_empty() || jitter.unit() >= QUARTER);
    if spare { others_than(chosen, overloaded) } else { chosen }
}

/// Those of `chosen` that are not `apart`, or all if there are no others.
fn others_than(chosen: Vec<usize>, apart: impl Fn(usize) -> bool) -> Vec<usize> {
    if chosen.iter().all(|&index| apart(index)) {
        return chosen;
    }
    chosen.into_iter().filter(|&index| !apart(index)).collect()
}

/// The health of one member at one moment.
struct Seen {
    standing: Standing,
    open: bool,
    last_failed: Option<Instant>,
}

impl Seen {
    fn of<K>(member: &Member<K>) -> Self {
        let health = member.health();
        Self { standing: health.standing(), open: health.open(), last_failed: health.last_failed() }
    }
}
