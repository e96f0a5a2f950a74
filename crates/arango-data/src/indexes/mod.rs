//! Indexes of collections: ensuring, listing and dropping them.

mod definition;
mod drop;
mod ensure;
mod id;
mod info;

pub use definition::Index;
pub use drop::{DropIndex, DropStatus};
pub use ensure::{EnsureIndex, EnsuredIndex};
pub use id::IndexId;
pub use info::{GetIndex, IndexInfo, IndexType, ListIndexes};
