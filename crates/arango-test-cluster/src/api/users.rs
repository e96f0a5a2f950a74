//! `/_api/user`: users and their grants.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::users::{Level, User};

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    // A user without admin rights may still read and change their own record, and read their own grants.
    let is_self = call.caller.user() == rest.first().copied()
        && (rest.len() == 1 || (rest.len() > 1 && call.request.method == Method::GET));
    if !call.is_admin() && !is_self {
        return Err(ApiError::new(403, 11, "forbidden"));
    }
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => {
            let users = call.state.users.by_name.iter();
            Ok(Reply::result(200, users.map(|(name, user)| user.public(name)).collect::<Vec<_>>()))
        }
        (Method::POST, []) => create(call),
        (Method::GET, [name]) => Ok(Reply::flat(200, find(call, name)?.public(name))),
        (Method::PUT, [name]) => change(call, name, OmittedFields::Reset),
        (Method::PATCH, [name]) => change(call, name, OmittedFields::Keep),
        (Method::DELETE, [name]) => {
            call.state.users.by_name.remove(*name).ok_or_else(not_found)?;
            Ok(Reply::flat(202, json!({})))
        }
        (method, [name, "database", grant @ ..]) => grants(call, &method, name, grant),
        _ => Err(call.unsupported()),
    }
}

fn not_found() -> ApiError {
    ApiError::new(404, 1703, "user not found")
}

fn find<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a User, ApiError> {
    call.state.users.by_name.get(name).ok_or_else(not_found)
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let name = body.get("user").or_else(|| body.get("username")).and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(ApiError::new(400, 1700, "invalid user name"));
    }
    if call.state.users.by_name.contains_key(name) {
        return Err(ApiError::new(409, 1702, "duplicate user"));
    }
    let mut user = User::new("");
    apply(&mut user, &body);
    let public = user.public(name);
    call.state.users.by_name.insert(name.to_owned(), user);
    Ok(Reply::flat(201, public))
}

/// What a change does to fields that it does not contain.
#[derive(Clone, Copy, PartialEq)]
enum OmittedFields {
    Reset,
    Keep,
}

fn change(call: &mut Call<'_>, name: &str, rest: OmittedFields) -> HandlerResult {
    let body = call.object()?;
    let user = call.state.users.by_name.get_mut(name).ok_or_else(not_found)?;
    if rest == OmittedFields::Reset {
        *user = User::new("");
    }
    let kept = user.extra.clone();
    apply(user, &body);
    if let (OmittedFields::Keep, Value::Object(mut merged), Value::Object(new)) = (rest, kept, &user.extra) {
        merged.extend(new.clone());
        user.extra = Value::Object(merged);
    }
    let public = user.public(name);
    Ok(Reply::flat(200, public))
}

fn apply(user: &mut User, body: &Value) {
    if let Some(password) = body.get("passwd").and_then(Value::as_str) {
        password.clone_into(&mut user.password);
    }
    if let Some(active) = body.get("active").and_then(Value::as_bool) {
        user.active = active;
    }
    if let Some(extra) = body.get("extra").filter(|extra| extra.is_object()) {
        user.extra = extra.clone();
    }
}

fn grants(call: &mut Call<'_>, method: &Method, name: &str, grant: &[&str]) -> HandlerResult {
    find(call, name)?;
    match (method, grant) {
        (&Method::GET, []) => list(call, name),
        (&Method::GET, [database]) => Ok(Reply::result(200, call.state.users.level(name, database).text())),
        (&Method::GET, [database, collection]) => {
            let key = ((*database).to_owned(), (*collection).to_owned());
            let own = find(call, name)?.collections.get(&key).copied();
            Ok(Reply::result(200, own.unwrap_or_else(|| call.state.users.level(name, database)).text()))
        }
        (&Method::PUT, [_] | [_, _]) => {
            let body = call.object()?;
            let level = body.get("grant").and_then(Value::as_str).and_then(Level::parse);
            let level = level
                .ok_or_else(|| ApiError::bad_parameter("expecting `grant` to be `rw`, `ro` or `none`"))?;
            set(call, name, grant, Some(level))?;
            let key = grant.join("/");
            Ok(Reply::flat(200, json!({ key: level.text() })))
        }
        (&Method::DELETE, [_] | [_, _]) => {
            set(call, name, grant, None)?;
            Ok(Reply::flat(202, json!({})))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn set(call: &mut Call<'_>, name: &str, grant: &[&str], level: Option<Level>) -> Result<(), ApiError> {
    let user = call.state.users.by_name.get_mut(name).ok_or_else(not_found)?;
    match (grant, level) {
        ([database], Some(level)) => drop(user.databases.insert((*database).to_owned(), level)),
        ([database], None) => drop(user.databases.remove(*database)),
        ([database, collection, ..], level) => {
            let key = ((*database).to_owned(), (*collection).to_owned());
            match level {
                Some(level) => user.collections.insert(key, level),
                None => user.collections.remove(&key),
            };
        }
        ([], _) => {}
    }
    Ok(())
}

fn list(call: &Call<'_>, name: &str) -> HandlerResult {
    let user = find(call, name)?;
    let is_full = call.request.query.is_true("full");
    let mut result = Map::new();
    let named = user.databases.contains_key("*").then(|| "*".to_owned());
    for database in call.state.databases.keys().cloned().chain(named) {
        let level = call.state.users.level(name, &database);
        if is_full {
            let own = user.collections.iter().filter(|((of, _), _)| *of == database);
            let mut collections: Map<_, _> =
                own.map(|((_, collection), level)| (collection.clone(), level.text().into())).collect();
            collections.entry("*").or_insert_with(|| "undefined".into());
            let permission = user.databases.get(&database).map_or("undefined", |level| level.text());
            result.insert(database, json!({ "permission": permission, "collections": collections }));
        } else if level != Level::None {
            result.insert(database, level.text().into());
        }
    }
    Ok(Reply::result(200, Value::Object(result)))
}
