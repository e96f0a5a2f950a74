//! Filter that excludes members from one attempt.
//!
//! Untried members come before tried ones, available before ejected, all others before draining. Each of the rest is
//! included in proportion to its weight. Each step leaves at least one member, so that the request can be sent.
//!
//! Only the health of degraded members is read: most members are healthy, and there may be many.

use tokio::time::Instant;

use crate::health::state::MemberState;
use crate::members::few::Few;
use crate::members::member::Member;
use crate::random_source::RandomSource;

/// Returns the sorted indices of members excluded from the next attempt.
///
/// Indices refer to `list`. `tried` are the keys of members tried before. Members that are not in `degraded` (sorted
/// indices) are healthy.
pub(crate) fn excluded<K: PartialEq>(
    list: &[Member<K>],
    degraded: Few<usize>,
    tried: &[K],
    now: Instant,
    random: &dyn RandomSource,
) -> Few<usize> {
    if tried.is_empty() && are_ejected(list, &degraded) {
        return degraded;
    }
    let mut excluded = already_tried(list, tried);
    let mut ejected = 0;
    // The degraded members that are not excluded.
    let mut degraded_left = Few::default();
    for &list_index in &*degraded {
        let member = DegradedMember::read(&list[list_index], list_index, now);
        ejected += usize::from(member.is_ejected);
        if excluded.binary_search(&list_index).is_err() {
            degraded_left.push(member);
        }
    }
    let left = |excluded: &[usize]| list.len() - excluded.len();

    let closed = degraded_left.iter().filter(|member| !member.accepts_request).count();
    // If more than half of the members are ejected, the client's own network is the more likely cause, and the few
    // others would be overloaded.
    if (list.len() - ejected) * 2 >= list.len() && closed < left(&excluded) {
        exclude(&mut excluded, &mut degraded_left, |member| !member.accepts_request);
    } else {
        let recent = failed_recently(list, &excluded);
        degraded_left.retain(|member| recent.binary_search(&member.list_index).is_err());
        for list_index in recent {
            excluded.push(list_index);
        }
        excluded.sort_unstable();
    }
    let draining = degraded_left.iter().filter(|member| member.is_draining).count();
    if draining < left(&excluded) {
        exclude(&mut excluded, &mut degraded_left, |member| member.is_draining);
    }

    let healthy = if degraded_left.len() < left(&excluded) { 1.0 } else { 0.0 };
    let max_weight = degraded_left.iter().map(|member| member.weight).fold(healthy, f64::max);
    degraded_left.retain(|member| member.weight < max_weight);
    if degraded_left.is_empty() {
        return excluded;
    }
    // One random number for all of them: a member with a quarter of the highest weight is included for a quarter of the
    // requests. So, with any policy and any number of such members, it gets a quarter of its share, and the policy
    // spreads the rest over all others. A retry goes to the members with the highest weight: it should not be rejected
    // again, nor be the first request of a member in slow start.
    let threshold = if tried.is_empty() { max_weight * random.next_f64() } else { max_weight };
    exclude(&mut excluded, &mut degraded_left, |member| member.weight <= threshold);
    excluded
}

/// Returns whether all `degraded` members are ejected, and no more than half of all members.
///
/// Then exactly these are excluded, and their health need not be read. That is so for each request while a member is down.
fn are_ejected<K>(list: &[Member<K>], degraded: &[usize]) -> bool {
    degraded.len() * 2 <= list.len() && degraded.iter().all(|&list_index| list[list_index].is_ejected())
}

/// Moves the degraded members that match to the excluded ones.
fn exclude(
    excluded: &mut Few<usize>,
    degraded_left: &mut Few<DegradedMember>,
    is_out: impl Fn(&DegradedMember) -> bool,
) {
    degraded_left.retain(|member| {
        let is_out = is_out(member);
        if is_out {
            excluded.push(member.list_index);
        }
        !is_out
    });
    excluded.sort_unstable();
}

/// Returns the indices of members in `list` that were `tried`; none if all were.
fn already_tried<K: PartialEq>(list: &[Member<K>], tried: &[K]) -> Few<usize> {
    if tried.is_empty() {
        return Few::default();
    }
    let indices: Few<usize> = (0..list.len()).filter(|&index| tried.contains(list[index].key())).collect();
    if indices.len() == list.len() { Few::default() } else { indices }
}

/// Returns the indices of the remaining members, except those that failed longest ago.
fn failed_recently<K>(list: &[Member<K>], excluded: &[usize]) -> Vec<usize> {
    // Each time is read only once: an attempt may fail meanwhile, and at least one member must be left.
    let failed: Vec<_> = (0..list.len())
        .filter(|list_index| excluded.binary_search(list_index).is_err())
        .map(|list_index| (list[list_index].last_failed(), list_index))
        .collect();
    let longest_ago = failed.iter().map(|(at, _)| *at).min().flatten();
    failed.into_iter().filter(|(at, _)| *at != longest_ago).map(|(_, list_index)| list_index).collect()
}

/// The part of a member's health that the filter uses.
#[derive(Debug, Clone, Copy, Default)]
struct DegradedMember {
    list_index: usize,
    is_ejected: bool,
    is_draining: bool,
    accepts_request: bool,
    weight: f64,
}

impl DegradedMember {
    fn read<K>(member: &Member<K>, list_index: usize, now: Instant) -> Self {
        let mut health = member.health();
        if health.is_slow_start_over(now) {
            drop(health);
            // It may be healthy from now on.
            member.with_health(now, |health| health.end_slow_start(now));
            health = member.health();
        }
        let state = health.state();
        Self {
            list_index,
            is_ejected: state == MemberState::Ejected,
            is_draining: state == MemberState::Draining,
            accepts_request: health.accepts_request(),
            weight: health.weight(now),
        }
    }
}

#[cfg(test)]
mod tests;
