//! What all handles of a client share.

use std::ops::Deref;
use std::sync::Arc;

#[cfg(feature = "data")]
use crate::handles::data_support::DataState;
#[cfg(feature = "data")]
use crate::handles::data_support::query_log::QueryLog;
use crate::handles::roles::Roles;
use crate::handles::versions::Versions;

/// What all handles of a client share. One pointer, because each call clones its handle.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<SharedState>);

#[derive(Debug, Default)]
pub(crate) struct SharedState {
    pub(crate) versions: Versions,
    pub(crate) roles: Roles,
    #[cfg(feature = "data")]
    pub(crate) data: DataState,
}

impl Shared {
    #[cfg(feature = "data")]
    pub(crate) fn with_query_log(query_log: QueryLog) -> Self {
        let data = DataState { query_log, ..DataState::default() };
        Self(Arc::new(SharedState { data, ..SharedState::default() }))
    }
}

impl Deref for Shared {
    type Target = SharedState;

    fn deref(&self) -> &SharedState {
        &self.0
    }
}
