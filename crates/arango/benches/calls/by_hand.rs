//! What a program does by hand for each call: it fills a prepared request, and decodes the response.
//!
//! It includes what a program cannot leave out. The types have the fields of the responses; the facade's have those of newer
//! servers, too.

use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::book::{Book, BorrowedBook, ISBN, KEY, QUERY};
use crate::client::Task;
use crate::endpoint::{BATCH_ROWS, Endpoint};
use crate::protocol::Protocol;

/// The login of `root` with the password `passwd`.
const LOGIN: &str = "Basic cm9vdDpwYXNzd2Q=";

#[derive(Debug, Deserialize)]
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "decoded as a program would, with the server's names"
)]
struct Version {
    server: String,
    license: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a program would")]
struct Health {
    cluster_id: String,
    health: HashMap<String, Server>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a program would")]
struct Server {
    role: String,
    status: String,
    endpoint: String,
    can_be_deleted: bool,
    short_name: Option<String>,
    host: Option<String>,
    sync_status: Option<String>,
    sync_time: Option<String>,
    version: Option<String>,
    engine: Option<String>,
    last_acked_time: Option<Value>,
    timestamp: Option<String>,
    advertised_endpoint: Option<String>,
    leading: Option<bool>,
    leader: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoded as a program would")]
struct Written {
    #[serde(rename = "_key")]
    key: String,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_rev")]
    revision: String,
}

/// A batch of rows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch<T> {
    result: Vec<T>,
    has_more: bool,
    id: Option<String>,
    next_batch_id: Option<String>,
}

/// The body of a query with a bind parameter.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    query: &'static str,
    bind_vars: BindVars,
}

#[derive(Debug, Serialize)]
struct BindVars {
    isbn: &'static str,
}

impl Default for Query {
    fn default() -> Self {
        Self { query: QUERY, bind_vars: BindVars { isbn: ISBN } }
    }
}

/// Prepares the request for one coordinator, which is cloned for each call.
pub(crate) fn prepared(task: &Task, address: SocketAddr) -> anyhow::Result<Request<Full<Bytes>>> {
    let (method, path) = match task.endpoint {
        Endpoint::Version => (Method::GET, "/_api/version"),
        Endpoint::Health => (Method::GET, "/_admin/cluster/health"),
        Endpoint::Insert | Endpoint::Import => (Method::POST, "/_api/document/books"),
        // The path has a key, which differs from call to call.
        Endpoint::Get => (Method::GET, "/"),
        Endpoint::Query | Endpoint::Rows | Endpoint::BorrowedRows => (Method::POST, "/_api/cursor"),
    };
    let has_body = method == Method::POST;
    let mut request = match task.protocol {
        Protocol::Plain | Protocol::Tls => Request::builder().uri(path).header(HOST, address.to_string()),
        #[cfg(feature = "http2")]
        Protocol::Http2 => Request::builder().uri(format!("http://{address}{path}")),
    };
    if has_body {
        request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(request.method(method).header(AUTHORIZATION, LOGIN).body(Full::default())?)
}

/// Adds to a prepared request what differs from call to call.
pub(crate) fn fill(task: &Task, book: &Book, request: &mut Request<Full<Bytes>>) -> anyhow::Result<()> {
    match task.endpoint {
        Endpoint::Version | Endpoint::Health | Endpoint::Rows | Endpoint::BorrowedRows | Endpoint::Import => {
        }
        Endpoint::Insert => *request.body_mut() = Full::new(serde_json::to_vec(book)?.into()),
        Endpoint::Query => *request.body_mut() = Full::new(serde_json::to_vec(&Query::default())?.into()),
        Endpoint::Get => *request.uri_mut() = Uri::try_from(format!("/_api/document/books/{KEY}"))?,
    }
    Ok(())
}

/// Decodes a response; returns a number that it contains.
pub(crate) fn decode(endpoint: Endpoint, body: &[u8]) -> anyhow::Result<usize> {
    Ok(match endpoint {
        Endpoint::Version => serde_json::from_slice::<Version>(body)?.version.len(),
        Endpoint::Health => serde_json::from_slice::<Health>(body)?.health.len(),
        Endpoint::Insert => serde_json::from_slice::<Written>(body)?.key.len(),
        Endpoint::Get => serde_json::from_slice::<Book>(body)?.pages as usize,
        Endpoint::Query => {
            let rows = serde_json::from_slice::<Batch<Book>>(body)?.result;
            rows.first().context("a query without a row")?.pages as usize
        }
        Endpoint::Rows => serde_json::from_slice::<Batch<Book>>(body)?.result.len(),
        Endpoint::BorrowedRows => serde_json::from_slice::<Batch<BorrowedBook<'_>>>(body)?.result.len(),
        Endpoint::Import => serde_json::from_slice::<Vec<Written>>(body)?.len(),
    })
}

/// Reads a cursor of so many rows to its end, and closes it; returns the sum of the pages.
///
/// `send` sends a request with another method, path and body than the prepared one, always to the same coordinator.
pub(crate) async fn read_rows(
    endpoint: Endpoint,
    rows: u64,
    mut send: impl AsyncFnMut(Method, Uri, Bytes) -> anyhow::Result<Bytes>,
) -> anyhow::Result<u64> {
    let query = json!({
        "query": "FOR b IN books LIMIT @rows RETURN b",
        "bindVars": { "rows": rows },
        "batchSize": BATCH_ROWS,
        "options": { "allowRetry": true },
    });
    let mut body = send(Method::POST, Uri::from_static("/_api/cursor"), query.to_string().into()).await?;
    let (mut pages, mut cursor) = (0, None);
    loop {
        let (id, has_more, next) = if endpoint == Endpoint::BorrowedRows {
            let batch: Batch<BorrowedBook<'_>> = serde_json::from_slice(&body)?;
            pages += batch.result.iter().map(|book| u64::from(book.pages)).sum::<u64>();
            (batch.id, batch.has_more, batch.next_batch_id)
        } else {
            let batch: Batch<Book> = serde_json::from_slice(&body)?;
            pages += batch.result.iter().map(|book| u64::from(book.pages)).sum::<u64>();
            (batch.id, batch.has_more, batch.next_batch_id)
        };
        drop(body);
        cursor = id.or(cursor);
        let Some(cursor) = &cursor else { return Ok(pages) };
        if !has_more {
            send(Method::DELETE, format!("/_api/cursor/{cursor}").try_into()?, Bytes::new()).await?;
            return Ok(pages);
        }
        let next = next.context("a batch without the number of the next one")?;
        body = send(Method::POST, format!("/_api/cursor/{cursor}/{next}").try_into()?, Bytes::new()).await?;
    }
}

/// Sends so many documents in arrays, one after the other; returns how many were written.
///
/// An error of a document would not be one of the response: a program that needs to know looks at each element.
pub(crate) async fn import(
    documents: u64,
    books: &[Book],
    mut send: impl AsyncFnMut(Bytes) -> anyhow::Result<Bytes>,
) -> anyhow::Result<u64> {
    let mut written = 0;
    while written < documents {
        let left = usize::try_from(documents - written)?.min(books.len());
        let body = send(serde_json::to_vec(&books[..left])?.into()).await?;
        written += decode(Endpoint::Import, &body)? as u64;
    }
    Ok(written)
}
