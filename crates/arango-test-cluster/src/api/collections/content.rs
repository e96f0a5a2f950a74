//! Counts, figures and shards of a collection.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{find, find_mut, object, properties};
use crate::api::views::require_modelled_documents;
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::leaders::documents;
use crate::store::view::CollectionView;

/// Counts the documents, in total or of each shard.
pub(super) fn count(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
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
        let view = call.view(name)?;
        view.require_all_leaders()?;
        view.len().into()
    } else {
        collection.documents.len().into()
    };
    Ok(Reply::flat(200, payload))
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
pub(super) fn figures(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    require_modelled_documents(collection)?;
    let mut payload = properties(call, collection);
    payload["count"] = collection.documents.len().into();
    payload["figures"] = json!({
        "indexes": { "count": collection.indexes.len(), "size": 0 },
        "documentsSize": collection.documents.json_size(),
        "cacheInUse": collection.definition.cache_enabled, "cacheSize": 0, "cacheUsage": 0,
    });
    Ok(Reply::flat(200, payload))
}

/// Reports the revision, which changes whenever documents are written or removed.
pub(super) fn revision(call: &Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    require_modelled_documents(collection)?;
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
