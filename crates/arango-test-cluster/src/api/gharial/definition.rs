//! Edge definitions and options of graphs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::Call;
use crate::api::replication::{Factor, Replication, check_concern, whole};
use crate::http::reply::ApiError;

/// Which collections a collection of edges connects.
pub(super) struct EdgeDefinition {
    pub(super) collection: String,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
}

impl EdgeDefinition {
    pub(super) fn read(definition: &Value) -> Result<Self, ApiError> {
        let malformed = || ApiError::new(400, 1923, "malformed edge definition");
        let list = |name: &str| {
            let names = definition.get(name).and_then(Value::as_array).filter(|names| !names.is_empty());
            // The server keeps them as a set, in this order.
            let names: Option<BTreeSet<_>> =
                names.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
            names.map(|names| names.into_iter().collect())
        };
        let collection = definition.get("collection").and_then(Value::as_str).filter(|name| !name.is_empty());
        Ok(Self {
            collection: collection.ok_or_else(malformed)?.to_owned(),
            from: list("from").ok_or_else(malformed)?,
            to: list("to").ok_or_else(malformed)?,
        })
    }

    /// Reads the definitions of a graph.
    pub(super) fn read_all(graph: &Value) -> Result<Vec<Self>, ApiError> {
        graph["edgeDefinitions"].as_array().into_iter().flatten().map(Self::read).collect()
    }

    /// Refuses a collection of edges that another graph connects otherwise.
    pub(super) fn require_compatible(&self, call: &Call<'_>, own: &str) -> Result<(), ApiError> {
        let others = call.database()?.graphs.iter().filter(|(name, _)| *name != own);
        for (_, graph) in others {
            let differs = |other: &Self| other.collection == self.collection && !self.connects_as(other);
            if Self::read_all(graph)?.iter().any(differs) {
                let text = format!("{} edge collection already used in edge def", self.collection);
                return Err(ApiError::of_number(1921, text));
            }
        }
        Ok(())
    }

    fn connects_as(&self, other: &Self) -> bool {
        let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        set(&self.from) == set(&other.from) && set(&self.to) == set(&other.to)
    }

    /// Refuses a collection of edges that the graph already has.
    pub(super) fn require_new(&self, known: &[Self]) -> Result<(), ApiError> {
        if known.iter().any(|known| known.collection == self.collection) {
            return Err(ApiError::new(400, 1920, "multi use of edge collection in edge def"));
        }
        Ok(())
    }

    /// Returns whether edges of the definition may begin or end in a collection.
    pub(super) fn has_end(&self, collection: &str) -> bool {
        self.from.iter().chain(&self.to).any(|end| end == collection)
    }

    pub(super) fn json(&self) -> Value {
        json!({ "collection": self.collection, "from": self.from, "to": self.to })
    }
}

/// How the collections of a graph are sharded.
pub(super) struct GraphOptions {
    pub(super) shards: usize,
    pub(super) replication_factor: usize,
    pub(super) write_concern: usize,
}

impl GraphOptions {
    pub(super) fn read(call: &mut Call<'_>, body: &Value) -> Result<Self, ApiError> {
        for name in ["isSmart", "isDisjoint"] {
            if body.get(name) == Some(&Value::Bool(true)) {
                return Err(call.not_modelled("attribute", name));
            }
        }
        let options = body.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
        let names = [
            "numberOfShards",
            "replicationFactor",
            "writeConcern",
            "minReplicationFactor",
            "isSmart",
            "isDisjoint",
        ];
        call.require_attributes(&options, "options.", &names)?;
        if let Some(name) =
            ["isSmart", "isDisjoint"].iter().find(|name| options.get(**name) == Some(&Value::Bool(true)))
        {
            return Err(call.not_modelled("attribute", &format!("options.{name}")));
        }
        let wanted = Replication::read(&options, call.version)?;
        if wanted.factor == Some(Factor::Satellite) {
            return Err(call.not_modelled("attribute", "options.replicationFactor of a satellite graph"));
        }
        let shards = match options.get("numberOfShards") {
            None | Some(Value::Null) => 1,
            Some(number) => whole(number, "numberOfShards")?,
        };
        match shards {
            0 => return Err(ApiError::bad_parameter("`numberOfShards` must be at least 1")),
            1..=1000 => {}
            _ => return Err(ApiError::new(400, 1450, "too many shards")),
        }
        let database = call.database()?;
        let read = Self {
            shards: if database.sharding == "single" { 1 } else { shards },
            replication_factor: match wanted.factor {
                Some(Factor::Count(count)) => count,
                _ => database.replication_factor,
            },
            write_concern: wanted.concern.unwrap_or(database.write_concern),
        };
        check_concern(read.write_concern, read.replication_factor)?;
        Ok(read)
    }

    /// Returns the options of an existing graph.
    pub(super) fn of_graph(graph: &Value) -> Self {
        let count =
            |name: &str| graph[name].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
        Self {
            shards: count("numberOfShards"),
            replication_factor: count("replicationFactor"),
            write_concern: count("writeConcern"),
        }
    }
}

/// Returns the names of all collections of a graph.
pub(super) fn collections(graph: &Value) -> impl Iterator<Item = String> {
    let definitions = graph["edgeDefinitions"].as_array().into_iter().flatten();
    let named = definitions.flat_map(|definition| {
        let ends =
            ["from", "to"].into_iter().flat_map(|end| definition[end].as_array().into_iter().flatten());
        ends.chain(definition.get("collection"))
    });
    let all = named.chain(graph["orphanCollections"].as_array().into_iter().flatten());
    all.filter_map(|name| name.as_str().map(str::to_owned))
}

/// Returns the collections of vertices of a graph, orphans included.
pub(super) fn vertices(graph: &Value) -> BTreeSet<String> {
    let definitions = graph["edgeDefinitions"].as_array().into_iter().flatten();
    let ends = definitions.flat_map(|definition| {
        ["from", "to"].into_iter().flat_map(|end| definition[end].as_array().into_iter().flatten())
    });
    let all = ends.chain(graph["orphanCollections"].as_array().into_iter().flatten());
    all.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Sorts the definitions and the orphans of a graph by name, as the server does.
pub(super) fn sort(graph: &mut Value) {
    if let Some(definitions) = graph["edgeDefinitions"].as_array_mut() {
        definitions.sort_by(|one, other| one["collection"].as_str().cmp(&other["collection"].as_str()));
    }
    if let Some(orphans) = graph["orphanCollections"].as_array_mut() {
        orphans.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
        orphans.dedup();
    }
}

/// Returns whether a list has a name.
pub(super) fn is_listed(list: &Value, name: &str) -> bool {
    list.as_array().is_some_and(|names| names.iter().any(|listed| *listed == name))
}
