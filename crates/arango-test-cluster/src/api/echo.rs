//! `/_admin/echo`: what the coordinator has received.

use http::{Method, header};
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::Reply;

/// Handles `/_admin/echo`, with any method and with more segments.
pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let request = call.request;
    if request.headers.contains_key(header::COOKIE) {
        return Err(call.not_modelled("header", "cookie"));
    }
    if let Some(list) = request.query.names().find(|name| name.ends_with("[]")) {
        return Err(call.not_modelled("query parameter", list));
    }
    let has_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    let Ok(body) = std::str::from_utf8(&request.body) else {
        return Err(call.not_modelled("body without a text", "in UTF-8"));
    };
    let (address, scheme) = address(&call.server().endpoint);
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "0"));
    let client = request.client;
    let mut document = json!({
        "authorized": call.needs_authentication(), "user": call.caller.user(), "isAdminUser": call.is_admin(),
        "database": request.database, "url": request.target, "protocol": "http",
        "server": {
            "address": host, "port": port.parse::<u16>().unwrap_or_default(), "endpoint": format!("{scheme}://{address}"),
        },
        "portType": "tcp/ip",
        "client": {
            "address": client.map(|client| client.ip().to_string()).unwrap_or_default(),
            "port": client.map(|client| client.port()).unwrap_or_default(), "id": "0",
        },
        "internals": {}, "prefix": "/", "headers": headers(call, has_body),
        "requestType": request.method.as_str(), "parameters": parameters(call), "cookies": {},
        "suffix": rest, "rawSuffix": raw_suffix(&request.path), "path": format!("/{}", rest.join("/")),
        "rawRequestBody": request.body.to_vec(),
    });
    if has_body {
        document["requestBody"] = body.into();
    }
    Ok(Reply::raw(200, &document))
}

/// Splits the endpoint of a server into address and the scheme that clients use.
fn address(endpoint: &str) -> (&str, &'static str) {
    match endpoint.split_once("://") {
        Some(("ssl", address)) => (address, "https"),
        Some((_, address)) => (address, "http"),
        None => (endpoint, "http"),
    }
}

/// Returns the headers. Those of a body have its length, even if the client has not announced it.
fn headers(call: &Call<'_>, has_body: bool) -> Map<String, Value> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let pairs = call.request.headers.iter();
    let mut headers: Map<_, _> =
        pairs.map(|(name, value)| (name.as_str().to_owned(), text(value).into())).collect();
    if has_body {
        headers.insert("content-length".to_owned(), call.request.body.len().to_string().into());
    }
    headers
}

fn parameters(call: &Call<'_>) -> Map<String, Value> {
    let query = &call.request.query;
    query.names().map(|name| (name.to_owned(), query.get(name).into())).collect()
}

/// Returns the segments behind `/_admin/echo` as they were sent.
fn raw_suffix(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).skip(2).collect()
}
