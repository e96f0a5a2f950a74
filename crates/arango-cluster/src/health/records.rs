//! Decodes health records one by one, so that an invalid one does not hide the others.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::health::ServerHealth;
use crate::server::ServerId;

/// The records, ordered by id, and what could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Records {
    pub(super) servers: Vec<(ServerId, ServerHealth)>,
    pub(super) unreadable: Vec<(ServerId, String)>,
}

impl Records {
    fn add(&mut self, id: ServerId, record: Value) {
        // serde would read the items of a list as the fields.
        let whole = record.as_object().and_then(|fields| ServerHealth::deserialize(fields).ok());
        let server = whole.unwrap_or_else(|| self.recover_fields(&id, record));
        self.servers.push((id, server));
    }

    /// Keeps the fields of a record that can be decoded, and records the others.
    #[cold]
    fn recover_fields(&mut self, id: &ServerId, record: Value) -> ServerHealth {
        let mut kept = Map::new();
        match record {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let mut alone = Map::new();
                    alone.insert(name.clone(), value);
                    match ServerHealth::deserialize(&alone) {
                        Ok(_) => kept.extend(alone),
                        Err(error) => self.unreadable.push((id.clone(), format!("{name}: {error}"))),
                    }
                }
            }
            _ => self.unreadable.push((id.clone(), "the record is not an object".to_owned())),
        }
        let has_role = kept.contains_key("Role");
        let mut server = ServerHealth::deserialize(&kept).expect("each field of it was read");
        if let Some(role) = id.kind().filter(|_| !has_role) {
            server.role = role;
        }
        server
    }
}

/// As the server writes them: an object of servers by id.
impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.servers.iter().map(|(id, server)| (id, server)))
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut records = deserializer.deserialize_map(RecordsVisitor)?;
        sort(&mut records.servers);
        records.unreadable.sort();
        Ok(records)
    }
}

/// The server's order is unspecified. Sorting a vector once costs less than building a tree, and almost nothing if
/// the records are already sorted.
fn sort(servers: &mut [(ServerId, ServerHealth)]) {
    servers.sort_by(|(a, _), (b, _)| a.cmp(b));
}

/// Valid records only, decoded without building JSON values.
pub(super) struct ExactRecords(Vec<(ServerId, ServerHealth)>);

impl From<ExactRecords> for Records {
    fn from(ExactRecords(mut servers): ExactRecords) -> Self {
        sort(&mut servers);
        Self { servers, unreadable: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for ExactRecords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ExactVisitor)
    }
}

struct ExactVisitor;

impl<'de> Visitor<'de> for ExactVisitor {
    type Value = ExactRecords;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of servers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ExactRecords, A::Error> {
        let mut servers = Vec::with_capacity(map.size_hint().unwrap_or(16).min(1024));
        while let Some((id, Record(server))) = map.next_entry()? {
            servers.push((id, server));
        }
        Ok(ExactRecords(servers))
    }
}

/// One record. A list is rejected, although serde would read its items as the fields.
struct Record(ServerHealth);

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record of a server")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Record, A::Error> {
        ServerHealth::deserialize(MapAccessDeserializer::new(map)).map(Record)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of servers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Records, A::Error> {
        let mut records = Records::default();
        while let Some((id, record)) = map.next_entry()? {
            records.add(id, record);
        }
        Ok(records)
    }
}
