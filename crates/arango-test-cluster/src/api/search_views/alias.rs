//! Indexes of views of type `search-alias`.

use serde_json::{Map, Value};

use super::{Change, require_known};
use crate::api::Call;
use crate::http::reply::ApiError;
use crate::state::search::ViewDefinition;

type Indexes = Vec<(String, String)>;

pub(super) fn create(call: &mut Call<'_>, body: &Map<String, Value>) -> Result<ViewDefinition, ApiError> {
    change(call, body, Change::Replace, Vec::new())
}

pub(super) fn change(
    call: &mut Call<'_>,
    body: &Map<String, Value>,
    change: Change,
    old: Indexes,
) -> Result<ViewDefinition, ApiError> {
    require_known(call, body, &["indexes"])?;
    let given = match body.get("indexes") {
        None => &Vec::new(),
        Some(Value::Array(given)) => given,
        Some(_) => return Err(ApiError::bad_parameter("optional field 'indexes' should be array")),
    };
    let mut indexes = if change == Change::Update { old } else { Vec::new() };
    for one in given {
        let one = one.as_object().ok_or_else(|| ApiError::bad_parameter("'indexes' should be objects"))?;
        call.require_attributes(one, "indexes.", &["collection", "index", "operation"])?;
        let index = find(call, one)?;
        let position = indexes.iter().position(|known| *known == index);
        match (one.get("operation").map(Value::as_str), position) {
            (None | Some(Some("" | "add")), None) => indexes.push(index),
            (None | Some(Some("" | "add")), Some(_)) => {}
            (Some(Some("del")), Some(position)) => {
                indexes.remove(position);
            }
            (Some(Some("del")), None) => return Err(ApiError::bad_parameter("Cannot find index to delete")),
            _ => return Err(ApiError::bad_parameter("Invalid type of operation")),
        }
    }
    Ok(ViewDefinition::SearchAlias { indexes })
}

/// Finds an inverted index by its name, or by its number.
fn find(call: &Call<'_>, wanted: &Map<String, Value>) -> Result<(String, String), ApiError> {
    let text = |name: &str| {
        let missing = || ApiError::bad_parameter(format!("'{name}' should be a string"));
        wanted.get(name).and_then(Value::as_str).ok_or_else(missing)
    };
    let collection = call.database()?.collection(text("collection")?);
    let collection = collection.ok_or_else(|| ApiError::bad_parameter("Cannot find collection"))?;
    let name = text("index")?;
    let id = format!("{}/{name}", collection.name);
    let mut inverted = collection.indexes.iter().filter(|index| index["type"] == "inverted");
    let index = inverted.find(|index| index["name"] == name || index["id"] == id.as_str());
    let index = index.ok_or_else(|| ApiError::bad_parameter("Cannot find index"))?;
    Ok((collection.name.clone(), index["name"].as_str().unwrap_or_default().to_owned()))
}
