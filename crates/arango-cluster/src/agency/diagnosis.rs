//! Consistency checks of the agency.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::agency::AgencyDump;

const PATH: &str = "/_admin/cluster/agencyDiagnosis";

/// The result of a consistency check of the agency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgencyDiagnosis {
    /// The result; `None` if the agency's contents could not be read.
    #[serde(deserialize_with = "required_nullable")]
    pub diagnosis: Option<Diagnosis>,
    /// Whether the contents could not be read.
    ///
    /// That is a result, not an error of the call.
    #[serde(default)]
    pub error: bool,
    /// Why the contents could not be read, for people.
    #[serde(default)]
    pub error_message: String,
}

/// Decodes a field that may be null, but must be present.
fn required_nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The results of the single tests.
///
/// Each failed test has a description.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The tests that passed, such as `StalePendingJobs_GOOD`.
    pub good_tests: Vec<String>,
    /// The tests that failed, such as `StalePendingJobs_BAD`.
    pub bad_tests: Vec<String>,
    /// Collections of one database that share a name.
    pub duplicate_collection_names: Option<String>,
    /// Shards with an unhealthy leader.
    pub unhealthy_shard_leaders: Option<String>,
    /// Collections whose sharding differs from that of their `distributeShardsLike` collection.
    pub distribute_shards_like_inconsistencies: Option<String>,
    /// Jobs that have been pending for too long.
    pub stale_pending_jobs: Option<String>,
    /// Collections with an invalid schema.
    pub invalid_schemas: Option<String>,
}

/// How strictly the agency's contents are parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DiagnosisStrictness {
    /// Unknown contents are an error.
    #[default]
    Strict,
    /// Unknown contents are ignored.
    Lenient,
}

impl DiagnosisStrictness {
    fn apply(self, builder: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Strict => builder,
            Self::Lenient => builder.query("strict", "false"),
        }
    }
}

/// Checks the consistency of the agency. From late 3.12 on.
///
/// The first version that has it is not documented.
///
/// # Errors
///
/// 400 from servers that lack it; 403 without a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiagnoseAgency {
    /// How strictly the contents are parsed.
    pub strictness: DiagnosisStrictness,
}

impl Operation for DiagnoseAgency {
    type Output = AgencyDiagnosis;

    const METADATA: Metadata =
        Metadata::get("cluster.diagnose_agency", PATH).permission(Permission::Superuser);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.strictness.apply(RequestBuilder::new(Self::METADATA)).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AgencyDiagnosis, OutputError> {
        response.json_result()
    }
}

/// Checks the consistency of an agency dump.
///
/// The dump may be of another cluster or time. Versions and errors are those of [`DiagnoseAgency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiagnoseAgencyDump<'a> {
    /// The dump, as returned by [`GetAgencyDump`](crate::GetAgencyDump); must be an object.
    pub dump: &'a AgencyDump,
    /// How strictly the contents are parsed.
    pub strictness: DiagnosisStrictness,
}

impl Operation for DiagnoseAgencyDump<'_> {
    type Output = AgencyDiagnosis;

    const METADATA: Metadata = Metadata::post("cluster.diagnose_agency_dump", PATH)
        .without_body()
        .safe() // a read with a body
        .permission(Permission::Superuser);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        // A list contains the tree as its only element; the server accepts only an object.
        let AgencyDump(dump) = self.dump;
        let object = if dump.is_array() { dump.get(0) } else { Some(dump) };
        match object.filter(|object| object.is_object()) {
            Some(object) => {
                self.strictness.apply(RequestBuilder::new(Self::METADATA)).json::<Value>(object).build()
            }
            None => Err(BuildError::Field { field: "dump", reason: "contains no object" }),
        }
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AgencyDiagnosis, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, assert_request_with_body, read};

    #[test]
    fn failed_tests_are_described() {
        let operation = DiagnoseAgency::default();
        assert_request(&operation, "GET", PATH);
        assert_request(
            &DiagnoseAgency { strictness: DiagnosisStrictness::Lenient },
            "GET",
            "/_admin/cluster/agencyDiagnosis?strict=false",
        );
        let consistent = read(
            &operation,
            r#"{"error":false,"code":200,"result":{"diagnosis":{"goodTests":["StalePendingJobs_GOOD"],"badTests":[]},
                "error":false,"errorMessage":""}}"#,
        );
        assert_eq!(consistent.diagnosis.unwrap().good_tests, ["StalePendingJobs_GOOD"]);
        let inconsistent = read(
            &operation,
            r#"{"error":false,"result":{"diagnosis":{"goodTests":[],"badTests":["InvalidSchemas_BAD"],"invalidSchemas":"of coll"},
                "error":false,"errorMessage":""}}"#,
        );
        assert_eq!(inconsistent.diagnosis.unwrap().invalid_schemas.as_deref(), Some("of coll"));
        let unreadable = read(
            &operation,
            r#"{"error":false,"result":{"diagnosis":null,"error":true,"errorMessage":"no plan"}}"#,
        );
        assert_eq!(
            (unreadable.diagnosis, unreadable.error, unreadable.error_message.as_str()),
            (None, true, "no plan")
        );
    }

    #[test]
    fn a_dump_is_sent_as_the_object_that_it_holds() {
        let dump = |text: &str| AgencyDump(serde_json::from_str(text).unwrap());
        for text in [r#"{"arango":{}}"#, r#"[{"arango":{}}]"#] {
            let operation = DiagnoseAgencyDump { dump: &dump(text), strictness: DiagnosisStrictness::Strict };
            assert_request_with_body(&operation, "POST", PATH, r#"{"arango":{}}"#);
        }
        for text in ["[]", "7", "[7]"] {
            let operation = DiagnoseAgencyDump { dump: &dump(text), strictness: DiagnosisStrictness::Strict };
            assert_rejected(&operation, "`dump` contains no object");
        }
    }
}
