//! `/_api/gharial`: named graphs, as far as their definitions go.

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::state::databases::{Kind, Layout};

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answer {
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => {
            let graphs: Vec<_> = call.database()?.graphs.values().cloned().collect();
            Ok(Reply::flat(200, json!({ "graphs": graphs })))
        }
        (Method::POST, []) => {
            call.may_write()?;
            create(call)
        }
        (Method::GET, [name]) => {
            let graph = call.database()?.graphs.get(*name).ok_or_else(|| not_found(name))?;
            Ok(Reply::flat(200, json!({ "graph": graph })))
        }
        (Method::DELETE, [name]) => {
            call.may_write()?;
            call.database_mut()?.graphs.remove(*name).ok_or_else(|| not_found(name))?;
            Ok(Reply::flat(202, json!({ "removed": true })))
        }
        (Method::POST, [name, "vertex"]) => {
            call.may_write()?;
            let collection = text(&call.object()?, "collection")?;
            make_sure(call, &collection, Kind::Document)?;
            add(call, name, "orphanCollections", json!(collection))
        }
        (Method::POST, [name, "edge"]) => {
            call.may_write()?;
            let definition = call.object()?;
            make_sure(call, &text(&definition, "collection")?, Kind::Edge)?;
            add(call, name, "edgeDefinitions", definition)
        }
        _ => Err(call.unsupported()),
    }
}

fn text(body: &Value, key: &str) -> Result<String, Refusal> {
    let text = body.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| Refusal::bad_parameter(format!("missing `{key}`")))
}

fn not_found(name: &str) -> Refusal {
    Refusal::new(404, 1924, format!("graph '{name}' not found"))
}

fn create(call: &mut Call<'_>) -> Answer {
    let body = call.object()?;
    let name = text(&body, "name")?;
    if call.database()?.graphs.contains_key(&name) {
        return Err(Refusal::new(409, 1925, "graph already exists"));
    }
    let list = |key: &str| body.get(key).cloned().filter(Value::is_array).unwrap_or_else(|| json!([]));
    let graph = json!({
        "_key": name, "_id": format!("_graphs/{name}"), "_rev": call.state.ids.revision(), "name": name,
        "edgeDefinitions": list("edgeDefinitions"), "orphanCollections": list("orphanCollections"),
    });
    call.database_mut()?.graphs.insert(name, graph.clone());
    Ok(Reply::flat(202, json!({ "graph": graph })))
}

/// A collection of a graph comes into being with it.
fn make_sure(call: &mut Call<'_>, name: &str, kind: Kind) -> Result<(), Refusal> {
    if call.database()?.collection(name).is_some() {
        return Ok(());
    }
    let servers = call.state.usable_db_servers();
    let news = call.state.news(call.index);
    let (state, database) = (&mut *call.state, &call.request.database);
    let content = state.databases.get_mut(database).ok_or_else(Refusal::database_not_found)?;
    let layout = Layout {
        shards: 1,
        replication_factor: content.replication_factor,
        write_concern: content.write_concern,
        like: None,
    };
    let first = content.collections.len();
    content.add(&mut state.ids, name, kind, &layout, &servers, first).news = news;
    Ok(())
}

fn add(call: &mut Call<'_>, name: &str, list: &str, item: Value) -> Answer {
    let revision = call.state.ids.revision();
    let graph = call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))?;
    graph["_rev"] = revision.into();
    if let Some(items) = graph[list].as_array_mut() {
        items.push(item);
    }
    let graph = graph.clone();
    Ok(Reply::flat(202, json!({ "graph": graph })))
}
