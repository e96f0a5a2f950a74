//! Which collections a transaction may read and write.

use std::collections::BTreeSet;

use crate::store::error::DocumentError;

/// The collections that a transaction has declared, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    pub(crate) read: BTreeSet<String>,
    pub(crate) write: BTreeSet<String>,
    pub(crate) exclusive: BTreeSet<String>,
    /// Whether it may read all other collections too.
    pub(crate) allows_implicit_reads: bool,
}

impl Access {
    /// Returns the access of a request that reads one collection.
    pub(crate) fn to_read(collection: String) -> Self {
        Self { read: BTreeSet::from([collection]), ..Self::default() }
    }

    /// Returns the access of a request that writes to one collection.
    pub(crate) fn to_write(collection: String) -> Self {
        Self { write: BTreeSet::from([collection]), ..Self::default() }
    }

    /// Returns the access of a request that needs a collection for itself.
    pub(crate) fn to_lock(collection: String) -> Self {
        Self { exclusive: BTreeSet::from([collection]), ..Self::default() }
    }

    /// Returns the collections that it may write to.
    pub(crate) fn written(&self) -> impl Iterator<Item = &String> {
        self.write.iter().chain(&self.exclusive)
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.written().next().is_none()
    }

    pub(crate) fn may_write(&self, collection: &str) -> bool {
        self.write.contains(collection) || self.exclusive.contains(collection)
    }

    pub(crate) fn may_read(&self, collection: &str) -> bool {
        self.allows_implicit_reads || self.read.contains(collection) || self.may_write(collection)
    }

    /// Refuses an access that was not declared.
    pub(crate) fn check(&self, collection: &str, writes: bool) -> Result<(), DocumentError> {
        match writes {
            true if !self.may_write(collection) => Err(DocumentError::not_declared(collection, "write")),
            false if !self.may_read(collection) => Err(DocumentError::not_declared(collection, "read")),
            _ => Ok(()),
        }
    }

    /// Returns whether both cannot hold their locks at one time.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let meets = |one: &Self, other: &Self| one.exclusive.iter().any(|name| other.may_write(name));
        meets(self, other) || meets(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(write: &[&str], exclusive: &[&str]) -> Access {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Access { write: set(write), exclusive: set(exclusive), ..Access::default() }
    }

    #[test]
    fn only_an_exclusive_lock_excludes_others_that_write() {
        let (writer, exclusive, other) = (access(&["a"], &[]), access(&[], &["a"]), access(&["b"], &["c"]));
        assert!(!writer.excludes(&writer));
        assert!(exclusive.excludes(&writer) && writer.excludes(&exclusive) && exclusive.excludes(&exclusive));
        assert!(!exclusive.excludes(&other) && !other.excludes(&exclusive));
    }
}
