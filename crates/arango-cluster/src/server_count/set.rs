//! Setting the target number of servers.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Serialize, Serializer};

use crate::server::ServerId;

/// The target number of servers of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerCountTarget {
    /// This many.
    Count(usize),
    /// No target, as in a new cluster.
    Unset,
}

impl Serialize for ServerCountTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_some(count),
            Self::Unset => serializer.serialize_none(),
        }
    }
}

/// Sets the target number of servers, and the list of unused DB-Servers.
///
/// **It starts and stops no server**: the values are for people and tools. All given fields are written at once;
/// `None` leaves a field unchanged.
///
/// To use a DB-Server that was [cleaned out](crate::CleanOutServer) again, write [the
/// list](crate::ServerCount::cleaned) without it.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not accept it within 20 seconds. A request that
/// changes nothing is rejected before sending: servers accept it today, but they are meant to reject it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SetServerCount<'a> {
    /// The target number of DB-Servers.
    #[serde(rename = "numberOfDBServers", skip_serializing_if = "Option::is_none")]
    pub db_servers: Option<ServerCountTarget>,
    /// The target number of coordinators.
    #[serde(rename = "numberOfCoordinators", skip_serializing_if = "Option::is_none")]
    pub coordinators: Option<ServerCountTarget>,
    /// The DB-Servers that are not used: the whole list, by their ids.
    #[serde(rename = "cleanedServers", skip_serializing_if = "Option::is_none")]
    pub cleaned: Option<&'a [ServerId]>,
}

impl Operation for SetServerCount<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::put("cluster.set_server_count", "/_admin/cluster/numberOfServers")
        .idempotent() // overwrites values
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if *self == Self::default() {
            return Err(BuildError::Field { field: "server_count", reason: "changes nothing" });
        }
        for server in self.cleaned.unwrap_or_default() {
            server.checked_id("cleaned")?;
        }
        RequestBuilder::new(Self::METADATA).json(self).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, read};

    const PATH: &str = "/_admin/cluster/numberOfServers";

    #[test]
    fn only_what_is_given_is_written() {
        let one =
            SetServerCount { db_servers: Some(ServerCountTarget::Count(5)), ..SetServerCount::default() };
        assert_request_with_body(&one, "PUT", PATH, r#"{"numberOfDBServers":5}"#);
        let all = SetServerCount {
            db_servers: Some(ServerCountTarget::Unset),
            coordinators: Some(ServerCountTarget::Count(2)),
            cleaned: Some(&["PRMR-1".into()]),
        };
        assert_request_with_body(
            &all,
            "PUT",
            PATH,
            r#"{"numberOfDBServers":null,"numberOfCoordinators":2,"cleanedServers":["PRMR-1"]}"#,
        );
        read(&all, r#"{"error":false,"code":200}"#);
        assert_rejected(&SetServerCount::default(), "`server_count` changes nothing");
    }
}
