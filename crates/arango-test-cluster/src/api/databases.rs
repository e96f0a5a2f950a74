//! `/_api/database`

use http::Method;
use serde_json::{Map, Value, json};

use super::modelled::Modelled;
use super::names::check_database;
use super::replication::{Factor, Replication, check_concern, check_factor, too_few_servers};
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::grants::Level;
use crate::state::users::User;

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&Modelled::NOTHING.attributes(&["name", "options", "users"]))?;
    match (&call.request.method, rest) {
        (&Method::GET, ["current"]) => current(call),
        (&Method::GET, ["user"]) => {
            let names = visible_databases(call).filter(|name| call.level(name) != Level::None);
            Ok(Reply::result(200, names.cloned().collect::<Vec<_>>()))
        }
        (&Method::GET, []) => {
            require_system(call)?;
            Ok(Reply::result(200, visible_databases(call).cloned().collect::<Vec<_>>()))
        }
        (&Method::POST, []) => {
            require_system(call)?;
            call.require_definition_write()?;
            create(call)
        }
        (&Method::DELETE, [name]) => {
            require_system(call)?;
            call.require_definition_write()?;
            if *name == "_system" {
                return Err(ApiError::forbidden("forbidden"));
            }
            if !call.state.knows_database(call.index, name) {
                return Err(ApiError::database_not_found());
            }
            call.state.drop_database(name);
            Ok(Reply::result(200, true))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Returns the databases that this coordinator knows.
fn visible_databases<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a String> {
    call.state
        .databases
        .iter()
        .filter(|(_, database)| call.is_propagated(database.propagation))
        .map(|(name, _)| name)
}

fn require_system(call: &Call<'_>) -> Result<(), ApiError> {
    if call.request.database == "_system" {
        Ok(())
    } else {
        Err(ApiError::new(403, 1230, "operation only allowed in system database"))
    }
}

fn current(call: &Call<'_>) -> HandlerResult {
    let (name, database) = (&call.request.database, call.database()?);
    let mut result = json!({
        "name": name, "id": database.id, "isSystem": name == "_system", "sharding": database.sharding,
        "replicationFactor": database.replication_factor, "writeConcern": database.write_concern,
    });
    if !call.version.is_4() {
        result["path"] = "none".into();
    }
    Ok(Reply::result(200, result))
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    check_database(call, name)?;
    if call.state.databases.contains_key(name) {
        return Err(ApiError::new(409, 1207, "duplicate database name"));
    }
    let options = body.get("options").cloned().unwrap_or_default();
    if let Value::Object(options) = &options {
        call.require_attributes(options, "options.", &["sharding", "replicationFactor", "writeConcern"])?;
    }
    let (replication_factor, write_concern) = replication(call, &options)?;
    let sharding = options.get("sharding").and_then(Value::as_str).unwrap_or_default();
    let propagation = call.state.new_propagation(call.index);
    call.state.create_database(name, sharding, replication_factor, write_concern).propagation = propagation;
    grant(call, name, body.get("users").and_then(Value::as_array));
    Ok(Reply::result(201, true))
}

/// Returns the replication factor and the write concern that collections of a new database have by default.
fn replication(call: &mut Call<'_>, options: &Value) -> Result<(usize, usize), ApiError> {
    let none = Map::new();
    let wanted = Replication::read(options.as_object().unwrap_or(&none), call.version)?;
    let factor = match wanted.factor {
        Some(Factor::Satellite) => {
            return Err(call.not_modelled("attribute", "options.replicationFactor of a satellite database"));
        }
        Some(Factor::Count(count)) => count,
        None => 1,
    };
    let concern = wanted.concern.unwrap_or(1);
    let servers = call.state.usable_db_servers().len();
    // Here every error but a missing permission has this status.
    let forced = |error: ApiError| ApiError { status: 400, ..error };
    check_factor(factor, servers).map_err(forced)?;
    if concern > servers {
        return Err(forced(too_few_servers()));
    }
    check_concern(concern, factor)?;
    Ok((factor, concern))
}

/// Grants the caller and the given users everything in the new database. Missing users are created. Without given users,
/// `root` gets the grant.
fn grant(call: &mut Call<'_>, database: &str, users: Option<&Vec<Value>>) {
    let by_name = &mut call.state.users.by_name;
    if let Some(creator) = call.caller.user().and_then(|name| by_name.get_mut(name)) {
        creator.grants.set_all(database);
    }
    for user in users.into_iter().flatten() {
        let text = |key: &str| user.get(key).and_then(Value::as_str);
        let Some(name) = text("username").or_else(|| text("user")) else { continue };
        let known = by_name.entry(name.to_owned()).or_insert_with(|| {
            let mut new = User::new(text("passwd").unwrap_or_default());
            new.active = user.get("active").and_then(Value::as_bool).unwrap_or(true);
            new.extra = user.get("extra").cloned().unwrap_or_else(|| json!({}));
            new
        });
        known.grants.set_all(database);
    }
    if users.is_none_or(Vec::is_empty) {
        by_name.entry("root".to_owned()).or_insert_with(|| User::new("")).grants.set_all(database);
    }
}
