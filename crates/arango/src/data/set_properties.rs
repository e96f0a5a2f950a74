//! Changing the properties of a collection.

use std::future::IntoFuture;

use arango_data::{CollectionProperties, ComputedValue, ReplicationFactor, Schema, SetCollectionProperties};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};

use crate::data::collection::Collection;
use crate::handles::data_support::invalid_request;

/// A change of the properties of a collection, sent when it is awaited.
///
/// # Errors
///
/// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound).
#[derive(Debug)]
#[must_use = "the change is sent when it is awaited"]
pub struct SetProperties {
    collection: Collection,
    operation: Result<SetCollectionProperties, BuildError>,
}

impl Collection {
    /// Changes properties; what is not set stays.
    ///
    /// ```no_run
    /// # async fn example(books: &arango::Collection) -> arango::Result<()> {
    /// books.set_properties().replication_factor(3).write_concern(2).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "configure")]
    #[inline]
    pub fn set_properties(&self) -> SetProperties {
        let operation = self.operation(|name| Ok(SetCollectionProperties::new(name)));
        SetProperties { collection: self.clone(), operation }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*);)*) => {
        impl SetProperties {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $name(mut self, $($argument: $type),*) -> Self {
                    self.operation = self.operation.map(|operation| operation.$name($($argument),*));
                    self
                }
            )*
        }
    };
}

setters! {
    /// Waits with each write until it is on disk.
    wait_for_sync();
    /// Waits for the disk only with writes that ask for it.
    skip_waiting_for_sync();
    /// Caches documents in memory.
    cache();
    /// Does not cache documents in memory.
    disable_cache();
    /// Replaces the schema, for documents that are written from now on.
    schema(schema: Schema);
    /// Removes the schema.
    remove_schema();
    /// Replaces the attributes that the server computes, for documents that are written from now on.
    computed_values(values: impl IntoIterator<Item = ComputedValue>);
    /// Sets the number of copies of each shard.
    replication_factor(factor: impl Into<ReplicationFactor>);
    /// Sets how many copies must be in sync for a write.
    write_concern(copies: u64);
}

impl IntoFuture for SetProperties {
    type Output = Result<CollectionProperties, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<SetCollectionProperties>)?;
            self.collection.database().execute(operation).await
        })
    }
}
