//! The families of writes whose interleavings are checked.

use arango::data::OverwriteMode;

use crate::document::{CHOSEN, Slot};
use crate::model::{Fault, Other};
use crate::reachable::Reachable;
use crate::writes::{self, Write};

/// Pairs of writes that two clients make at the same time, and what may happen to them.
#[derive(Clone)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) pairs: Vec<[Write; 2]>,
    /// Whether there is a document with the chosen key at the start.
    pub(crate) has_document: bool,
    pub(crate) faults: u8,
    pub(crate) fault_kinds: Vec<Fault>,
    pub(crate) others: u8,
    pub(crate) other_kinds: Vec<Other>,
    /// The places at which the third party writes.
    pub(crate) slots: Vec<Slot>,
    pub(crate) reachable: Vec<Reachable>,
}

impl Family {
    /// Creates a family with two faults and one write of a third party.
    pub(crate) fn new(name: &'static str, pairs: Vec<[Write; 2]>) -> Self {
        use Fault::{Conflict, ConnectionLost, CutOff, DbServerTimeout};
        Self {
            name,
            pairs,
            has_document: true,
            faults: 2,
            fault_kinds: vec![ConnectionLost, DbServerTimeout, CutOff, Conflict],
            others: 1,
            other_kinds: Vec::new(),
            slots: vec![CHOSEN],
            reachable: Vec::new(),
        }
    }

    pub(crate) fn writes(&self) -> impl Iterator<Item = &Write> {
        self.pairs.iter().flatten()
    }

    fn with_others(self, other_kinds: &[Other]) -> Self {
        Self { other_kinds: other_kinds.to_vec(), ..self }
    }

    fn reaches(self, reachable: &[Reachable]) -> Self {
        Self { reachable: reachable.to_vec(), ..self }
    }

    /// Allows every kind of fault.
    pub(crate) fn with_all_faults(self) -> Self {
        Self { fault_kinds: Fault::ALL.to_vec(), ..self }
    }

    /// Allows one more fault, and one more write of the third party.
    pub(crate) fn deeper(self) -> Self {
        Self { faults: self.faults + 1, others: self.others + 1, ..self }
    }
}

/// Inserts under keys that the client has generated, which a unique index may refuse.
pub(crate) fn generated_keys() -> Family {
    use Reachable as R;
    let pairs = vec![
        [writes::insert_with_own_key(1, 7), writes::insert_with_own_key(2, 7)],
        [writes::insert_with_own_key(1, 7), writes::insert_with_server_key(2)],
        [writes::insert_with_own_key(1, 7), writes::remove_with_own_key(2, 1)],
    ];
    let family = Family::new("generated keys", pairs).with_others(&[Other::Remove]).reaches(&[
        R::LostAndFoundByKey,
        R::LostAndFoundByAbsence,
        R::SuccessAfterLoss,
        R::NotSeen,
        R::ExecutedAfterNotSeen,
        R::RefusedForGood,
        R::LateCopyRefused,
        R::RepeatedAndFound,
        R::Returned,
        R::RefusedByItself,
    ]);
    Family { has_document: false, slots: vec![1, 2], ..family }.with_all_faults()
}

/// Inserts under a key that the program has chosen.
pub(crate) fn chosen_keys() -> Family {
    use Reachable as R;
    let pairs = vec![
        [writes::insert_with_operation_id(1), writes::insert_with_operation_id(2)],
        [writes::insert_with_operation_id(1), writes::insert_with_chosen_key(2)],
        [writes::insert_with_operation_id(1), writes::insert_if_missing(2)],
    ];
    let family = Family::new("chosen keys", pairs).with_others(&[Other::Remove, Other::Replace]).reaches(&[
        R::LostAndFoundById,
        R::LostAndFoundByKey,
        R::LostAndFoundByContent,
        R::SuccessAfterLoss,
        R::NotSeen,
        R::Superseded,
        R::NotExecuted,
        R::LateCopyRefused,
        R::RepeatedAndFound,
        R::Returned,
        R::RefusedByItself,
    ]);
    Family { has_document: false, ..family }
}

/// Updates, replacements and removals under a revision.
pub(crate) fn revisions() -> Family {
    use Reachable as R;
    let pairs = vec![
        [writes::update_if_revision(1), writes::update_if_revision_with_operation_id(2)],
        [writes::update_if_revision(1), writes::replace_if_revision(2)],
        [writes::update_if_revision_with_operation_id(1), writes::remove_if_revision(2)],
    ];
    Family::new("revisions", pairs).with_others(&[Other::Remove, Other::Update, Other::Replace]).reaches(&[
        R::LostAndFoundById,
        R::LostAndFoundByContent,
        R::LostAndFoundByAbsence,
        R::SuccessAfterLoss,
        R::NotSeen,
        R::ExecutedAfterNotSeen,
        R::Superseded,
        R::NotExecuted,
        R::LateCopyRefused,
        R::RepeatedAndFound,
        R::RefusedByItself,
    ])
}

/// Upserts and updates with a version.
pub(crate) fn versions() -> Family {
    use Reachable as R;
    let pairs = vec![
        [
            writes::upsert_with_version(1, 2, OverwriteMode::Update),
            writes::upsert_with_version(2, 3, OverwriteMode::Replace),
        ],
        [writes::upsert_with_version(1, 2, OverwriteMode::Replace), writes::update_with_version(2, 3)],
    ];
    Family::new("versions", pairs)
        .with_others(&[Other::Remove, Other::Update, Other::ReplaceWithoutVersion])
        .reaches(&[
            R::LostAndFoundByContent,
            R::SuccessAfterLoss,
            R::NotSeen,
            R::Superseded,
            R::Returned,
            R::ChangedNext,
            R::PassedMissingVersion,
            R::Unchanged,
        ])
}

/// Writes without a condition, which are not repeated.
pub(crate) fn unconditional() -> Family {
    use Reachable as R;
    let pairs = vec![
        [writes::update(1), writes::update_with_operation_id(2)],
        [writes::update_with_operation_id(1), writes::remove(2)],
        [writes::update(1), writes::remove_that_must_exist(2)],
    ];
    Family::new("no condition", pairs)
        .with_all_faults()
        .with_others(&[Other::Remove, Other::Insert, Other::Update])
        .reaches(&[
            R::LostAndFoundById,
            R::LostAndFoundByContent,
            R::LostAndFoundByAbsence,
            R::NotSeen,
            R::ExecutedAfterNotSeen,
            R::NotExecuted,
            R::LateCopyRefused,
            R::DoubledByServer,
        ])
}

/// Changes that read, change and write.
pub(crate) fn modifications() -> Family {
    use Reachable as R;
    let pairs = vec![
        [writes::modify(1), writes::modify(2)],
        [writes::modify_with_operation_id(1), writes::modify_with_operation_id(2)],
    ];
    let family = Family::new("`modify`", pairs).with_others(&[Other::Remove, Other::Update]).reaches(&[
        R::SuccessAfterLoss,
        R::LostAndFoundById,
        R::RepeatedAndFound,
        R::Superseded,
        R::LateCopyRefused,
        R::DoubledByServer,
    ]);
    Family { fault_kinds: vec![Fault::ConnectionLost, Fault::Conflict], others: 0, ..family }
}

/// Returns all families.
pub(crate) fn all() -> [Family; 6] {
    [generated_keys(), chosen_keys(), revisions(), versions(), unconditional(), modifications()]
}
