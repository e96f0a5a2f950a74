//! Counts, figures and shards of a collection.

use std::sync::Arc;

use serde_json::{Value, json};

use super::properties::basic;
use super::{find, find_mut, object, properties};
use crate::api::views::require_modelled_documents;
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::Collection;
use crate::state::leaders::documents;
use crate::store::document::{Document, SYSTEM};
use crate::store::view::CollectionView;

/// Counts the documents, in total or of each shard.
pub(super) fn count(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    if call.transaction().is_some() {
        call.view(name)?.require_all_leaders()?;
    } else {
        require_leaders(call, collection)?;
    }
    let mut payload = properties(call, collection);
    payload["count"] = if call.request.query.is_true("details") {
        let database = call.database()?;
        let shards = collection.shards.keys().enumerate();
        let counts = call.transaction().map(|_| call.view(name)).transpose()?.map(|view| view.len_by_shard());
        let count = |index: usize| match &counts {
            Some(counts) => counts.get(index).copied().unwrap_or_default(),
            None => documents(database, collection, index),
        };
        object(shards.map(|(index, shard)| (shard.clone(), count(index).into())))
    } else if call.transaction().is_some() {
        call.view(name)?.len().into()
    } else {
        collection.documents.len().into()
    };
    Ok(Reply::flat(200, payload))
}

/// Counts the documents once more.
pub(super) fn recalculate_count(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    require_leaders(call, collection)?;
    Ok(Reply::flat(200, json!({ "result": true, "count": collection.documents.len() })))
}

/// Refuses what asks all shards, if the leader of one does not respond.
pub(super) fn require_leaders(call: &Call<'_>, collection: &Collection) -> Result<(), ApiError> {
    let leaders = call.state.live_leaders(call.database()?, collection);
    if leaders.contains(&false) { Err(ApiError::no_backend()) } else { Ok(()) }
}

/// Removes all documents: at once, or within the request's transaction.
pub(super) fn truncate(call: &mut Call<'_>, name: &str) -> Result<(), ApiError> {
    call.view(name)?.require_all_leaders()?;
    if call.transaction().is_some() {
        return Ok(call.write(name, CollectionView::remove_all)??);
    }
    let revision = call.state.ids.sequence().revision();
    let collection = find_mut(call, name)?;
    Arc::make_mut(&mut collection.documents).clear();
    collection.revision = revision;
    Ok(())
}

/// Reports the size of a collection. Caches and indexes take no memory here.
pub(super) fn figures(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let engine = if call.request.query.is_true("details") { Some(engine(call, name)?) } else { None };
    let collection = find(call, name)?;
    require_modelled_documents(collection)?;
    require_leaders(call, collection)?;
    let mut payload = properties(call, collection);
    payload["count"] = collection.documents.len().into();
    payload["figures"] = json!({
        "indexes": { "count": collection.indexes.len(), "size": 0 },
        "documentsSize": collection.documents.json_size(),
        "cacheInUse": collection.definition.cache_enabled, "cacheSize": 0, "cacheUsage": 0,
    });
    if let Some(engine) = engine {
        payload["figures"]["engine"] = engine;
    }
    Ok(Reply::flat(200, payload))
}

/// Counts documents and entries of indexes, as far as it is known which entries an index has.
fn engine(call: &mut Call<'_>, name: &str) -> Result<Value, ApiError> {
    let collection = find(call, name)?;
    let count = collection.documents.len();
    let mut indexes = Vec::new();
    let mut unknown = None;
    for index in &collection.indexes {
        let (kind, is_sparse) = (index["type"].as_str().unwrap_or_default(), index["sparse"] == true);
        let expands = index["fields"].to_string().contains("[*]");
        let id = index["id"].as_str().and_then(|id| id.split_once('/')?.1.parse::<u64>().ok());
        let entry = |id: Option<u64>| json!({ "type": kind, "id": id, "count": count });
        match kind {
            "primary" => indexes.push(entry(Some(0))),
            // There is one for each end.
            "edge" => indexes.extend([entry(Some(1)), entry(Some(2))]),
            "persistent" | "hash" | "skiplist" if !is_sparse && !expands => indexes.push(entry(id)),
            _ => unknown = Some(format!("details of an index of type {kind}")),
        }
    }
    match unknown {
        Some(unknown) => Err(call.not_modelled("query parameter", &unknown)),
        None => Ok(json!({ "documents": count, "indexes": indexes })),
    }
}

/// Computes a checksum over keys, and on request over revisions and attributes. The order of documents is irrelevant.
pub(super) fn checksum(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    require_modelled_documents(collection)?;
    call.view(name)?.require_all_leaders()?;
    let query = &call.request.query;
    let (with_revisions, with_data) = (query.is_true("withRevisions"), query.is_true("withData"));
    let of_document = |document: &Document| {
        let mut hash = fnv(FNV_START, document.key().as_bytes());
        if with_revisions {
            hash = fnv(hash, document.revision().text().as_bytes());
        }
        if with_data {
            let mut attributes: Vec<_> = match document.value().to_json() {
                Value::Object(attributes) => attributes.into_iter().collect(),
                _ => Vec::new(),
            };
            attributes.retain(|(name, _)| !SYSTEM.contains(&name.as_str()));
            attributes.sort_by(|(one, _), (other, _)| one.cmp(other));
            hash = fnv(hash, json!(attributes).to_string().as_bytes());
        }
        hash
    };
    let checksum = collection.documents.iter().map(of_document).fold(0, |all, one| all ^ one);
    let mut payload = basic(collection, call.version.is_4());
    payload["checksum"] = checksum.to_string().into();
    payload["revision"] = collection.revision.text().into();
    Ok(Reply::flat(200, payload))
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Reports the revision, which changes whenever documents are written or removed.
pub(super) fn revision(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    require_modelled_documents(collection)?;
    require_leaders(call, collection)?;
    let mut payload = properties(call, collection);
    payload["revision"] = collection.revision.text().into();
    Ok(Reply::flat(200, payload))
}

/// Lists the shards, with their servers if that is asked for.
pub(super) fn shards(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    let mut payload = properties(call, collection);
    payload["shards"] = if call.request.query.is_true("details") {
        json!(collection.shards)
    } else {
        json!(collection.shards.keys().collect::<Vec<_>>())
    };
    Ok(Reply::flat(200, payload))
}

/// Returns the shard of the document that has the given shard keys.
pub(super) fn responsible_shard(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    if collection.definition.smart_join_attribute.is_some() {
        require_modelled_documents(collection)?;
    }
    let rules = &collection.rules;
    let body = match call.request.json()? {
        Value::String(key) => json!({ "_key": key }),
        Value::Number(key) => json!({ "_key": key.to_string() }),
        Value::Object(body) => Value::Object(body),
        _ => return Err(ApiError::new(400, 1227, "invalid document type")),
    };
    // A path below an attribute counts as given if the attribute is.
    let is_given = |path: &String| body.get(path.split('.').next().unwrap_or(path)).is_some();
    if !rules.shard_keys.iter().all(is_given) {
        return Err(ApiError::new(400, 1468, "not all shard key attributes given"));
    }
    let key = body["_key"].as_str().unwrap_or_default().to_owned();
    let index = rules.shard_of(&key, &body.into(), collection.shards.len());
    let shard = collection.shards.keys().nth(index).cloned().unwrap_or_default();
    Ok(Reply::flat(200, json!({ "shardId": shard })))
}
