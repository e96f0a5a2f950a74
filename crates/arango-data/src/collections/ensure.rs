//! Creating a collection unless it exists.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;

use super::create::{CreateCollection, conclude_refused};
use super::properties::{CollectionProperties, GetCollectionProperties};
use crate::ensured::Ensured;

/// How long it may take until all coordinators know a new collection.
const PROPAGATION: Duration = Duration::from_secs(10);

/// Creates a collection, or compares the existing one.
///
/// Created by [`CreateCollection::ensure`]. That a collection exists is found out by [`Resolve`], which reads its
/// properties. It is never changed.
///
/// # Errors
///
/// As [`CreateCollection`], but for 409 with error 1207.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureCollection {
    create: CreateCollection,
}

impl EnsureCollection {
    pub(super) fn new(create: CreateCollection) -> Self {
        Self { create }
    }

    fn subject(&self) -> String {
        format!("collection {}", self.create.name())
    }
}

impl Operation for EnsureCollection {
    type Output = Ensured<CollectionProperties>;

    const METADATA: Metadata = Metadata::post("collection.ensure", "/_api/collection")
        .fenced()
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.create.builder(Self::METADATA).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Ensured<CollectionProperties>, OutputError> {
        let properties = self.create.output(response)?;
        Ok(Ensured::created(self.subject(), properties))
    }
}

impl Resolve for EnsureCollection {
    type Question = GetCollectionProperties;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetCollectionProperties> {
        let is_name_used = failure.number == Some(ErrorNumber::DUPLICATE_NAME);
        (failure.is_response_lost() || is_name_used).then(|| self.create.read_existing())
    }

    #[inline]
    fn resolution_timeout(&self) -> Duration {
        PROPAGATION
    }

    #[inline]
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<CollectionProperties, &ErrorObject>,
    ) -> Conclusion<Ensured<CollectionProperties>> {
        match answer {
            Ok(properties) => {
                let differences = self.create.differences(&properties);
                Conclusion::Executed(Ensured::existed(self.subject(), properties, differences))
            }
            // A coordinator has refused the name, so the collection exists: this one does not know it yet.
            Err(object)
                if object.number == ErrorNumber::DATA_SOURCE_NOT_FOUND
                    && failure.number == Some(ErrorNumber::DUPLICATE_NAME) =>
            {
                Conclusion::AskAgain { otherwise: None }
            }
            Err(object) => conclude_refused(object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections::properties::tests::properties;
    use crate::testing::{name, read};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};
    use serde_json::json;

    #[test]
    fn w18_a_collection_that_exists_is_compared() {
        let ensure = CreateCollection::new(&name("books")).shards(3).write_concern(2).ensure();
        assert_eq!(ensure.properties().class, RequestClass::Fenced);
        let number = Some(ErrorNumber::DUPLICATE_NAME);
        for failure in [
            Failure::new(ErrorKind::Conflict, Outcome::NotExecuted, number),
            Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None),
        ] {
            let existing = read(&ensure.question(&failure).unwrap(), &properties(&json!({})));
            let conclusion = ensure.conclusion(&failure, Ok(existing));
            let Conclusion::Executed(ensured) = conclusion else { panic!("{conclusion:?}") };
            assert!(ensured.existed && ensured.differences.len() == 1);
            assert_eq!(ensured.differences[0].property, "writeConcern");
        }
    }

    #[test]
    fn a_collection_that_exists_and_is_not_known_everywhere_is_asked_for_again() {
        let ensure = CreateCollection::new(&name("books")).ensure();
        let unknown = br#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"not found"}"#;
        let unknown = ErrorObject::parse(unknown).unwrap();
        let used = Failure::new(ErrorKind::Conflict, Outcome::NotExecuted, Some(ErrorNumber::DUPLICATE_NAME));
        assert_eq!(ensure.conclusion(&used, Err(&unknown)), Conclusion::AskAgain { otherwise: None });
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert_eq!(ensure.conclusion(&lost, Err(&unknown)), Conclusion::NotSeen);
        assert!(!ensure.resolution_timeout().is_zero());
    }

    #[test]
    fn a_created_collection_has_no_differences() {
        let ensure = CreateCollection::new(&name("books")).ensure();
        let ensured = read(&ensure, &properties(&json!({})));
        assert!(!ensured.existed && ensured.differences.is_empty());
    }
}
