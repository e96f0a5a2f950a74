//! Responds as a coordinator does, from prepared texts, until standard input is closed.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use arango_bench::book::{Book, KEY};
use arango_bench::task::BATCH_ROWS;
use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use http::header::{CONTENT_TYPE, SERVER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A body in two pieces: the rows of a batch are the same in each one.
type Body = Chain<Bytes, Bytes>;

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve())
}

async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let server = Arc::new(Stub::new()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = Arc::clone(&server);
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { server.call(request).await }
            });
            let mut http = http1::Builder::new();
            http.title_case_headers(true);
            tokio::spawn(async move {
                stream.set_nodelay(true).ok();
                http.serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await?;
    Ok(())
}

/// Returns an element for each document of an array: under its key, or under the same one if they have none.
fn written_many(body: &[u8]) -> String {
    const NAME: &str = "\"_key\":\"";
    let body = String::from_utf8_lossy(body);
    let written = |key: &str| format!(r#"{{"_id":"books/{key}","_key":"{key}","_rev":"_kQ2bW7e---"}}"#);
    let keys = body.split(NAME).skip(1).filter_map(|rest| rest.split('"').next());
    let mut elements: Vec<_> = keys.map(written).collect();
    if elements.is_empty() {
        elements = body.matches("\"isbn\":").map(|_| written(KEY)).collect();
    }
    format!("[{}]", elements.join(","))
}

struct Stub {
    /// A batch up to its last row.
    rows: Bytes,
    document: Bytes,
    cursors: Mutex<Cursors>,
}

#[derive(Default)]
struct Cursors {
    last_id: u64,
    /// The number of the next batch and of all batches, by the id of the cursor.
    open: HashMap<u64, (u64, u64)>,
}

impl Stub {
    fn new() -> anyhow::Result<Self> {
        let rows: Vec<_> =
            (0..BATCH_ROWS).map(|number| Book::numbered(number).stored(&format!("{number:026}"))).collect();
        Ok(Self {
            rows: format!(r#"{{"result":{}"#, serde_json::to_string(&rows)?).into(),
            document: serde_json::to_string(&Book::numbered(7).stored(KEY))?.into(),
            cursors: Mutex::default(),
        })
    }

    async fn call(&self, request: Request<Incoming>) -> hyper::Result<Response<Full<Body>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (status, body) = self.respond(&head.method, head.uri.path(), &body);
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        response.headers_mut().extend([
            (SERVER, HeaderValue::from_static("ArangoDB")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        ]);
        Ok(response)
    }

    fn respond(&self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Body) {
        let path = path.strip_prefix("/_db/bench").unwrap_or(path).trim_end_matches('/');
        let path: Vec<_> = path.split('/').skip(1).collect();
        let whole = |status, body: Bytes| (status, body.chain(Bytes::new()));
        let json = |status, body: Value| whole(status, body.to_string().into());
        let id = path.get(2).and_then(|id| id.parse().ok());
        match (method.as_str(), &path[..]) {
            ("POST", ["_api", "document", "books"]) if body.starts_with(b"[") => {
                whole(StatusCode::ACCEPTED, written_many(body).into())
            }
            // One document for each line.
            ("POST", ["_api", "import"]) => {
                let text = String::from_utf8_lossy(body);
                let created = text.matches("\"isbn\":").count();
                json(
                    StatusCode::CREATED,
                    json!({
                        "error": false, "code": 201, "created": created, "errors": 0, "empty": 0, "updated": 0,
                        "ignored": 0,
                    }),
                )
            }
            ("POST", ["_api", "document", "books"]) => {
                let written = format!(r#"{{"_id":"books/{KEY}","_key":"{KEY}","_rev":"_kQ2bW7e---"}}"#);
                whole(StatusCode::ACCEPTED, written.into())
            }
            ("GET", ["_api", "document", "books", KEY]) => whole(StatusCode::OK, self.document.clone()),
            ("POST", ["_api", "cursor"]) => {
                let query: Value = serde_json::from_slice(body).unwrap_or_default();
                let rows = query["bindVars"]["rows"].as_u64().unwrap_or_default();
                let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
                cursors.last_id += 1;
                let id = cursors.last_id;
                cursors.open.insert(id, (1, rows / u64::from(BATCH_ROWS)));
                drop(cursors);
                self.next_batch(id)
            }
            ("POST" | "PUT", ["_api", "cursor", _] | ["_api", "cursor", _, _]) => {
                self.next_batch(id.unwrap_or_default())
            }
            ("DELETE", ["_api", "cursor", id]) => {
                json(StatusCode::ACCEPTED, json!({ "id": id, "error": false, "code": 202 }))
            }
            ("GET", ["_api", "collection", "books"] | ["_api", "collection", "books", "properties"]) => json(
                StatusCode::OK,
                json!({
                    "error": false, "code": 200, "id": "10042", "name": "books", "type": 2, "status": 3,
                    "globallyUniqueId": "c10042/", "isSystem": false, "statusString": "loaded",
                    "keyOptions": { "allowUserKeys": true, "type": "traditional" }, "shardKeys": ["_key"],
                    "waitForSync": false, "numberOfShards": 3, "replicationFactor": 2, "writeConcern": 1,
                }),
            ),
            ("GET", ["_api", "database", "current"]) => json(
                StatusCode::OK,
                json!({
                    "error": false, "code": 200,
                    "result": { "id": "42", "name": "bench", "isSystem": false, "path": "" },
                }),
            ),
            ("GET", ["_api", "database" | "user", ..]) => {
                json(StatusCode::OK, json!({ "error": false, "code": 200, "result": { "bench": "rw" } }))
            }
            ("GET", [] | ["_api", "version"]) => json(
                StatusCode::OK,
                json!({
                    "server": "arango", "license": "enterprise", "version": "3.12.7-2",
                }),
            ),
            _ => json(
                StatusCode::NOT_FOUND,
                json!({
                    "error": true, "code": 404, "errorNum": 404, "errorMessage": format!("unknown path {path:?}"),
                }),
            ),
        }
    }

    /// Returns the next batch of a cursor, also if its number is in the path: no client repeats a request here.
    fn next_batch(&self, id: u64) -> (StatusCode, Body) {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((number, batches)) = cursors.open.get_mut(&id) else {
            let gone = r#"{"error":true,"code":404,"errorNum":1600,"errorMessage":"cursor not found"}"#;
            return (StatusCode::NOT_FOUND, Bytes::from_static(gone.as_bytes()).chain(Bytes::new()));
        };
        *number += 1;
        let next = match *number {
            next if next <= *batches => format!(r#""hasMore":true,"id":"{id}","nextBatchId":"{next}""#),
            _ => {
                cursors.open.remove(&id);
                r#""hasMore":false"#.to_owned()
            }
        };
        let end = format!(
            r#",{next},"cached":false,"extra":{{"warnings":[],"stats":{{"writesExecuted":0,"writesIgnored":0,"scannedFull":0,"scannedIndex":0,"filtered":0,"httpRequests":3,"executionTime":0.0021,"peakMemoryUsage":98304}}}},"error":false,"code":200}}"#
        );
        (StatusCode::OK, self.rows.clone().chain(end.into()))
    }
}
