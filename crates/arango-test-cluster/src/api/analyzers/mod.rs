//! `/_api/analyzer`: analyzers, as they were defined. They analyze nothing.
//!
//! | module | what |
//! |---|---|
//! | `built_in` | the analyzers that every server has |
//! | `properties` | what each type of analyzers has |

mod built_in;
mod properties;

use serde_json::{Value, json};

use super::modelled::Modelled;
use super::search_views::uses;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::Database;
use crate::state::grants::Level;
use crate::state::search::{Analyzer, ViewDefinition};

pub(super) const FEATURES: [&str; 4] = ["frequency", "norm", "position", "offset"];

/// The name of an analyzer, as it is given in requests and reported in responses.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    /// `None` for analyzers that every server has.
    database: Option<String>,
    name: String,
}

impl Name {
    /// Reads a name. Without a prefix it is built in, or belongs to the database of the request.
    fn read(call: &Call<'_>, text: &str) -> Self {
        match text.split_once("::") {
            Some(("", name)) => Self { database: Some("_system".to_owned()), name: name.to_owned() },
            Some((database, name)) => Self { database: Some(database.to_owned()), name: name.to_owned() },
            None if built_in::find(text).is_some() => Self { database: None, name: text.to_owned() },
            None => Self { database: Some(call.request.database.clone()), name: text.to_owned() },
        }
    }

    fn text(&self) -> String {
        match &self.database {
            Some(database) => format!("{database}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Refuses analyzers of other databases. Those of `_system` may be read from everywhere.
    fn require_reachable(&self, call: &Call<'_>, reads: bool) -> Result<(), ApiError> {
        let own = &call.request.database;
        match &self.database {
            Some(database) if database != own && !(reads && database == "_system") => {
                Err(ApiError::forbidden("Database in analyzer name does not match current database"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let modelled = match (call.request.method.as_str(), rest) {
        ("POST", []) => Modelled::NOTHING.attributes(&["name", "type", "properties", "features"]),
        ("DELETE", [_]) => Modelled::parameters(&["force"]),
        _ => Modelled::NOTHING,
    };
    call.require_modelled(&modelled)?;
    match (call.request.method.as_str(), rest) {
        ("GET", []) => Ok(list(call)),
        ("GET", [name]) => {
            let name = Name::read(call, name);
            name.require_reachable(call, true)?;
            let missing = || ApiError::of_number(1202, format!("unable to find analyzer: {}", name.text()));
            let found = find(call, &name).ok_or_else(missing)?;
            Ok(Reply::flat(200, describe(&name.text(), &found)))
        }
        ("POST", []) => {
            call.require_write()?;
            create(call)
        }
        ("DELETE", [name]) => {
            call.require_write()?;
            remove(call, name)
        }
        ("GET" | "POST" | "DELETE", _) => {
            Err(ApiError::bad_parameter("expecting /_api/analyzer[/<analyzer-name>]"))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Returns whether a request can refer to an analyzer by this name.
pub(super) fn exists(call: &Call<'_>, name: &str) -> bool {
    let name = Name::read(call, name);
    name.require_reachable(call, true).is_ok() && find(call, &name).is_some()
}

/// Returns how an index for search reports an analyzer, and its features; `None` if there is none of this name.
///
/// Of the own database it has no prefix, and of `_system` an empty one.
pub(super) fn in_index(call: &Call<'_>, name: &str) -> Option<(String, Vec<String>)> {
    let name = Name::read(call, name);
    name.require_reachable(call, true).ok()?;
    let features = find(call, &name)?.features;
    let reported = match &name.database {
        Some(database) if *database != call.request.database => format!("::{}", name.name),
        _ => name.name,
    };
    Some((reported, features))
}

fn find(call: &Call<'_>, name: &Name) -> Option<Analyzer> {
    match &name.database {
        None => built_in::find(&name.name),
        Some(database) => call.state.databases.get(database)?.analyzers.get(&name.name).cloned(),
    }
}

fn describe(name: &str, analyzer: &Analyzer) -> Value {
    let Analyzer { kind, properties, features } = analyzer;
    json!({ "name": name, "type": kind, "properties": properties, "features": features })
}

/// Lists those that every server has, those of the database, and those of `_system`.
fn list(call: &Call<'_>) -> Reply {
    let mut all: Vec<_> = built_in::all().iter().map(|(name, analyzer)| describe(name, analyzer)).collect();
    let own = call.request.database.as_str();
    let mut databases = vec![own];
    if own != "_system" && call.level("_system") != Level::None {
        databases.push("_system");
    }
    for database in databases {
        let analyzers = call.state.databases.get(database).into_iter().flat_map(|found| &found.analyzers);
        all.extend(analyzers.map(|(name, analyzer)| describe(&format!("{database}::{name}"), analyzer)));
    }
    Reply::result(200, all)
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    if body.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(ApiError::new(400, 600, "invalid JSON"));
    }
    let text = |name: &str| {
        let invalid = || ApiError::bad_parameter(format!("invalid '{name}', expecting a string"));
        body.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(invalid)
    };
    let name = Name::read(call, &text("name")?);
    name.require_reachable(call, false)?;
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let begins_with_letter = name.name.starts_with(|char: char| char.is_ascii_alphabetic());
    if !begins_with_letter || !name.name.chars().all(is_allowed) || name.name.len() > 254 {
        return Err(ApiError::bad_parameter(format!("invalid characters in analyzer name '{}'", name.name)));
    }
    let kind = text("type")?;
    let given = match body.get("properties") {
        None => json!({}),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(given) => given.clone(),
    };
    let given = given.as_object().ok_or_else(|| ApiError::bad_parameter("invalid 'properties'"))?;
    let properties = properties::complete(call, &kind, given, "properties.")?;
    let analyzer = Analyzer { kind, properties, features: features(body.get("features"))? };
    let existing = find(call, &name);
    let status = match &existing {
        None => 201,
        Some(existing) if existing.is_equal(&analyzer) => 200,
        Some(_) => {
            let text = "Name collision detected while registering an arangosearch analyzer.";
            return Err(ApiError::bad_parameter(text));
        }
    };
    let reply = Reply::raw(status, &describe(&name.text(), &analyzer));
    if existing.is_none() {
        call.database_mut()?.analyzers.insert(name.name, analyzer);
    }
    Ok(reply)
}

fn features(given: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let invalid = || ApiError::bad_parameter("invalid 'features', expecting an array of known features");
    let mut features = Vec::new();
    for feature in given.map_or(Some(&Vec::new()), Value::as_array).ok_or_else(invalid)? {
        let feature = feature.as_str().filter(|name| FEATURES.contains(name)).ok_or_else(invalid)?;
        if !features.iter().any(|known| known == feature) {
            features.push(feature.to_owned());
        }
    }
    for (feature, needed) in [("position", "frequency"), ("offset", "frequency"), ("offset", "position")] {
        let has = |name: &str| features.iter().any(|known| known == name);
        if has(feature) && !has(needed) {
            let text = format!("missing feature '{needed}' required when '{feature}' feature is specified");
            return Err(ApiError::bad_parameter(text));
        }
    }
    Ok(features)
}

fn remove(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let name = Name::read(call, name);
    name.require_reachable(call, false)?;
    if name.database.is_none() {
        return Err(ApiError::forbidden("built-in analyzers cannot be removed"));
    }
    if find(call, &name).is_none() {
        let text = format!("failure to find analyzer while removing arangosearch analyzer '{}'", name.text());
        return Err(ApiError::of_number(1202, text));
    }
    if !call.request.query.is_true("force") && is_used(call, &name) {
        let text = format!("analyzer in-use while removing arangosearch analyzer '{}'", name.text());
        return Err(ApiError::of_number(1200, text));
    }
    call.database_mut()?.analyzers.remove(&name.name);
    Ok(Reply::flat(200, json!({ "name": name.text() })))
}

/// Returns whether a view or an index uses an analyzer. Those of `_system` may be used in all databases.
fn is_used(call: &Call<'_>, name: &Name) -> bool {
    let owner = name.database.as_deref().unwrap_or_default();
    call.state.databases.iter().any(|(database, content)| {
        let mut names = vec![name.text()];
        if owner == "_system" {
            names.push(format!("::{}", name.name));
        }
        if database == owner {
            names.push(name.name.clone());
        }
        is_used_in(content, &names)
    })
}

fn is_used_in(database: &Database, names: &[String]) -> bool {
    let mut views = database.views.values().map(|view| &view.definition);
    let mut indexes = database.collections.values().flat_map(|collection| &collection.indexes);
    let in_links = |definition: &ViewDefinition| match definition {
        ViewDefinition::ArangoSearch { links, .. } => links.values().any(|link| uses(link, names)),
        ViewDefinition::SearchAlias { .. } => false,
    };
    views.any(in_links) || indexes.any(|index| uses(&Value::Object(index.clone()), names))
}
