//! Filter that excludes members from one attempt.
//!
//! Untried members come before tried ones, available before ejected, all others before draining. Each of the rest is
//! included in proportion to its weight. Each step leaves at least one member, so that the request can be sent.
//!
//! Only the health of degraded members is read: most members are healthy, and there may be many.

use tokio::time::Instant;

use crate::health::state::MemberState;
use crate::members::member::Member;
use crate::random_source::RandomSource;

/// Returns the sorted indices of members excluded from the next attempt.
///
/// Indices refer to `list`. `tried` are the keys of members tried before. Members that are not in `degraded` (sorted
/// indices) are healthy.
pub(crate) fn excluded<K: PartialEq>(
    list: &[Member<K>],
    degraded: &[usize],
    tried: &[K],
    now: Instant,
    random: &dyn RandomSource,
) -> Vec<usize> {
    let members: Vec<DegradedMember> =
        degraded.iter().map(|&list_index| DegradedMember::read(&list[list_index], list_index, now)).collect();
    let mut excluded = already_tried(list, tried);
    let left = |excluded: &[usize]| list.len() - excluded.len();
    let remaining = |excluded: &[usize]| -> Vec<&DegradedMember> {
        members.iter().filter(|member| excluded.binary_search(&member.list_index).is_err()).collect()
    };

    let ejected = members.iter().filter(|member| member.state == MemberState::Ejected).count();
    let closed = indices(remaining(&excluded).into_iter().filter(|member| !member.accepts_request));
    // If more than half of the members are ejected, the client's own network is the more likely cause, and the few
    // others would be overloaded.
    if (list.len() - ejected) * 2 >= list.len() && closed.len() < left(&excluded) {
        add(&mut excluded, closed);
    } else {
        let recent = failed_recently(list, &excluded);
        add(&mut excluded, recent);
    }
    let draining =
        indices(remaining(&excluded).into_iter().filter(|member| member.state == MemberState::Draining));
    if draining.len() < left(&excluded) {
        add(&mut excluded, draining);
    }

    let remaining_members = remaining(&excluded);
    let healthy = if remaining_members.len() < left(&excluded) { 1.0 } else { 0.0 };
    let max_weight = remaining_members.iter().map(|member| member.weight).fold(healthy, f64::max);
    let underweight: Vec<&DegradedMember> =
        remaining_members.into_iter().filter(|member| member.weight < max_weight).collect();
    if underweight.is_empty() {
        return excluded;
    }
    // One random number for all of them: a member with a quarter of the highest weight is included for a quarter of the
    // requests. So, with any policy and any number of such members, it gets a quarter of its share, and the policy
    // spreads the rest over all others. A retry goes to the members with the highest weight: it should not be rejected
    // again, nor be the first request of a member in slow start.
    let threshold = if tried.is_empty() { max_weight * random.next_f64() } else { max_weight };
    let skipped = indices(underweight.into_iter().filter(|member| member.weight <= threshold));
    add(&mut excluded, skipped);
    excluded
}

/// Returns the indices of members in `list` that were `tried`; none if all were.
fn already_tried<K: PartialEq>(list: &[Member<K>], tried: &[K]) -> Vec<usize> {
    if tried.is_empty() {
        return Vec::new();
    }
    let indices: Vec<usize> = (0..list.len()).filter(|&index| tried.contains(list[index].key())).collect();
    if indices.len() == list.len() { Vec::new() } else { indices }
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

fn indices<'s>(members: impl Iterator<Item = &'s DegradedMember>) -> Vec<usize> {
    members.map(|member| member.list_index).collect()
}

fn add(excluded: &mut Vec<usize>, more: Vec<usize>) {
    if !more.is_empty() {
        excluded.extend(more);
        excluded.sort_unstable();
    }
}

/// The part of a member's health that the filter uses.
struct DegradedMember {
    list_index: usize,
    state: MemberState,
    accepts_request: bool,
    weight: f64,
}

impl DegradedMember {
    fn read<K>(member: &Member<K>, list_index: usize, now: Instant) -> Self {
        member.with_health(now, |health| {
            health.end_slow_start(now);
            let (state, is_open) = (health.state(), health.accepts_request());
            Self { list_index, state, accepts_request: is_open, weight: health.weight(now) }
        })
    }
}

#[cfg(test)]
mod tests;
