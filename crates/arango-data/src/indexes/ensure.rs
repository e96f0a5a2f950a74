//! Creating an index unless there is one that does the same.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, RequestBuilder, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;

use super::definition::Index;
use super::info::{IndexInfo, ListIndexes};
use crate::ensured::Ensured;
use crate::names::CollectionName;
use crate::property_difference::PropertyDifference;

/// How long building may take by default.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3600);

/// Creates an index unless the collection has one that does the same.
///
/// It can be repeated: a second copy finds the index of the first. The server goes on building after the client has
/// given up, by default for up to three days; it can then be ensured again. If the name is that of another index,
/// [`Resolve`] reads and compares that one.
///
/// # Errors
///
/// 400 with error 1210 if documents have equal values; 400 with error 1207 if another index has the name; 400 with error
/// 1470 if a unique index does not contain all shard keys; 400 with error 10 if the definition is invalid; 404 with
/// error 1203 if the collection does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureIndex {
    collection: CollectionName,
    index: Index,
    build_timeout: Duration,
}

impl EnsureIndex {
    /// Ensures an index of this collection.
    #[must_use]
    pub fn new(collection: &CollectionName, index: impl Into<Index>) -> Self {
        Self { collection: collection.clone(), index: index.into(), build_timeout: BUILD_TIMEOUT }
    }

    /// Sets how long the client waits until the index is built.
    ///
    /// By default an hour.
    #[must_use]
    pub fn build_timeout(mut self, limit: Duration) -> Self {
        self.build_timeout = limit;
        self
    }

    /// Compares an index that exists. Its name may be another one.
    #[inline]
    fn compared(&self, index: IndexInfo) -> Ensured<IndexInfo> {
        let mut differences = self.index.differences(&index);
        if let Some(name) = self.index.name().filter(|name| *name != index.name) {
            differences.push(PropertyDifference::fixed("name", name.into(), index.name.as_str().into()));
        }
        Ensured::existed(self.subject(), index, differences)
    }

    #[inline]
    fn subject(&self) -> String {
        format!("index {}/{}", self.collection, self.index)
    }
}

impl Operation for EnsureIndex {
    type Output = Ensured<IndexInfo>;

    const METADATA: Metadata = Metadata::post("index.ensure", "/_api/index")
        .fenced()
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn properties(&self) -> RequestProperties {
        // A second copy would wait for the first one.
        RequestProperties::of(&Self::METADATA).server_timeout(self.build_timeout).without_timeout_retry()
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.index.check()?;
        RequestBuilder::new(Self::METADATA)
            .query("collection", self.collection.as_str())
            .json(&self.index)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Ensured<IndexInfo>, OutputError> {
        let mut index = IndexInfo::from_response(&response)?;
        let is_new = index.other.remove("isNewlyCreated").and_then(|is_new| is_new.as_bool());
        match is_new {
            Some(true) => Ok(Ensured::created(self.subject(), index)),
            Some(false) => Ok(self.compared(index)),
            None => Err(response.invalid("no `isNewlyCreated`")),
        }
    }
}

impl Resolve for EnsureIndex {
    type Question = ListIndexes;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<ListIndexes> {
        let is_name_used = failure.number == Some(ErrorNumber::DUPLICATE_NAME) && self.index.name().is_some();
        is_name_used.then(|| ListIndexes::new(&self.collection))
    }

    #[inline]
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Vec<IndexInfo>, &ErrorObject>,
    ) -> Conclusion<Ensured<IndexInfo>> {
        let Ok(indexes) = answer else { return Conclusion::CannotTell };
        let same_name = |index: &IndexInfo| self.index.name() == Some(index.name.as_str());
        match indexes.into_iter().find(same_name).map(|index| self.compared(index)) {
            // The server has refused it, so it differs in something that was not set.
            Some(ensured) if ensured.matches() => Conclusion::Superseded,
            Some(ensured) => Conclusion::Executed(ensured),
            None if failure.has_ambiguous_predecessor => Conclusion::NotSeen,
            // It may be an index that is being built, or was dropped meanwhile.
            None => Conclusion::NotExecuted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, name, read, response};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    fn by_year() -> EnsureIndex {
        EnsureIndex::new(&name("books"), Index::persistent(["year"]))
    }

    #[test]
    fn the_collection_is_a_parameter_and_the_definition_the_body() {
        let body = r#"{"fields":["year"],"type":"persistent"}"#;
        assert_request_with_body(&by_year(), "POST", "/_api/index?collection=books", body);
        assert_rejected(
            &EnsureIndex::new(&name("books"), Index::geo(["g"]).unique()),
            "`index` has an option that its type does not have",
        );
    }

    #[test]
    fn it_may_take_long_and_can_be_repeated() {
        let properties = by_year().build_timeout(Duration::from_secs(7200)).properties();
        assert_eq!(
            (properties.class, properties.server_timeout),
            (RequestClass::Fenced, Some(Duration::from_secs(7200)))
        );
        assert!(!properties.retries_timeouts);
    }

    #[test]
    fn an_index_that_existed_is_distinguished_from_a_new_one() {
        for (is_new, status) in [(true, 201), (false, 200)] {
            let body = format!(
                r#"{{"id":"books/7","type":"persistent","name":"idx_7","fields":["year"],"unique":false,"sparse":false,
                "estimates":true,"isNewlyCreated":{is_new},"error":false,"code":{status}}}"#
            );
            let ensured = read(&by_year(), &body);
            assert_eq!((ensured.existed, ensured.actual.other.len()), (!is_new, 1), "{ensured:?}");
            assert!(ensured.matches());
        }
        assert!(by_year().output(response(201, r#"{"id":"books/7","type":"persistent"}"#)).is_err());
    }
    #[test]
    fn an_index_with_another_name_or_under_the_same_name_is_compared() {
        let index = |name: &str, field: &str| {
            format!(
                r#"{{"id":"books/7","type":"persistent","name":"{name}","fields":["{field}"],"unique":false,"sparse":false"#
            )
        };
        let ensure = EnsureIndex::new(&name("books"), Index::persistent(["year"]).named("by_year"));
        let existing = read(&ensure, &(index("idx_7", "year") + r#","isNewlyCreated":false}"#));
        let text = r#"index books/by_year exists and differs: name is "idx_7", expected "by_year""#;
        assert_eq!(existing.to_string(), text);

        let used = Failure::new(ErrorKind::Conflict, Outcome::NotExecuted, Some(ErrorNumber::DUPLICATE_NAME));
        let question = ensure.question(&used).unwrap();
        let listed = |index: String| read(&question, &format!(r#"{{"indexes":[{index}}}]}}"#));
        let conclusion = ensure.conclusion(&used, Ok(listed(index("by_year", "title"))));
        let Conclusion::Executed(ensured) = conclusion else { panic!("{conclusion:?}") };
        assert_eq!((ensured.existed, &*ensured.differences[0].property), (true, "fields"));
        let same = listed(index("by_year", "year"));
        assert_eq!(ensure.conclusion(&used, Ok(same)), Conclusion::Superseded, "no difference seen");
        let other = listed(index("other", "title"));
        assert_eq!(ensure.conclusion(&used, Ok(other)), Conclusion::NotExecuted);
        assert!(by_year().question(&used).is_none(), "without a name");
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(ensure.question(&lost).is_none(), "it was repeated");
    }
}
