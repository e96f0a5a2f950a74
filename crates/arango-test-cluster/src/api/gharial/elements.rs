//! Vertices and edges of a graph.

use std::collections::BTreeSet;

use arango_test_aql::Value;
use http::{Method, header};

use super::definition::{self, EdgeDefinition};
use super::ends;
use crate::api::collections::find;
use crate::api::documents::{Operation, apply, failure, revision_header, write_ids_and_revisions};
use crate::api::{Call, HandlerResult};
use crate::http::json;
use crate::http::reply::{ApiError, Reply};
use crate::state::transactions::Access;
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;
use crate::store::write::{DocumentOptions, WrittenDocument};

/// The part that a document has in a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Vertex,
    Edge,
}

impl Element {
    pub(super) fn read(name: &str) -> Option<Self> {
        match name {
            "vertex" => Some(Self::Vertex),
            "edge" => Some(Self::Edge),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Vertex => "vertex",
            Self::Edge => "edge",
        }
    }
}

/// Reads a vertex or an edge.
pub(super) fn read(
    call: &Call<'_>,
    graph: &serde_json::Value,
    element: Element,
    collection: &str,
    key: &str,
) -> HandlerResult {
    require_used(call, graph, element, collection)?;
    let view = call.view(collection)?;
    let document = match view.existing(key, &options(call)) {
        Ok(document) => document,
        Err(error) => return Ok(failure(&view.rules().collection, Some(key), error)),
    };
    let revision = document.revision().text();
    if revision_header(call, "if-none-match").is_some_and(|tag| tag == revision) {
        return Ok(Reply::empty(304).with_etag(&revision));
    }
    let mut body = begin(200, element);
    body.extend_from_slice(document.json());
    body.push(b'}');
    Ok(Reply::json(200, body).with_header(header::ETAG, &revision))
}

/// Inserts a vertex or an edge.
pub(super) fn create(
    call: &mut Call<'_>,
    graph: &serde_json::Value,
    element: Element,
    collection: &str,
) -> HandlerResult {
    let document: Value = json::parse_value(&call.request.body)?;
    if document.as_object().is_none() {
        return Err(ApiError::new(400, 1227, "invalid document type"));
    }
    match element {
        Element::Vertex => {
            require_vertices(call, graph, collection)?;
            if call.database()?.collection(collection).is_none() {
                let text =
                    format!("{collection} vertex collection does not exist or is not part of the graph");
                return Err(ApiError::of_number(1926, text));
            }
        }
        Element::Edge => {
            let definitions = EdgeDefinition::read_all(graph)?;
            if !definitions.iter().any(|definition| definition.collection == collection) {
                return Err(ApiError::of_number(1930, "edge collection not used in graph"));
            }
            ends::require_both(call, graph, &document)?;
        }
    }
    write(call, element, collection, None, &document, Operation::Insert)
}

/// Replaces a vertex or an edge, or changes a part of it.
pub(super) fn change(
    call: &mut Call<'_>,
    graph: &serde_json::Value,
    element: Element,
    collection: &str,
    key: &str,
) -> HandlerResult {
    let document: Value = json::parse_value(&call.request.body)?;
    let operation = if call.request.method == Method::PATCH { Operation::Update } else { Operation::Replace };
    require_used(call, graph, element, collection)?;
    match (element, operation) {
        (Element::Vertex, _) => {}
        (Element::Edge, Operation::Update) => ends::require_changed(call, graph, &document)?,
        (Element::Edge, _) => ends::require_both(call, graph, &document)?,
    }
    write(call, element, collection, Some(key), &document, operation)
}

fn write(
    call: &mut Call<'_>,
    element: Element,
    collection: &str,
    key: Option<&str>,
    document: &Value,
    operation: Operation,
) -> HandlerResult {
    let name = find(call, collection)?.name.clone();
    let (waits, options) = (waits(call, collection)?, options(call));
    let written = call.write(collection, |view| apply(view, key, document, operation, &options))?;
    let written = match written {
        Ok(written) => written,
        Err(error) => return Ok(failure(&name, key, error)),
    };
    let synced = if operation == Operation::Insert { 201 } else { 200 };
    let status = if waits { synced } else { 202 };
    Ok(reply(call, status, element, &name, &written))
}

fn reply(
    call: &Call<'_>,
    status: u16,
    element: Element,
    collection: &str,
    written: &WrittenDocument,
) -> Reply {
    let mut body = begin(status, element);
    body.push(b'{');
    write_ids_and_revisions(&mut body, collection, written);
    body.push(b'}');
    for (name, parameter, document) in
        [("old", "returnOld", &written.old), ("new", "returnNew", &written.new)]
    {
        if let Some(document) = document.as_ref().filter(|_| call.request.query.is_true(parameter)) {
            body.extend_from_slice(format!(",\"{name}\":").as_bytes());
            body.extend_from_slice(document.json());
        }
    }
    body.push(b'}');
    let revision = written.new.as_ref().map(|new| new.revision().text()).unwrap_or_default();
    // Without quotes, unlike that of a document.
    Reply::json(status, body).with_header(header::ETAG, &revision)
}

/// Removes a vertex or an edge, and all edges of any graph that begin or end there.
pub(super) fn remove(
    call: &mut Call<'_>,
    graph: &serde_json::Value,
    element: Element,
    collection: &str,
    key: &str,
) -> HandlerResult {
    require_used(call, graph, element, collection)?;
    let name = find(call, collection)?.name.clone();
    let status = if waits(call, collection)? { 200 } else { 202 };
    let (options, id) = (options(call), format!("{name}/{key}"));
    let mut collections = edges_of(call, graph, &name)?;
    // The vertex comes first, and its collection may hold edges, too.
    let holds_edges = collections.remove(&name);
    let collections: Vec<String> = [name.clone()].into_iter().chain(collections).collect();
    let access = Access { write: collections.iter().cloned().collect(), ..Access::default() };
    call.require_access(&access)?;
    let removed = call.write_all(&collections, |views| {
        let removed = views[0].remove(key, &options)?;
        views.iter_mut().skip(usize::from(!holds_edges)).try_for_each(|edges| remove_edges(edges, &id))?;
        Ok(removed)
    })?;
    let removed = match removed {
        Ok(removed) => removed,
        Err(error) => return Ok(failure(&name, Some(key), error)),
    };
    let mut body = format!("{{\"error\":false,\"code\":{status},\"removed\":true").into_bytes();
    if let Some(old) = removed.old.filter(|_| call.request.query.is_true("returnOld")) {
        body.extend_from_slice(b",\"old\":");
        body.extend_from_slice(old.json());
    }
    body.push(b'}');
    Ok(Reply::json(status, body))
}

/// Returns the collections of edges of this graph, and of any graph that may have edges at these vertices.
fn edges_of(
    call: &Call<'_>,
    graph: &serde_json::Value,
    vertices: &str,
) -> Result<BTreeSet<String>, ApiError> {
    let mut edges: BTreeSet<_> =
        EdgeDefinition::read_all(graph)?.into_iter().map(|definition| definition.collection).collect();
    for graph in call.database()?.graphs.values() {
        let used = EdgeDefinition::read_all(graph)?.into_iter().filter(|one| one.has_end(vertices));
        edges.extend(used.map(|definition| definition.collection));
    }
    Ok(edges)
}

fn remove_edges(view: &mut CollectionView, id: &str) -> Result<(), DocumentError> {
    view.require_all_leaders()?;
    for edge in view.by_key() {
        let is_end = |end: &str| edge.value().attribute(end).as_str() == Some(id);
        if is_end("_from") || is_end("_to") {
            view.remove(edge.key(), &DocumentOptions::default())?;
        }
    }
    Ok(())
}

/// Refuses a collection of vertices that the graph does not have. Before 3.12 only inserts are refused.
fn require_used(
    call: &Call<'_>,
    graph: &serde_json::Value,
    element: Element,
    collection: &str,
) -> Result<(), ApiError> {
    if element == Element::Vertex && call.version.at_least(3, 12, 0) {
        require_vertices(call, graph, collection)?;
    }
    Ok(())
}

fn require_vertices(call: &Call<'_>, graph: &serde_json::Value, collection: &str) -> Result<(), ApiError> {
    if definition::vertices(graph).contains(collection) {
        return Ok(());
    }
    let number = if call.version.at_least(3, 12, 0) { 1949 } else { 1947 };
    Err(ApiError::of_number(number, "vertex collection is not part of the graph"))
}

/// Reads the options of a request. The revision is in a header or in a parameter.
fn options(call: &Call<'_>) -> DocumentOptions {
    let query = &call.request.query;
    let mut options = DocumentOptions::default();
    options.common.revision =
        revision_header(call, "if-match").or_else(|| query.get("rev").map(str::to_owned));
    options.common.keep_null = query.flag("keepNull", true);
    options.common.merge_objects = true;
    options
}

fn waits(call: &Call<'_>, collection: &str) -> Result<bool, ApiError> {
    Ok(call.request.query.is_true("waitForSync") || call.waits_for_sync(collection)?)
}

/// Begins the body of a response, up to the value of the element.
fn begin(status: u16, element: Element) -> Vec<u8> {
    format!("{{\"error\":false,\"code\":{status},\"{}\":", element.name()).into_bytes()
}
