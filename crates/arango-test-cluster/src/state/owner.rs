//! Numbers that tell which coordinator holds in its memory what they name: background requests, cursors.

/// Bits below the number of the owning coordinator.
const SHIFT: u32 = 40;

/// The `count`-th id that coordinator `index` gives.
pub(crate) fn id_of(index: usize, count: u64) -> u64 {
    let number = u64::try_from(index + 1).expect("the number of a coordinator is small");
    number << SHIFT | count
}

/// The index of the coordinator that an id belongs to, if there is one with that number.
pub(crate) fn owner(id: u64) -> Option<usize> {
    usize::try_from(id >> SHIFT).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_coordinator() {
        assert_eq!((owner(id_of(0, 1)), owner(id_of(2, 7))), (Some(0), Some(2)));
        assert_eq!(owner(7), None);
    }
}
