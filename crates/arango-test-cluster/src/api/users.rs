//! `/_api/user`: users and their grants.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::grants::{ALL, Level};
use crate::state::users::User;

/// The user who cannot be removed, and whose rights in `_system` cannot be taken away.
const ROOT: &str = "root";

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    // A user without admin rights may still read and change the own record, and read the own grants.
    let method = &call.request.method;
    let is_self = call.caller.user() == rest.first().copied()
        && ((rest.len() == 1 && method != Method::DELETE) || (rest.len() > 1 && method == Method::GET));
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
        (Method::DELETE, [ROOT]) => Err(ApiError::forbidden("the user `root` cannot be removed")),
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
        if name == ROOT {
            user.grants.set_all("_system");
        }
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
    match (method, grant) {
        (&Method::GET, []) => list(call, name),
        // A user who does not exist has no access.
        (&Method::GET, [_] | [_, _]) => {
            let level = find(call, name).map_or(Level::None, |user| match *grant {
                [database, collection] => user.grants.collection_level(database, collection),
                _ => user.grants.database_level(grant[0]),
            });
            Ok(Reply::result(200, level.text()))
        }
        (&Method::PUT, [_] | [_, _]) => {
            require_granted(call, grant)?;
            let body = call.object()?;
            let level = body.get("grant").and_then(Value::as_str).and_then(Level::parse);
            let level = level
                .ok_or_else(|| ApiError::bad_parameter("expecting `grant` to be `rw`, `ro` or `none`"))?;
            set(call, name, grant, level)?;
            let key = grant.join("/");
            Ok(Reply::flat(200, json!({ key: level.text() })))
        }
        (&Method::DELETE, [_] | [_, _]) => {
            require_granted(call, grant)?;
            revoke(call, name, grant)?;
            Ok(Reply::flat(202, json!({})))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Refuses grants for collections that do not exist. Databases may be created after the grant.
fn require_granted(call: &Call<'_>, grant: &[&str]) -> Result<(), ApiError> {
    let &[database, collection] = grant else { return Ok(()) };
    if database == ALL {
        return Ok(());
    }
    if !call.state.knows_database(call.index, database) {
        return Err(ApiError::database_not_found());
    }
    let content = call.state.databases.get(database).ok_or_else(ApiError::database_not_found)?;
    let found = content.collection(collection).filter(|found| call.is_propagated(found.propagation));
    if collection == ALL || found.is_some() {
        return Ok(());
    }
    Err(ApiError::collection_not_found(collection))
}

fn find_mut<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut User, ApiError> {
    call.state.users.by_name.get_mut(name).ok_or_else(not_found)
}

fn set(call: &mut Call<'_>, name: &str, grant: &[&str], level: Level) -> Result<(), ApiError> {
    let user = find_mut(call, name)?;
    match grant {
        [_, collection] if collection.starts_with('_') => {
            return Err(ApiError::bad_parameter("Cannot set rights for system collections"));
        }
        [ALL, collection] if *collection != ALL => {
            return Err(ApiError::bad_parameter("Invalid database / collection pair"));
        }
        _ if level != Level::ReadWrite => require_not_of_root(name, grant)?,
        _ => {}
    }
    match grant {
        [database] => user.grants.set_database(database, level),
        [database, collection, ..] => user.grants.set_collection(database, collection, level),
        [] => {}
    }
    Ok(())
}

fn revoke(call: &mut Call<'_>, name: &str, grant: &[&str]) -> Result<(), ApiError> {
    let user = find_mut(call, name)?;
    require_not_of_root(name, grant)?;
    match grant {
        [database] => user.grants.remove_database(database),
        [database, collection, ..] => user.grants.remove_collection(database, collection),
        [] => {}
    }
    Ok(())
}

/// Refuses to take rights in `_system` away from `root`.
fn require_not_of_root(name: &str, grant: &[&str]) -> Result<(), ApiError> {
    match grant {
        ["_system"] | ["_system", ALL] if name == ROOT => {
            Err(ApiError::forbidden("Cannot lower access level of 'root' to _system"))
        }
        _ => Ok(()),
    }
}

fn list(call: &Call<'_>, name: &str) -> HandlerResult {
    let grants = &find(call, name)?.grants;
    let text = |granted: Option<Level>| granted.map_or("undefined", Level::text);
    let mut result = Map::new();
    for (database, content) in &call.state.databases {
        let level = grants.database_level(database);
        if call.request.query.is_true("full") {
            let names = content.collections.keys().map(String::as_str).chain([ALL]);
            let collections: Map<_, _> = names
                .map(|collection| {
                    (collection.to_owned(), text(grants.collection(database, collection)).into())
                })
                .collect();
            let permission = text(grants.database(database));
            result.insert(database.clone(), json!({ "permission": permission, "collections": collections }));
        } else if level != Level::None {
            result.insert(database.clone(), level.text().into());
        }
    }
    if call.request.query.is_true("full") {
        result.insert(ALL.to_owned(), json!({ "permission": grants.database_level(ALL).text() }));
    }
    Ok(Reply::result(200, Value::Object(result)))
}
