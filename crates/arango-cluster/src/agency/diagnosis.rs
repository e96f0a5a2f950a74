//! Whether what the agency holds is sound.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::AgencyDump;

const PATH: &str = "/_admin/cluster/agencyDiagnosis";

/// What was found in what the agency holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgencyDiagnosis {
    /// What was found; `None` if it could not be read.
    #[serde(deserialize_with = "there")]
    pub diagnosis: Option<Diagnosis>,
    /// Whether it could not be read. It is an answer, not a failure.
    #[serde(default)]
    pub error: bool,
    /// Why it could not be read, for people.
    #[serde(default)]
    pub error_message: String,
}

/// Reads what may be null, but has to be there.
fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// What was found. For each test that failed there is a text that says what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The tests that went well, such as `StalePendingJobs_GOOD`.
    pub good_tests: Vec<String>,
    /// The tests that failed, such as `StalePendingJobs_BAD`.
    pub bad_tests: Vec<String>,
    /// Collections of one database that share a name.
    pub duplicate_collection_names: Option<String>,
    /// Shards whose leader is not well.
    pub unhealthy_shard_leaders: Option<String>,
    /// Collections that are not sharded as the one that they follow.
    pub distribute_shards_like_inconsistencies: Option<String>,
    /// Jobs that have been pending for too long.
    pub stale_pending_jobs: Option<String>,
    /// Collections whose schema is none.
    pub invalid_schemas: Option<String>,
}

/// Says how strictly what the agency holds is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strictness {
    /// What is not known makes it unreadable.
    #[default]
    Strict,
    /// What is not known is passed over.
    Lenient,
}

impl Strictness {
    fn of(self, draft: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Strict => draft,
            Self::Lenient => draft.query("strict", "false"),
        }
    }
}

/// Asks whether what the agency holds is sound. From late 3.12 on; the first version that has it is not documented.
///
/// # Errors
///
/// 400 from servers that lack it; 403 without a superuser's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiagnoseAgency {
    /// How strictly it is read.
    pub strictness: Strictness,
}

impl Operation for DiagnoseAgency {
    type Output = AgencyDiagnosis;

    const METADATA: Metadata =
        Metadata::get("cluster.diagnose_agency", PATH).permission(Permission::Superuser);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.strictness.of(RequestBuilder::new(Self::METADATA)).build()
    }

    fn output(&self, response: ApiResponse) -> Result<AgencyDiagnosis, DecodeError> {
        response.json_result()
    }
}

/// Asks whether what an agency held is sound, perhaps another cluster's at another time. Versions and errors are those of
/// [`DiagnoseAgency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiagnoseAgencyDump<'a> {
    /// All that it held, as [`GetAgencyDump`](crate::GetAgencyDump) tells it, if it is an object.
    pub dump: &'a AgencyDump,
    /// How strictly it is read.
    pub strictness: Strictness,
}

impl Operation for DiagnoseAgencyDump<'_> {
    type Output = AgencyDiagnosis;

    const METADATA: Metadata = Metadata::post("cluster.diagnose_agency_dump", PATH)
        .safe() // a question that is too long for a GET
        .permission(Permission::Superuser);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        // A list holds the tree as its only element; the server takes objects alone.
        let AgencyDump(dump) = self.dump;
        let object = if dump.is_array() { dump.get(0) } else { Some(dump) };
        match object.filter(|object| object.is_object()) {
            Some(object) => {
                self.strictness.of(RequestBuilder::new(Self::METADATA)).json::<Value>(object).build()
            }
            None => Err(BuildError::Field { field: "dump", reason: "holds no object" }),
        }
    }

    fn output(&self, response: ApiResponse) -> Result<AgencyDiagnosis, DecodeError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, assert_sends, read};

    #[test]
    fn tests_that_failed_say_what_is_wrong() {
        let ask = DiagnoseAgency::default();
        assert_asks(&ask, "GET", PATH);
        assert_asks(
            &DiagnoseAgency { strictness: Strictness::Lenient },
            "GET",
            "/_admin/cluster/agencyDiagnosis?strict=false",
        );
        let sound = read(
            &ask,
            r#"{"error":false,"code":200,"result":{"diagnosis":{"goodTests":["StalePendingJobs_GOOD"],"badTests":[]},
                "error":false,"errorMessage":""}}"#,
        );
        assert_eq!(sound.diagnosis.unwrap().good_tests, ["StalePendingJobs_GOOD"]);
        let ill = read(
            &ask,
            r#"{"error":false,"result":{"diagnosis":{"goodTests":[],"badTests":["InvalidSchemas_BAD"],"invalidSchemas":"of coll"},
                "error":false,"errorMessage":""}}"#,
        );
        assert_eq!(ill.diagnosis.unwrap().invalid_schemas.as_deref(), Some("of coll"));
        let unreadable = read(
            &ask,
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
            let ask = DiagnoseAgencyDump { dump: &dump(text), strictness: Strictness::Strict };
            assert_sends(&ask, "POST", PATH, r#"{"arango":{}}"#);
        }
        for text in ["[]", "7", "[7]"] {
            let ask = DiagnoseAgencyDump { dump: &dump(text), strictness: Strictness::Strict };
            assert_refuses(&ask, "`dump` holds no object");
        }
    }
}
