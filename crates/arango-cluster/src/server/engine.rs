//! Which storage engine a server has.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::open_enum::open_enum;
use crate::{ServerId, proxied};

open_enum! {
    /// A storage engine.
    pub enum StorageEngine {
        /// The only one that servers have had since 3.7.
        RocksDb = "rocksdb",
    }
}

/// The storage engine of a server, and what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Engine {
    /// Which it is.
    pub name: StorageEngine,
    /// What it can do.
    pub supports: EngineSupport,
    /// `little` or `big`: the order of bytes in keys. Said by DB-Servers since 3.12.
    pub endianness: Option<String>,
}

/// What a storage engine can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EngineSupport {
    /// Types of indexes, such as `persistent`. `hash`, `skiplist` and `fulltext` are gone since 4.0.
    pub indexes: Vec<String>,
    /// Other names for the same. Gone since 4.0.
    pub aliases: EngineAliases,
    /// Whether the file format of old times can be inspected. Gone since 3.12.
    pub dfdb: Option<bool>,
}

/// Other names for what a storage engine can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EngineAliases {
    /// The type that is made when the type of the key is asked for, such as `hash`: `persistent`.
    pub indexes: BTreeMap<String, String>,
}

/// Asks the server that answers for its storage engine.
///
/// # Errors
///
/// 401 if nobody is logged in, or the user has no right to the database that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetEngine;

impl Operation for GetEngine {
    type Output = Engine;

    const METADATA: Metadata = Metadata::get("server.engine", "/_api/engine").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Engine, DecodeError> {
        response.json()
    }
}

/// Asks a coordinator or DB-Server for its storage engine, through whichever coordinator answers.
///
/// It is named as for [`GetServerVersion`](crate::GetServerVersion).
///
/// # Errors
///
/// Those of [`GetServerVersion`](crate::GetServerVersion).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerEngine<'a> {
    /// The server to be asked.
    pub server: &'a ServerId,
}

impl Operation for GetServerEngine<'_> {
    type Output = Engine;

    const METADATA: Metadata = Metadata::get("cluster.server_engine", "/_admin/cluster/nodeEngine").relayed();

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        proxied(Self::METADATA, self.server)
    }

    fn output(&self, response: ApiResponse) -> Result<Engine, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn the_engine_is_asked_for() {
        assert_asks(&GetEngine, "GET", "/_api/engine");
        let server = ServerId::from("DBServer0001");
        let ask = GetServerEngine { server: &server };
        assert_asks(&ask, "GET", "/_admin/cluster/nodeEngine?ServerID=DBServer0001");
    }

    #[test]
    fn what_an_engine_can_do_is_read() {
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
    fn aliases_may_be_gone() {
        let engine = read(&GetEngine, r#"{"name":"rocksdb","supports":{"indexes":["primary"]}}"#);
        assert!(engine.supports.aliases.indexes.is_empty());
    }
}
