//! `/_api/collection`
//!
//! | module | what |
//! |---|---|
//! | `create` | a new collection |
//! | `properties` | what is reported about a collection, and what can be changed |
//! | `content` | counts, figures and shards |

mod content;
mod create;
mod properties;

use http::{Method, header};
use serde_json::{Map, Value, json};

use self::properties::basic;
pub(super) use self::properties::properties;
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome, gharial};
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::state::databases::Collection;
use crate::state::transactions::Access;
use crate::store::keys::GENERATORS;

fn modelled(call: &Call<'_>, rest: &[&str]) -> Modelled {
    match (&call.request.method, rest) {
        (&Method::GET, []) => Modelled::parameters(&["excludeSystem"]),
        (&Method::POST, []) => Modelled::parameters(&["enforceReplicationFactor", "waitForSyncReplication"])
            .attributes(create::ATTRIBUTES),
        (&Method::DELETE, [_]) => Modelled::parameters(&["isSystem"]),
        (&Method::PUT, [_, "properties"]) => Modelled::NOTHING.attributes(create::ATTRIBUTES),
        (&Method::GET, [_, "figures"]) => Modelled::parameters(&["details"]),
        // A server ignores `withRevision`. Some clients send it.
        (&Method::GET, [_, "checksum"]) => {
            Modelled::parameters(&["withData", "withRevision", "withRevisions"])
        }
        (&Method::GET, [_, "count"]) => Modelled::parameters(&["details"]).headers(&[TRANSACTION]),
        (&Method::PUT, [_, "truncate"]) => {
            Modelled::parameters(&["waitForSync", "compact"]).headers(&[TRANSACTION])
        }
        (&Method::GET, [_, "shards"]) => Modelled::parameters(&["details"]),
        _ => Modelled::NOTHING,
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    call.require_modelled(&modelled(call, rest))?;
    if let Some(outcome) = call.enter_transaction()? {
        return Ok(outcome);
    }
    if let Some(name) = rest.first()
        && let Ok(collection) = find(call, name)
    {
        call.require_read(&collection.name)?;
        if let (&Method::PUT, [_, "truncate"]) = (&call.request.method, rest) {
            let access = Access::to_lock(collection.name.clone());
            call.require_access(&access)?;
            // Outside of a transaction this needs the collection for itself.
            if call.transaction.is_none()
                && let Some(outcome) = call.wait_for_locks(access)
            {
                return Ok(outcome);
            }
        }
    }
    let path = call.request.path.clone();
    let reply = respond(call, rest)?;
    let reply = if rest.len() == 2 { reply.with_header(header::LOCATION, &path) } else { reply };
    Ok(Outcome::Now(reply))
}

fn respond(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let is_4 = call.version.is_4();
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => list(call),
        (Method::POST, []) => {
            call.require_definition_write()?;
            let reply = create::create(call)?;
            let body = call.object()?;
            call.grant_new_collection(body["name"].as_str().unwrap_or_default());
            Ok(reply)
        }
        (Method::GET, [name]) => Ok(Reply::flat(200, basic(find(call, name)?, is_4))),
        (Method::DELETE, [name]) => {
            call.require_definition_write_of(&find(call, name)?.name)?;
            drop_one(call, name)
        }
        (Method::GET, [name, "properties"]) => Ok(Reply::flat(200, properties(call, find(call, name)?))),
        (Method::PUT, [name, "properties"]) => {
            call.require_definition_write_of(&find(call, name)?.name)?;
            properties::change(call, name)
        }
        (Method::GET, [name, "count"]) => content::count(call, name),
        (Method::GET, [name, "figures"]) => content::figures(call, name),
        (Method::GET, [name, "revision"]) => content::revision(call, name),
        (Method::GET, [name, "shards"]) => content::shards(call, name),
        (Method::PUT, [name, "responsibleShard"]) => content::responsible_shard(call, name),
        (Method::PUT, [name, "truncate"]) => {
            content::truncate(call, name)?;
            Ok(Reply::flat(200, basic(find(call, name)?, is_4)))
        }
        (Method::PUT, [name, "loadIndexesIntoMemory"]) => {
            content::require_leaders(call, find(call, name)?)?;
            Ok(Reply::flat(200, json!({ "result": true })))
        }
        (Method::PUT, [name, "recalculateCount"]) => content::recalculate_count(call, name),
        // Without an effect since there is one storage engine.
        (Method::PUT, [name, "load" | "unload"]) if !is_4 => {
            Ok(Reply::flat(200, basic(find(call, name)?, is_4)))
        }
        (Method::PUT, [name, "compact"]) => {
            let collection = find(call, name)?;
            content::require_leaders(call, collection)?;
            Ok(Reply::flat(200, basic(collection, is_4)))
        }
        (Method::PUT, [_, "rename"]) => {
            Err(ApiError::new(501, 1470, "operation is not supported in a cluster"))
        }
        (Method::GET, [name, "checksum"]) => content::checksum(call, name),
        (Method::GET | Method::PUT, [name, _]) => {
            find(call, name)?;
            Err(ApiError::new(404, 404, "expecting one of the resources or actions of a collection"))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Handles `/_api/key-generators`.
pub(super) fn key_generators(call: &mut Call<'_>) -> HandlerResult {
    call.require_modelled(&Modelled::NOTHING)?;
    call.require_method(&Method::GET)?;
    Ok(Reply::raw(200, &json!({ "keyGenerators": GENERATORS })))
}

pub(super) fn find<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a Collection, ApiError> {
    let found =
        call.database()?.collection(name).filter(|collection| call.is_propagated(collection.propagation));
    found.ok_or_else(|| ApiError::collection_not_found(name))
}

pub(super) fn find_mut<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut Collection, ApiError> {
    find(call, name)?;
    call.database_mut()?.collection_mut(name).ok_or_else(|| ApiError::collection_not_found(name))
}

fn list(call: &Call<'_>) -> HandlerResult {
    let without_system = call.request.query.is_true("excludeSystem");
    let is_4 = call.version.is_4();
    let collections = call.database()?.collections.values();
    let listed = collections.filter(|collection| {
        call.is_propagated(collection.propagation)
            && call.may_read(&collection.name)
            && !(without_system && collection.is_system)
    });
    Ok(Reply::result(200, listed.map(|collection| basic(collection, is_4)).collect::<Vec<_>>()))
}

fn drop_one(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    if collection.is_system && !call.request.query.is_true("isSystem") {
        return Err(ApiError::forbidden("forbidden"));
    }
    let (id, name) = (collection.id.clone(), collection.name.clone());
    if call.version.at_least(3, 12, 0)
        && let Some(graph) = gharial::graph_with(call.database()?, &name)
    {
        let text = format!("must not drop collection while part of graph: '{name}' is used in '{graph}'");
        return Err(ApiError::of_number(1942, text));
    }
    if call
        .database()?
        .collections
        .values()
        .any(|other| other.distribute_shards_like.as_deref() == Some(&name))
    {
        return Err(ApiError::new(
            500,
            1485,
            "must not drop a collection while one with distributeShardsLike exists",
        ));
    }
    call.state.drop_collection(&call.request.database, &name);
    Ok(Reply::flat(200, json!({ "id": id })))
}

/// Builds an object from pairs whose keys are known only at run time.
pub(super) fn object(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(pairs.into_iter().collect::<Map<_, _>>())
}
