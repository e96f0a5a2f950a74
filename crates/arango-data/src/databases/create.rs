//! Creating a database.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, CreatedResource, DatabaseName, DatabaseSharding, ErrorNumber,
    ErrorObject, Failure, Metadata, Operation, OutputError, Permission, ReplicationFactor, RequestBuilder,
    RequestClass, RequestProperties, Resolve,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::list::ListDatabases;
use crate::expected_error::is_response_lost;

/// Errors after which the database may exist: timeouts of the cluster and of the agency.
///
/// The server sends them with the status 400 here.
const UNDECIDED: [ErrorNumber; 4] = [
    ErrorNumber::CLUSTER_TIMEOUT,
    ErrorNumber(1460),
    ErrorNumber(1461),
    ErrorNumber::CLUSTER_AGENCY_COMMUNICATION_FAILED,
];

/// Creates a database.
///
/// The user `root` gets access to it.
///
/// # Errors
///
/// 409 with error 1207 if it exists, see [`if_missing`](Self::if_missing); 400 with error 1208 (3.10: 1229) if the name
/// is not allowed, and with error 32 if there are too many databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateDatabase {
    name: DatabaseName,
    options: Options,
    if_missing: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    sharding: Option<DatabaseSharding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_factor: Option<ReplicationFactor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_concern: Option<u64>,
}

/// The result of creating a database: it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatabaseCreation {
    /// It was created.
    Created,
    /// It existed before, perhaps with other options.
    Existed,
    /// The response was lost; a database of the name is there.
    Found,
}

impl CreateDatabase {
    /// Creates the database with this name.
    #[must_use]
    pub fn new(name: &DatabaseName) -> Self {
        Self { name: name.clone(), options: Options::default(), if_missing: false }
    }

    /// Succeeds if the database exists; its options are not compared.
    ///
    /// That it exists is found out by [`Resolve`].
    #[must_use]
    pub fn if_missing(mut self) -> Self {
        self.if_missing = true;
        self
    }

    /// Sets the sharding of its collections.
    #[must_use]
    pub fn sharding(mut self, sharding: DatabaseSharding) -> Self {
        self.options.sharding = Some(sharding);
        self
    }

    /// Sets the default number of copies of each shard.
    #[must_use]
    pub fn replication_factor(mut self, factor: impl Into<ReplicationFactor>) -> Self {
        self.options.replication_factor = Some(factor.into());
        self
    }

    /// Sets the default number of copies that must be in sync.
    #[must_use]
    pub fn write_concern(mut self, copies: u64) -> Self {
        self.options.write_concern = Some(copies);
        self
    }
}

impl Operation for CreateDatabase {
    type Output = DatabaseCreation;

    const METADATA: Metadata =
        Metadata::post("database.create", "/_api/database").system_only().permission(Permission::Admin);

    #[inline]
    fn properties(&self) -> RequestProperties {
        let class = if self.if_missing { RequestClass::Fenced } else { RequestClass::NonIdempotent };
        RequestProperties::of(&Self::METADATA).class(class)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            options: Option<&'a Options>,
        }
        let options = Some(&self.options).filter(|options| **options != Options::default());
        RequestBuilder::new(Self::METADATA)
            .json(&Body { name: self.name.as_str(), options })
            .creates(CreatedResource::database(&self.name))
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DatabaseCreation, OutputError> {
        confirmed(&response).map(|()| DatabaseCreation::Created)
    }
}

/// Accepts a response with the result `true`.
pub(super) fn confirmed(response: &ApiResponse) -> Result<(), OutputError> {
    if response.json_result::<bool>()? { Ok(()) } else { Err(response.invalid("`result` is false")) }
}

impl Resolve for CreateDatabase {
    type Question = ListDatabases;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<ListDatabases> {
        let is_undecided = failure.number.is_some_and(|number| UNDECIDED.contains(&number));
        let is_name_used = failure.number == Some(ErrorNumber::DUPLICATE_NAME);
        let is_own_name = is_name_used && (self.if_missing || failure.has_ambiguous_predecessor);
        (is_response_lost(failure) || is_undecided || is_own_name).then_some(ListDatabases)
    }

    #[inline]
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Vec<DatabaseName>, &ErrorObject>,
    ) -> Conclusion<DatabaseCreation> {
        match answer {
            Ok(names) if names.contains(&self.name) => {
                Conclusion::Executed(if failure.has_ambiguous_predecessor || is_response_lost(failure) {
                    DatabaseCreation::Found
                } else {
                    DatabaseCreation::Existed
                })
            }
            Ok(_) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, read};
    use arango_protocol::{ErrorKind, Outcome};

    fn shop() -> DatabaseName {
        DatabaseName::new("shop").unwrap()
    }

    #[test]
    fn only_the_options_that_were_set_are_sent() {
        let create = CreateDatabase::new(&shop());
        assert_request_with_body(&create, "POST", "/_api/database", r#"{"name":"shop"}"#);
        let full = create.sharding(DatabaseSharding::Single).replication_factor(3).write_concern(2);
        let body =
            r#"{"name":"shop","options":{"sharding":"single","replicationFactor":3,"writeConcern":2}}"#;
        assert_request_with_body(&full, "POST", "/_api/database", body);
        assert_eq!(read(&full, r#"{"error":false,"code":201,"result":true}"#), DatabaseCreation::Created);
    }

    #[test]
    fn a_database_that_exists_is_an_error_unless_that_was_expected() {
        let number = Some(ErrorNumber::DUPLICATE_NAME);
        let exists = Failure::new(ErrorKind::Conflict, Outcome::Executed, number);
        let create = CreateDatabase::new(&shop());
        assert!(create.question(&exists).is_none());
        assert_eq!(create.properties().class, RequestClass::NonIdempotent);
        let ensure = create.if_missing();
        assert!(ensure.question(&exists).is_some());
        let conclusion = ensure.conclusion(&exists, Ok(vec![shop()]));
        assert_eq!(conclusion, Conclusion::Executed(DatabaseCreation::Existed));
        assert_eq!(ensure.properties().class, RequestClass::Fenced);
    }

    #[test]
    fn a_lost_creation_and_an_undecided_one_are_found_out_by_listing() {
        let create = CreateDatabase::new(&shop());
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        let undecided =
            |number| Failure::new(ErrorKind::Server, Outcome::Executed, Some(ErrorNumber(number)));
        for failure in [lost, undecided(1457), undecided(1460), undecided(1461), undecided(1492)] {
            assert!(create.question(&failure).is_some(), "{failure:?}");
        }
        assert!(create.question(&undecided(1208)).is_none());
        let found = create.conclusion(&lost, Ok(vec![DatabaseName::system(), shop()]));
        assert_eq!(found, Conclusion::Executed(DatabaseCreation::Found));
        assert_eq!(create.conclusion(&lost, Ok(vec![DatabaseName::system()])), Conclusion::NotSeen);
    }
}
