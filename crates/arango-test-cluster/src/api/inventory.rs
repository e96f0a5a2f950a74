//! `/_api/replication/clusterInventory`: what a backup program needs to create the collections of a database again.

use http::Method;
use serde_json::{Value, json};

use super::modelled::Modelled;
use super::{Call, HandlerResult, collections, search_views};
use crate::http::reply::Reply;
use crate::state::databases::Collection;

pub(super) fn cluster(call: &mut Call<'_>) -> HandlerResult {
    call.require_modelled(&Modelled::parameters(&["includeSystem"]))?;
    call.require_method(&Method::GET)?;
    // All users who may read the database get it, without the collections that are hidden from them.
    if !call.is_admin() && !call.may_read_all_collections() {
        return Err(call.not_modelled("caller without access to all collections", &call.request.database));
    }
    let includes_system = call.request.query.flag("includeSystem", true);
    let tick = call.state.ids.next().to_string();
    let database = call.database()?;
    let wanted = database.collections.values().filter(|one| includes_system || !one.is_system);
    let collections: Vec<_> = wanted.map(|collection| entry(call, collection)).collect();
    let views: Vec<_> = database.views.values().map(search_views::properties).collect();
    let properties = json!({
        "name": call.request.database, "id": database.id, "sharding": database.sharding,
        "replicationFactor": database.replication_factor, "writeConcern": database.write_concern,
    });
    let body = json!({
        "collections": collections, "views": views, "properties": properties,
        "tick": tick, "state": "unused",
    });
    Ok(Reply::raw(200, &body))
}

/// Returns a collection with its shards and its indexes, without those that every collection has.
fn entry(call: &Call<'_>, collection: &Collection) -> Value {
    let mut parameters = collections::properties(call, collection);
    parameters["shards"] = json!(collection.shards);
    parameters["deleted"] = false.into();
    let of_user = |kind: &Value| kind != "primary" && kind != "edge";
    let indexes: Vec<_> = collection.indexes.iter().filter(|index| of_user(&index["type"])).collect();
    json!({
        "parameters": parameters, "indexes": indexes, "planVersion": 1,
        "isReady": call.is_propagated(collection.propagation), "allInSync": true,
    })
}
