//! Who of the members one attempt may not go to.
//!
//! Untried before tried; then well before ejected; then any before those about to go; then each as often as its
//! weight says. Each step leaves somebody: a request is sent rather than failed.
//!
//! Only those are looked at that are not simply well: most are, and there may be many.

use tokio::time::Instant;

use crate::{Member, MemberState, RandomSource};

/// The places of those in `list` that an attempt may not go to after `tried`, in order. Who is not `apart`, of which
/// the places are given in order, is well.
pub(crate) fn excluded<K: PartialEq>(
    list: &[Member<K>],
    apart: &[usize],
    tried: &[K],
    now: Instant,
    jitter: &dyn RandomSource,
) -> Vec<usize> {
    let seen: Vec<DegradedMember> =
        apart.iter().map(|&place| DegradedMember::of(&list[place], place, now)).collect();
    let mut out = already_tried(list, tried);
    let left = |out: &[usize]| list.len() - out.len();
    let in_question = |out: &[usize]| -> Vec<&DegradedMember> {
        seen.iter().filter(|seen| out.binary_search(&seen.list_index).is_err()).collect()
    };

    let there = list.len() - seen.iter().filter(|seen| seen.state == MemberState::Ejected).count();
    let closed = indices(in_question(&out).into_iter().filter(|seen| !seen.is_open));
    // With more than half of the members ejected the ejections say more about the client's own
    // network than about the members, and the few that are left would be overrun.
    if there * 2 >= list.len() && closed.len() < left(&out) {
        add(&mut out, closed);
    } else {
        let lately = failed_recently(list, &out);
        add(&mut out, lately);
    }
    let leaving = indices(in_question(&out).into_iter().filter(|seen| seen.state == MemberState::Draining));
    if leaving.len() < left(&out) {
        add(&mut out, leaving);
    }

    let weighed = in_question(&out);
    let well = if weighed.len() < left(&out) { 1.0 } else { 0.0 };
    let most = weighed.iter().map(|seen| seen.weight).fold(well, f64::max);
    let light: Vec<&DegradedMember> = weighed.into_iter().filter(|seen| seen.weight < most).collect();
    if light.is_empty() {
        return out;
    }
    // One throw for all of them: a member with a quarter of the weight of the heaviest is there for a quarter of the
    // requests. So, whatever the policy and however many they are, it keeps a quarter of what the policy would give
    // it, and the rest falls to all others as the policy spreads it. A further attempt is not to be refused again,
    // nor to be the first of a cold member: it goes to the heaviest.
    let bar = if tried.is_empty() { most * jitter.next_f64() } else { most };
    let spared = indices(light.into_iter().filter(|seen| seen.weight <= bar));
    add(&mut out, spared);
    out
}

/// The places of those in `list` that were `tried`; none if that is everybody.
fn already_tried<K: PartialEq>(list: &[Member<K>], tried: &[K]) -> Vec<usize> {
    if tried.is_empty() {
        return Vec::new();
    }
    let asked: Vec<usize> = (0..list.len()).filter(|&place| tried.contains(list[place].key())).collect();
    if asked.len() == list.len() { Vec::new() } else { asked }
}

/// The places of those beside `out` that did not fail longest ago.
fn failed_recently<K>(list: &[Member<K>], out: &[usize]) -> Vec<usize> {
    // Read once: an attempt may fail meanwhile, and somebody must be left.
    let failed: Vec<_> = (0..list.len())
        .filter(|place| out.binary_search(place).is_err())
        .map(|place| (list[place].last_failed(), place))
        .collect();
    let longest_ago = failed.iter().map(|(at, _)| *at).min().flatten();
    failed.into_iter().filter(|(at, _)| *at != longest_ago).map(|(_, place)| place).collect()
}

fn indices<'s>(seen: impl Iterator<Item = &'s DegradedMember>) -> Vec<usize> {
    seen.map(|seen| seen.list_index).collect()
}

fn add(out: &mut Vec<usize>, more: Vec<usize>) {
    if !more.is_empty() {
        out.extend(more);
        out.sort_unstable();
    }
}

/// What one member's health says of the next request.
struct DegradedMember {
    list_index: usize,
    state: MemberState,
    is_open: bool,
    weight: f64,
}

impl DegradedMember {
    fn of<K>(member: &Member<K>, place: usize, now: Instant) -> Self {
        member.with_health(now, |health| {
            health.end_slow_start(now);
            let (standing, open) = (health.state(), health.is_open());
            Self { list_index: place, state: standing, is_open: open, weight: health.weight(now) }
        })
    }
}

#[cfg(test)]
mod tests;
