//! Removing all documents of a collection.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorObject, Failure, Metadata, Operation, OutputError, Permission,
    RequestBuilder, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;

use super::count::CountDocuments;
use super::info::CollectionInfo;
use crate::names::CollectionName;

/// Removes all documents of a collection.
///
/// It is not repeated if its response was lost, since a late copy would remove what was inserted meanwhile. Nor is it if a
/// DB-Server refuses it, since others may have executed it.
///
/// # Errors
///
/// 404 with error 1203 if the collection does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruncateCollection {
    collection: CollectionName,
    waits_for_sync: bool,
    skips_compaction: bool,
}

impl TruncateCollection {
    /// Removes all documents of this collection.
    #[must_use]
    pub fn new(collection: &CollectionName) -> Self {
        Self { collection: collection.clone(), waits_for_sync: false, skips_compaction: false }
    }

    /// Waits until the removal is on disk.
    ///
    /// Otherwise the collection decides.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.waits_for_sync = true;
        self
    }

    /// Leaves the disk space to be reclaimed later.
    #[must_use]
    pub fn skip_compaction(mut self) -> Self {
        self.skips_compaction = true;
        self
    }
}

impl Operation for TruncateCollection {
    type Output = ();

    const METADATA: Metadata = Metadata::put("collection.truncate", "/_api/collection/{collection}/truncate")
        .without_body()
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn properties(&self) -> RequestProperties {
        // One shard may refuse it after others were truncated.
        RequestProperties::of(&Self::METADATA).without_rollback()
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut builder =
            RequestBuilder::new(Self::METADATA).path_param("collection", self.collection.as_str());
        if self.waits_for_sync {
            builder = builder.query("waitForSync", "true");
        }
        if self.skips_compaction {
            builder = builder.query("compact", "false");
        }
        builder.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.json::<CollectionInfo>().map(drop)
    }
}

impl Resolve for TruncateCollection {
    type Question = CountDocuments;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<CountDocuments> {
        failure.is_response_lost().then(|| CountDocuments { collection: self.collection.clone() })
    }

    #[inline]
    fn conclusion(&self, _: &Failure, answer: Result<u64, &ErrorObject>) -> Conclusion<()> {
        match answer {
            Ok(0) => Conclusion::Executed(()),
            Ok(_) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, name, read};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_lost_truncation_is_found_out_by_counting() {
        let truncate = TruncateCollection::new(&name("books"));
        assert_request(&truncate, "PUT", "/_api/collection/books/truncate");
        assert_eq!(truncate.properties().class, RequestClass::NonIdempotent);
        assert!(!truncate.properties().is_rolled_back);
        read(&truncate, r#"{"error":false,"code":200,"id":"101","name":"books","type":2,"isSystem":false}"#);
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert_request(&truncate.question(&lost).unwrap(), "GET", "/_api/collection/books/count");
        assert_eq!(truncate.conclusion(&lost, Ok(0)), Conclusion::Executed(()));
        assert_eq!(truncate.conclusion(&lost, Ok(1)), Conclusion::NotSeen);
        let all = truncate.wait_for_sync().skip_compaction();
        assert_request(&all, "PUT", "/_api/collection/books/truncate?waitForSync=true&compact=false");
    }
}
