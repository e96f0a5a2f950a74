//! `/_api/view`: views, as they were defined. They search nothing.
//!
//! | module | what |
//! |---|---|
//! | `arangosearch` | properties of views of type `arangosearch` |
//! | `links` | their links to collections |
//! | `alias` | indexes of views of type `search-alias` |

mod alias;
mod arangosearch;
mod links;

use http::Method;
use serde_json::{Map, Value, json};

use super::modelled::Modelled;
use super::names::check_collection;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::search::{SearchView, ViewDefinition};

pub(super) use self::links::uses;

/// Whether a change keeps what it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Everything else gets its default.
    Replace,
    Update,
}

/// Attributes of every view. Clients may send back all of them when they change some.
const COMMON: &[&str] = &["name", "type", "id", "globallyUniqueId", "error", "code"];

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let modelled = match (call.request.method.as_str(), rest) {
        ("GET", []) => Modelled::parameters(&["excludeSystem"]),
        ("DELETE", [_]) => Modelled::parameters(&["isSystem"]),
        _ => Modelled::NOTHING,
    };
    call.require_modelled(&modelled)?;
    match (call.request.method.as_str(), rest) {
        ("GET", []) => list(call),
        ("GET", [name]) => Ok(Reply::flat(200, Value::Object(basic(find_visible(call, name)?)))),
        ("GET", [name, "properties"]) => {
            Ok(Reply::flat(200, Value::Object(properties(find_visible(call, name)?))))
        }
        ("POST", []) => {
            call.require_write()?;
            create(call)
        }
        ("PUT" | "PATCH", [name, "properties"]) => {
            call.require_write()?;
            change(call, name)
        }
        ("PUT", [name, "rename"]) => {
            find(call, name)?;
            Err(ApiError::new(501, 1470, "operation is not supported in a cluster"))
        }
        ("DELETE", [name]) => {
            call.require_write()?;
            let name = find_visible(call, name)?.name.clone();
            call.database_mut()?.views.remove(&name);
            Ok(Reply::result(200, true))
        }
        ("GET" | "POST" | "PUT" | "PATCH" | "DELETE", _) => {
            Err(ApiError::bad_parameter("expecting /_api/view[/<view-name>[/properties]]"))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Finds a view by name, or by id as old clients do.
fn find<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a SearchView, ApiError> {
    let views = &call.database()?.views;
    let found = views.get(name).or_else(|| views.values().find(|view| view.id == name));
    found.ok_or_else(|| ApiError::collection_not_found(name))
}

/// Finds a view whose definition the caller may read.
fn find_visible<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a SearchView, ApiError> {
    let view = find(call, name)?;
    if is_visible(call, view) { Ok(view) } else { Err(ApiError::forbidden("forbidden")) }
}

/// Returns whether the caller may read the definition of a view: that of an alias, or all collections that are linked.
fn is_visible(call: &Call<'_>, view: &SearchView) -> bool {
    let is_alias = matches!(view.definition, ViewDefinition::SearchAlias { .. });
    is_alias || view.definition.collections().into_iter().all(|collection| call.may_read(collection))
}

fn list(call: &Call<'_>) -> HandlerResult {
    let views = call.database()?.views.values();
    let mut views: Vec<_> = views.filter(|view| is_visible(call, view)).collect();
    views.sort_by_key(|view| view.name.to_lowercase());
    Ok(Reply::result(200, views.into_iter().map(|view| Value::Object(basic(view))).collect::<Vec<_>>()))
}

fn basic(view: &SearchView) -> Map<String, Value> {
    let SearchView { id, name, definition } = view;
    let basic = json!({
        "id": id, "name": name, "type": definition.kind(), "globallyUniqueId": format!("c{id}/"),
    });
    basic.as_object().cloned().unwrap_or_default()
}

pub(super) fn properties(view: &SearchView) -> Map<String, Value> {
    let mut all = basic(view);
    match &view.definition {
        ViewDefinition::ArangoSearch { properties, links } => {
            all.extend(properties.clone());
            all.insert("links".to_owned(), json!(links));
        }
        ViewDefinition::SearchAlias { indexes } => {
            let indexes = indexes.iter().map(|(owner, name)| json!({ "collection": owner, "index": name }));
            all.insert("indexes".to_owned(), indexes.collect());
        }
    }
    all
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.request.json()?;
    let body = body.as_object().ok_or_else(|| ApiError::bad_parameter("request body is not an object"))?;
    if body.is_empty() {
        return Err(ApiError::new(400, 600, "invalid JSON"));
    }
    let text = |name: &str| {
        let missing = || ApiError::bad_parameter(format!("expecting {name} parameter to be a string"));
        body.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(missing)
    };
    let (name, kind) = (text("name")?, text("type")?);
    check_collection(call, &name, false)?;
    let database = call.database()?;
    if database.views.contains_key(&name) || database.collections.contains_key(&name) {
        return Err(ApiError::of_number(1207, "duplicate name"));
    }
    let definition = match kind.as_str() {
        "arangosearch" => arangosearch::create(call, body)?,
        "search-alias" => alias::create(call, body)?,
        _ => return Err(ApiError::bad_parameter("no handler found for view type")),
    };
    let view = SearchView { id: call.state.ids.next().to_string(), name: name.clone(), definition };
    let reply = Reply::raw(201, &Value::Object(properties(&view)));
    call.database_mut()?.views.insert(name, view);
    Ok(reply)
}

fn change(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let mut view = find_visible(call, name)?.clone();
    let body = call.object()?;
    let body = body.as_object().cloned().unwrap_or_default();
    let change = if call.request.method == Method::PATCH { Change::Update } else { Change::Replace };
    view.definition = match view.definition {
        ViewDefinition::ArangoSearch { properties, links } => {
            arangosearch::change(call, &body, change, properties, links)?
        }
        ViewDefinition::SearchAlias { indexes } => alias::change(call, &body, change, indexes)?,
    };
    let reply = Reply::raw(200, &Value::Object(properties(&view)));
    call.database_mut()?.views.insert(view.name.clone(), view);
    Ok(reply)
}

/// Refuses attributes of a view that no version has.
fn require_known(call: &mut Call<'_>, body: &Map<String, Value>, names: &[&str]) -> Result<(), ApiError> {
    let known: Vec<_> = COMMON.iter().chain(names).copied().collect();
    call.require_attributes(body, "", &known)
}
