//! Setting how many servers there should be.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Serialize, Serializer};

use crate::ServerId;

/// How many servers of a kind there should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// This many.
    Count(usize),
    /// Nobody has said, as at first.
    Unset,
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_some(count),
            Self::Unset => serializer.serialize_none(),
        }
    }
}

/// Writes down how many servers there should be, and which DB-Servers are not to be used.
///
/// **No server is started or stopped by it**: it is read by people and by tools. All that is given is written at once;
/// what is `None` stays as it is.
///
/// To take a DB-Server that was [emptied](crate::CleanOutServer) back into use, write
/// [the list](crate::ServerCount::cleaned) without it.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not take it within 20 seconds. To change nothing is
/// refused before it is sent: servers take it for a success today, and mean not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SetServerCount<'a> {
    /// How many DB-Servers there should be.
    #[serde(rename = "numberOfDBServers", skip_serializing_if = "Option::is_none")]
    pub db_servers: Option<Target>,
    /// How many coordinators there should be.
    #[serde(rename = "numberOfCoordinators", skip_serializing_if = "Option::is_none")]
    pub coordinators: Option<Target>,
    /// Which DB-Servers are not to be used: the whole list, by their ids.
    #[serde(rename = "cleanedServers", skip_serializing_if = "Option::is_none")]
    pub cleaned: Option<&'a [ServerId]>,
}

impl Operation for SetServerCount<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::put("cluster.set_server_count", "/_admin/cluster/numberOfServers")
        .idempotent() // values, written over
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if *self == Self::default() {
            return Err(BuildError::Field { field: "server_count", reason: "changes nothing" });
        }
        for server in self.cleaned.unwrap_or_default() {
            server.given("cleaned")?;
        }
        RequestBuilder::new(Self::METADATA).json(self).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_refuses, assert_sends, read};

    const PATH: &str = "/_admin/cluster/numberOfServers";

    #[test]
    fn only_what_is_given_is_written() {
        let one = SetServerCount { db_servers: Some(Target::Count(5)), ..SetServerCount::default() };
        assert_sends(&one, "PUT", PATH, r#"{"numberOfDBServers":5}"#);
        let all = SetServerCount {
            db_servers: Some(Target::Unset),
            coordinators: Some(Target::Count(2)),
            cleaned: Some(&["PRMR-1".into()]),
        };
        assert_sends(
            &all,
            "PUT",
            PATH,
            r#"{"numberOfDBServers":null,"numberOfCoordinators":2,"cleanedServers":["PRMR-1"]}"#,
        );
        read(&all, r#"{"error":false,"code":200}"#);
        assert_refuses(&SetServerCount::default(), "`server_count` changes nothing");
    }
}
