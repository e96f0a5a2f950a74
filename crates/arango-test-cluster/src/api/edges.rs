//! `/_api/edges`: the edges of vertices.

use arango_test_aql::Value;
use http::Method;
use serde_json::json;

use super::collections::find;
use super::documents::with_dirty_read;
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome};
use crate::http::json;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::state::databases::Kind;

/// Which ends of an edge are compared.
#[derive(Debug, Clone, Copy)]
enum Direction {
    In,
    Out,
    Any,
}

impl Direction {
    fn read(text: Option<&str>) -> Result<Self, ApiError> {
        match text.unwrap_or_default() {
            "" | "any" => Ok(Self::Any),
            "in" | "inbound" => Ok(Self::In),
            "out" | "outbound" => Ok(Self::Out),
            other => {
                let text = format!("<direction> must by any, in, or out, not: {other}");
                Err(ApiError::new(400, 400, text))
            }
        }
    }

    /// Returns whether one of the compared ends of an edge is one of these vertices.
    fn accepts(self, edge: &Value, vertices: &[String]) -> bool {
        let is_end = |end: &str| {
            edge.attribute(end).as_str().is_some_and(|id| vertices.iter().any(|vertex| vertex == id))
        };
        match self {
            Self::In => is_end("_to"),
            Self::Out => is_end("_from"),
            Self::Any => is_end("_from") || is_end("_to"),
        }
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    if let Some(outcome) = call.enter_transaction()? {
        return Ok(outcome);
    }
    respond(call, rest).map(Outcome::Now)
}

fn respond(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let parameters: &'static [&'static str] =
        if call.request.method == Method::GET { &["vertex", "direction"] } else { &["direction"] };
    call.require_modelled(&Modelled::parameters(parameters).headers(&[TRANSACTION]))?;
    if !matches!(call.request.method, Method::GET | Method::POST) {
        return Err(ApiError::new(501, 9, "ILLEGAL /_api/edges"));
    }
    let &[collection] = rest else {
        let text = "expected GET /_api/edges/<collection>?vertex=<vertex-handle>&direction=<direction>";
        return Err(ApiError::new(400, 400, text));
    };
    if find(call, collection)?.kind != Kind::Edge {
        return Err(ApiError::new(400, 1218, "invalid collection type"));
    }
    let direction = Direction::read(call.request.query.get("direction"))?;
    let vertices = vertices(call)?;
    let mut body = b"{\"error\":false,\"code\":200,\"edges\":[".to_vec();
    let edges = call.scan(&call.view(collection)?)?;
    let mut count = 0;
    for edge in edges.iter().filter(|edge| direction.accepts(&edge.value(), &vertices)) {
        if count > 0 {
            body.push(b',');
        }
        body.extend_from_slice(edge.json());
        count += 1;
    }
    let stats = json!({ "scannedIndex": count, "filtered": 0 });
    body.extend_from_slice(format!("],\"stats\":{stats}}}").as_bytes());
    Ok(with_dirty_read(call, Reply::json(200, body)))
}

/// Returns the ids of the vertices: one in a parameter, or all of the body.
fn vertices(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    if call.request.method == Method::GET {
        let vertex = call.request.query.get("vertex").unwrap_or_default();
        let is_id = vertex
            .split_once('/')
            .is_some_and(|(collection, key)| !collection.is_empty() && !key.is_empty() && !key.contains('/'));
        return if is_id {
            Ok(vec![vertex.to_owned()])
        } else {
            Err(ApiError::new(400, 1205, "illegal document identifier"))
        };
    }
    let invalid = || ApiError::new(400, 400, "Expected an array of vertex _id's in body parameter");
    let body: Value = json::parse_value(&call.request.body)?;
    let ids = body.as_array().ok_or_else(invalid)?.iter();
    ids.map(|id| id.as_str().map(str::to_owned).ok_or_else(invalid)).collect()
}
