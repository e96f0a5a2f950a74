//! Ids that contain the coordinator that owns their object: background requests, cursors.

/// Bits below the number of the owning coordinator.
const SHIFT: u32 = 40;

/// Returns the `count`-th id of coordinator `index`.
pub(crate) fn owned_id(index: usize, count: u64) -> u64 {
    let number = u64::try_from(index + 1).expect("the number of a coordinator is small");
    number << SHIFT | count
}

/// Returns the index of the coordinator that owns an id. `None` if the id contains no coordinator.
pub(crate) fn owner(id: u64) -> Option<usize> {
    usize::try_from(id >> SHIFT).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_contains_the_index_of_its_coordinator() {
        assert_eq!((owner(owned_id(0, 1)), owner(owned_id(2, 7))), (Some(0), Some(2)));
        assert_eq!(owner(7), None);
    }
}
