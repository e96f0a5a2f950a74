//! Indexes of collections: ensuring, listing and dropping them.

mod definition;
mod differences;
mod drop;
mod ensure;
mod id;
mod info;
mod inverted;
mod inverted_differences;
mod vector;

pub use definition::Index;
pub use drop::DropIndex;
pub use ensure::EnsureIndex;
pub use id::IndexId;
pub use info::{GetIndex, IndexInfo, IndexType, ListIndexes};
pub use inverted::{AnalyzerFeature, InvertedField, InvertedIndex, SortDirection, StoredValues};
pub use vector::{VectorIndex, VectorMetric};
