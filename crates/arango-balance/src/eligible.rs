//! Who of the members one attempt may go to.

use crate::{Member, Standing};

/// Untried before tried, well before ejected; and where too few are well, who failed longest ago.
pub(crate) fn eligible<K: PartialEq>(list: &[Member<K>], tried: &[K]) -> Vec<usize> {
    let untried: Vec<usize> = (0..list.len()).filter(|&index| !tried.contains(list[index].key())).collect();
    let asked = if untried.is_empty() { (0..list.len()).collect() } else { untried };

    let there = list.iter().filter(|member| member.standing() != Standing::Ejected).count();
    let open: Vec<usize> = asked.iter().copied().filter(|&index| list[index].health().open()).collect();
    // With more than half of the members ejected the ejections say more about the client's own
    // network than about the members, and the few that are left would be overrun.
    if there * 2 >= list.len() && !open.is_empty() {
        return open;
    }
    let failed: Vec<_> = asked.iter().map(|&index| (list[index].health().last_failed(), index)).collect();
    let longest_ago = failed.iter().map(|(at, _)| *at).min().flatten();
    failed.into_iter().filter(|(at, _)| *at == longest_ago).map(|(_, index)| index).collect()
}
