//! Who of the members one attempt may go to.
//!
//! Untried before tried; then well before ejected; then any before those about to go; then each as often as its
//! weight says. Each step leaves somebody: a request is sent rather than failed.

use tokio::time::Instant;

use crate::{Jitter, Member, Standing};

/// The indices of those in `list` that an attempt may go to after `tried`.
pub(crate) fn eligible<K: PartialEq>(
    list: &[Member<K>],
    tried: &[K],
    now: Instant,
    jitter: &dyn Jitter,
) -> Vec<usize> {
    let seen: Vec<Seen> = list.iter().map(|member| Seen::of(member, now)).collect();
    let untried: Vec<usize> = (0..list.len()).filter(|&index| !tried.contains(list[index].key())).collect();
    let asked = if untried.is_empty() { (0..list.len()).collect() } else { untried };

    let there = seen.iter().filter(|seen| seen.standing != Standing::Ejected).count();
    let open: Vec<usize> = asked.iter().copied().filter(|&index| seen[index].open).collect();
    // With more than half of the members ejected the ejections say more about the client's own
    // network than about the members, and the few that are left would be overrun.
    let chosen = if there * 2 >= list.len() && !open.is_empty() {
        open
    } else {
        // Read once: an attempt may fail meanwhile, and somebody must be left.
        let failed: Vec<_> =
            asked.into_iter().map(|index| (list[index].health().last_failed(), index)).collect();
        let longest_ago = failed.iter().map(|(at, _)| *at).min().flatten();
        failed.into_iter().filter(|(at, _)| *at == longest_ago).map(|(_, index)| index).collect()
    };
    let chosen = others_than(chosen, |index| seen[index].standing == Standing::Leaving);

    let weight = |index: usize| seen[index].weight;
    let most = chosen.iter().map(|&index| weight(index)).fold(0.0, f64::max);
    if chosen.iter().all(|&index| weight(index) >= most) {
        return chosen;
    }
    // One throw for all of them: a member with a quarter of the weight of the heaviest is there for a quarter of the
    // requests. So, whatever the policy and however many they are, it keeps a quarter of what the policy would give
    // it, and the rest falls to all others as the policy spreads it. A further attempt is not to be refused again,
    // nor to be the first of a cold member: it goes to the heaviest.
    let bar = if tried.is_empty() { most * jitter.unit() } else { most };
    chosen.into_iter().filter(|&index| weight(index) >= most || weight(index) > bar).collect()
}

/// Those of `chosen` that are not `apart`, or all if there are no others.
fn others_than(chosen: Vec<usize>, apart: impl Fn(usize) -> bool) -> Vec<usize> {
    if chosen.iter().all(|&index| apart(index)) {
        return chosen;
    }
    chosen.into_iter().filter(|&index| !apart(index)).collect()
}

/// What one member's health says of the next request.
struct Seen {
    standing: Standing,
    open: bool,
    weight: f64,
}

impl Seen {
    fn of<K>(member: &Member<K>, now: Instant) -> Self {
        // Most are, also where one is not, and there may be many: no lock for them.
        if !member.is_apart() {
            return Self { standing: Standing::Well, open: true, weight: 1.0 };
        }
        member.with_health(now, |health| {
            health.settle(now);
            Self { standing: health.standing(), open: health.open(), weight: health.weight(now) }
        })
    }
}
