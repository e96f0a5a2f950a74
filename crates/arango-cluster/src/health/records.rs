//! Reading the records of all servers one by one, so that one that is odd does not hide the others.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::{ServerHealth, ServerId};

/// The records, in the order of their ids, and what of them could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Records {
    pub(super) servers: Vec<(ServerId, ServerHealth)>,
    pub(super) unreadable: Vec<(ServerId, String)>,
}

impl Records {
    fn add(&mut self, id: ServerId, record: Value) {
        // A list would be taken for the fields in turn.
        let whole = record.as_object().and_then(|fields| ServerHealth::deserialize(fields).ok());
        let server = whole.unwrap_or_else(|| self.salvage(&id, record));
        self.servers.push((id, server));
    }

    /// Keeps of a record the fields that can be read, and notes the others.
    #[cold]
    fn salvage(&mut self, id: &ServerId, record: Value) -> ServerHealth {
        let mut kept = Map::new();
        match record {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let alone = Map::from_iter([(name.clone(), value)]);
                    match ServerHealth::deserialize(&alone) {
                        Ok(_) => kept.extend(alone),
                        Err(error) => self.unreadable.push((id.clone(), format!("{name}: {error}"))),
                    }
                }
            }
            _ => self.unreadable.push((id.clone(), "the record is no object".to_owned())),
        }
        let has_role = kept.contains_key("Role");
        let mut server = ServerHealth::deserialize(&kept).expect("each field of it was read");
        if let Some(role) = id.kind().filter(|_| !has_role) {
            server.role = role;
        }
        server
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut records = deserializer.deserialize_map(OneByOne)?;
        sort(&mut records.servers);
        records.unreadable.sort();
        Ok(records)
    }
}

/// The server's order is unspecified. Sorting a vector once costs less than keeping a tree, and is nothing where the server
/// happened to keep the order.
fn sort(servers: &mut [(ServerId, ServerHealth)]) {
    servers.sort_by(|(a, _), (b, _)| a.cmp(b));
}

/// The records of servers, none of which is odd: read without keeping them as JSON.
pub(super) struct Exact(Vec<(ServerId, ServerHealth)>);

impl From<Exact> for Records {
    fn from(Exact(mut servers): Exact) -> Self {
        sort(&mut servers);
        Self { servers, unreadable: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllAtOnce)
    }
}

struct AllAtOnce;

impl<'de> Visitor<'de> for AllAtOnce {
    type Value = Exact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of servers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Exact, A::Error> {
        let mut servers = Vec::with_capacity(map.size_hint().unwrap_or(16).min(1024));
        while let Some((id, Record(server))) = map.next_entry()? {
            servers.push((id, server));
        }
        Ok(Exact(servers))
    }
}

/// One record; a list is none, although serde would take its items for the fields in turn.
struct Record(ServerHealth);

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneRecord)
    }
}

struct OneRecord;

impl<'de> Visitor<'de> for OneRecord {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record of a server")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Record, A::Error> {
        ServerHealth::deserialize(MapAccessDeserializer::new(map)).map(Record)
    }
}

struct OneByOne;

impl<'de> Visitor<'de> for OneByOne {
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
