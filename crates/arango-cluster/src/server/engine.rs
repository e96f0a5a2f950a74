//! The storage engine of a server.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, Scope, open_enum};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::server::{ServerId, proxied_request};

open_enum! {
    /// A storage engine.
    pub enum StorageEngine {
        /// The only one since 3.7.
        RocksDb = "rocksdb",
    }
}

/// The storage engine of a server, and its features.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Engine {
    /// Its name.
    pub name: StorageEngine,
    /// Its features.
    pub supports: EngineSupport,
    /// `little` or `big`: the byte order of keys.
    ///
    /// Since 3.12, and not from coordinators: they store nothing.
    pub endianness: Option<String>,
}

/// The features of a storage engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EngineSupport {
    /// Types of indexes, such as `persistent`.
    ///
    /// `hash`, `skiplist` and `fulltext` are removed in 4.0.
    pub indexes: Vec<String>,
    /// Aliases. Removed in 4.0.
    pub aliases: EngineAliases,
    /// Whether the legacy file format can be inspected. Removed in 3.12.
    pub dfdb: Option<bool>,
}

/// Aliases of features.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EngineAliases {
    /// The type of index created for each alias.
    ///
    /// For example `persistent` for `hash`.
    pub indexes: BTreeMap<String, String>,
}

/// Reads the storage engine of the responding server.
///
/// # Errors
///
/// 401 without a login, or if the user has no access to the database of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetEngine;

impl Operation for GetEngine {
    type Output = Engine;

    const METADATA: Metadata = Metadata::get("server.engine", "/_api/engine").scope(Scope::Coordinator);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Engine, OutputError> {
        response.json()
    }
}

/// Reads the storage engine of a coordinator or DB-Server, through any coordinator.
///
/// The server is named as for [`GetServerVersion`](crate::GetServerVersion).
///
/// # Errors
///
/// Those of [`GetServerVersion`](crate::GetServerVersion).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerEngine<'a> {
    /// The server.
    pub server: &'a ServerId,
}

impl Operation for GetServerEngine<'_> {
    type Output = Engine;

    const METADATA: Metadata = Metadata::get("cluster.server_engine", "/_admin/cluster/nodeEngine").relayed();

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        proxied_request(Self::METADATA, self.server)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Engine, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn engine_requests_are_built() {
        assert_request(&GetEngine, "GET", "/_api/engine");
        let server = ServerId::from("DBServer0001");
        let operation = GetServerEngine { server: &server };
        assert_request(&operation, "GET", "/_admin/cluster/nodeEngine?ServerID=DBServer0001");
    }

    #[test]
    fn engine_support_is_read() {
        let engine = read(
            &GetEngine,
            r#"{"name":"rocksdb","supports":{"dfdb":false,"indexes":["primary","zkd"],
                "aliases":{"indexes":{"skiplist":"persistent"}}},"endianness":"little"}"#,
        );
        assert_eq!(engine.name, StorageEngine::RocksDb);
        assert_eq!(engine.supports.indexes, ["primary", "zkd"]);
        assert_eq!(engine.supports.aliases.indexes["skiplist"], "persistent");
        assert_eq!(engine.supports.dfdb, Some(false));
        assert_eq!(engine.endianness.as_deref(), Some("little"));
    }

    #[test]
    fn aliases_are_optional() {
        let engine = read(&GetEngine, r#"{"name":"rocksdb","supports":{"indexes":["primary"]}}"#);
        assert!(engine.supports.aliases.indexes.is_empty());
    }
}
