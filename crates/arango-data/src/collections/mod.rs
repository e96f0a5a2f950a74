//! Collections: creating, listing, changing and dropping them.

mod computed_value;
mod count;
mod create;
mod differences;
mod drop;
mod ensure;
mod figures;
mod id;
mod info;
mod key_options;
mod properties;
mod schema;
mod set_properties;
mod shards;
mod truncate;

pub use computed_value::{ComputeOn, ComputedValue};
pub use count::{CountDocuments, CountDocumentsByShard};
pub use create::CreateCollection;
pub use drop::DropCollection;
pub use ensure::EnsureCollection;
pub use figures::{CollectionFigures, GetCollectionFigures, IndexFigures};
pub use id::CollectionId;
pub use info::{CollectionInfo, CollectionType, GetCollection, ListCollections};
pub use key_options::{KeyGenerator, KeyOptions};
pub use properties::{CollectionProperties, GetCollectionProperties, ShardingStrategy};
pub use schema::{Schema, SchemaLevel};
pub use set_properties::SetCollectionProperties;
pub use shards::{GetCollectionShards, GetResponsibleShard, ShardReplicas};
pub use truncate::TruncateCollection;
