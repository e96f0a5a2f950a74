//! Dropping a collection.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, RequestBuilder, RequestClass, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;

use super::id::CollectionId;
use super::info::{CollectionInfo, GetCollection};
use crate::expected_error::{accept_error, is_response_lost, server_error};
use crate::names::CollectionName;

/// Drops a collection.
///
/// By its [id](Self::by_id) it is dropped exactly once, however often the request is sent. By its [name](Self::by_name)
/// the request is not repeated if its response was lost, since a late copy would drop the next collection of that name.
///
/// # Errors
///
/// 404 with error 1203 if there is no collection of the name; 403 with error 11 if it is a system collection, see
/// [`system`](Self::system); 500 with error 1485 if shards of other collections are distributed like its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropCollection {
    target: Target,
    is_system: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Name(CollectionName),
    Id(CollectionId),
}

impl DropCollection {
    /// Drops the collection that has the name when the request is executed.
    #[must_use]
    pub fn by_name(name: &CollectionName) -> Self {
        Self { target: Target::Name(name.clone()), is_system: false }
    }

    /// Drops the collection with this id.
    ///
    /// One that does not exist any more counts as dropped.
    #[must_use]
    pub fn by_id(id: &CollectionId) -> Self {
        Self { target: Target::Id(id.clone()), is_system: false }
    }

    /// Drops a system collection.
    #[must_use]
    pub fn system(mut self) -> Self {
        self.is_system = true;
        self
    }
}

impl Operation for DropCollection {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("collection.drop", "/_api/collection/{collection}")
        .scope(Scope::Database)
        .permission(Permission::Write)
        .accept_statuses(&[404]);

    #[inline]
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(match self.target {
            Target::Name(_) => RequestClass::NonIdempotent,
            Target::Id(_) => RequestClass::Fenced,
        })
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let target = match &self.target {
            Target::Name(name) => name.as_str(),
            Target::Id(id) if id.is_valid() => id.as_str(),
            Target::Id(_) => {
                return Err(BuildError::Field { field: "id", reason: "is not the id of a collection" });
            }
        };
        let builder = RequestBuilder::new(Self::METADATA).path_param("collection", target);
        if self.is_system { builder.query("isSystem", "true") } else { builder }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "id")]
            _id: CollectionId,
        }
        if response.status() != StatusCode::NOT_FOUND {
            return response.json::<Body>().map(drop);
        }
        match self.target {
            Target::Name(_) => Err(server_error(&response)),
            Target::Id(_) => accept_error(&response, ErrorNumber::DATA_SOURCE_NOT_FOUND),
        }
    }
}

impl Resolve for DropCollection {
    type Question = GetCollection;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetCollection> {
        match &self.target {
            Target::Name(name) if is_response_lost(failure) => {
                Some(GetCollection { collection: name.clone() })
            }
            // It is repeated until the response arrives.
            _ => None,
        }
    }

    #[inline]
    fn conclusion(&self, _: &Failure, answer: Result<CollectionInfo, &ErrorObject>) -> Conclusion<()> {
        match answer {
            Ok(_) => Conclusion::NotSeen,
            Err(object) if object.number == ErrorNumber::DATA_SOURCE_NOT_FOUND => Conclusion::Executed(()),
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, name, read, response};
    use arango_protocol::{ErrorKind, Outcome};

    const MISSING: &str = r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"not found"}"#;

    #[test]
    fn an_id_is_dropped_exactly_once_and_may_be_gone() {
        let drop = DropCollection::by_id(&"101".into());
        assert_request(&drop, "DELETE", "/_api/collection/101");
        assert_eq!(drop.properties().class, RequestClass::Fenced);
        read(&drop, r#"{"error":false,"code":200,"id":"101"}"#);
        drop.output(response(404, MISSING)).unwrap();
        assert!(drop.output(response(404, &MISSING.replace("1203", "1228"))).is_err());
        assert_rejected(&DropCollection::by_id(&"books".into()), "`id` is not the id of a collection");
    }

    #[test]
    fn a_collection_that_never_existed_is_not_taken_for_a_dropped_one() {
        let number = Some(ErrorNumber::DATA_SOURCE_NOT_FOUND);
        // The transport does not know what an operation reads from an accepted status.
        let missing = Failure::new(ErrorKind::CollectionNotFound, Outcome::Unknown, number);
        assert!(DropCollection::by_name(&name("books")).question(&missing).is_none());
    }

    #[test]
    fn w19_a_lost_drop_by_name_is_not_repeated_and_does_not_drop_the_next_collection() {
        let drop = DropCollection::by_name(&name("books"));
        assert_request(&drop.clone().system(), "DELETE", "/_api/collection/books?isSystem=true");
        assert_eq!(drop.properties().class, RequestClass::NonIdempotent);
        assert!(drop.output(response(404, MISSING)).is_err());
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        let question = drop.question(&lost).unwrap();
        let missing = ErrorObject::parse(MISSING.as_bytes()).unwrap();
        assert_eq!(drop.conclusion(&lost, Err(&missing)), Conclusion::Executed(()));
        let created_again = read(&question, r#"{"id":"102","name":"books","type":2,"error":false}"#);
        assert_eq!(drop.conclusion(&lost, Ok(created_again)), Conclusion::NotSeen);
    }
}
