//! What all handles of a client share.

#[cfg(feature = "data")]
use crate::handles::data_support::DataState;
use crate::handles::roles::Roles;
use crate::handles::versions::Versions;

/// What all handles of a client share. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared {
    pub(crate) versions: Versions,
    pub(crate) roles: Roles,
    #[cfg(feature = "data")]
    pub(crate) data: DataState,
}
