//! What the metadata of an operation determine about its calls.

use arango_transport::protocol::{Metadata, Operation, Scope};

/// What the metadata of an operation determine about its calls.
///
/// It is stored once for each operation. The metadata themselves cannot be: they contain a path, whose memory may be
/// shared, so each use builds them on the stack.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags, as in the metadata")]
pub(crate) struct CallMetadata {
    pub(crate) name: &'static str,
    pub(crate) success_statuses: &'static [u16],
    pub(crate) scope: Scope,
    pub(crate) system_only: bool,
    pub(crate) stops_server: bool,
    pub(crate) relayed: bool,
    pub(crate) collections_in_body: bool,
    pub(crate) is_version_dependent: bool,
    /// Returns all metadata, for what few calls need.
    pub(crate) whole: fn() -> Metadata,
}

impl CallMetadata {
    /// Returns that of an operation.
    pub(crate) const fn of<O: Operation>() -> &'static Self {
        const { &Self::new(O::METADATA, || O::METADATA) }
    }

    const fn new(metadata: Metadata, whole: fn() -> Metadata) -> Self {
        let selected = Self {
            name: metadata.name,
            success_statuses: metadata.success_statuses,
            scope: metadata.scope,
            system_only: metadata.system_only,
            stops_server: metadata.stops_server,
            relayed: metadata.relayed,
            collections_in_body: metadata.collections_in_body,
            is_version_dependent: metadata.is_version_dependent(),
            whole,
        };
        // A constant function cannot drop the metadata.
        std::mem::forget(metadata);
        selected
    }
}
