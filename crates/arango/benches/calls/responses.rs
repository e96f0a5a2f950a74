//! The responses of the server, compact as ArangoDB writes them.

use bytes::Bytes;
use bytes::buf::{Buf, Chain};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::book::{Book, KEY};
use crate::endpoint::BATCH_ROWS;

/// The version that every server reports.
pub(crate) const VERSION: &str = "3.12.7-2";

/// The number of servers in the cluster.
pub(crate) const SERVERS: usize = 9;

/// A body in two pieces: the rows of a batch are the same in each one.
pub(crate) type Body = Chain<Bytes, Bytes>;

/// The bodies that are prepared.
pub(crate) struct Responses {
    version: Bytes,
    health: Bytes,
    properties: Bytes,
    document: Bytes,
    /// A batch with one row.
    row: Bytes,
    /// A batch up to its last row.
    rows: Bytes,
}

impl Responses {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let rows: Vec<_> =
            (0..BATCH_ROWS).map(|number| Book::numbered(number).stored(&format!("{number:026}"))).collect();
        let rows = serde_json::to_string(&rows)?;
        let document = serde_json::to_string(&Book::numbered(7).stored(KEY))?;
        let properties = json!({
            "error": false, "code": 200, "id": "10042", "name": "books", "type": 2, "status": 3,
            "keyOptions": { "allowUserKeys": true, "type": "traditional" }, "shardKeys": ["_key"],
            "numberOfShards": 3, "replicationFactor": 2, "writeConcern": 1, "shardingStrategy": "hash",
        });
        Ok(Self {
            version: format!(r#"{{"server":"arango","license":"enterprise","version":"{VERSION}"}}"#).into(),
            health: health().into(),
            properties: properties.to_string().into(),
            row: format!(r#"{{"result":[{document}]{}"#, end(r#""hasMore":false"#)).into(),
            document: document.into(),
            rows: format!(r#"{{"result":{rows}"#).into(),
        })
    }

    /// Responds to a request. The id of a cursor is the number of its batches.
    pub(crate) fn respond(&self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Body) {
        let path: Vec<_> = path.split('/').skip(1).collect();
        let whole = |status, body: &Bytes| (status, body.clone().chain(Bytes::new()));
        match (method.as_str(), &path[..]) {
            ("GET", ["_api", "version"]) => whole(StatusCode::OK, &self.version),
            ("GET", ["_admin", "cluster", "health"]) => whole(StatusCode::OK, &self.health),
            ("GET", ["_api", "collection", "books", "properties"]) => whole(StatusCode::OK, &self.properties),
            ("POST", ["_api", "document", "books"]) if body.starts_with(b"[") => {
                whole(StatusCode::ACCEPTED, &written_many(body).into())
            }
            ("POST", ["_api", "document", "books"]) => {
                let body = String::from_utf8_lossy(body);
                let key = keys(&body).next().unwrap_or(KEY);
                (StatusCode::ACCEPTED, Bytes::from(written(key)).chain(Bytes::new()))
            }
            ("GET", ["_api", "document", "books", KEY]) => whole(StatusCode::OK, &self.document),
            ("POST", ["_api", "cursor"]) => {
                let query: Value = serde_json::from_slice(body).unwrap_or_default();
                match query["bindVars"]["rows"].as_u64() {
                    Some(rows) => (StatusCode::CREATED, self.batch(1, rows / u64::from(BATCH_ROWS))),
                    None => whole(StatusCode::CREATED, &self.row),
                }
            }
            ("POST", ["_api", "cursor", batches, number]) => match (batches.parse(), number.parse()) {
                (Ok(batches), Ok(number)) => (StatusCode::OK, self.batch(number, batches)),
                _ => whole(StatusCode::NOT_FOUND, &Bytes::new()),
            },
            ("DELETE", ["_api", "cursor", id]) => {
                let body = format!(r#"{{"id":"{id}","error":false,"code":202}}"#);
                whole(StatusCode::ACCEPTED, &body.into())
            }
            _ => whole(StatusCode::NOT_FOUND, &Bytes::new()),
        }
    }

    fn batch(&self, number: u64, batches: u64) -> Body {
        let next = match number + 1 {
            next if next <= batches => format!(r#""hasMore":true,"id":"{batches}","nextBatchId":"{next}""#),
            _ => r#""hasMore":false"#.to_owned(),
        };
        self.rows.clone().chain(end(&next).into())
    }
}

/// Returns the end of a batch, after its rows.
fn end(next: &str) -> String {
    let statistics = r#""writesExecuted":0,"writesIgnored":0,"documentLookups":0,"seeks":0,"scannedFull":0,"scannedIndex":0,"cursorsCreated":0,"cursorsRearmed":0,"cacheHits":0,"cacheMisses":0,"filtered":0,"httpRequests":3,"executionTime":0.0021,"peakMemoryUsage":98304,"intermediateCommits":0"#;
    format!(
        r#",{next},"cached":false,"extra":{{"warnings":[],"stats":{{{statistics}}}}},"error":false,"code":200}}"#
    )
}

/// Returns what is said of a document that was written under this key.
fn written(key: &str) -> String {
    format!(r#"{{"_id":"books/{key}","_key":"{key}","_rev":"_kQ2bW7e---"}}"#)
}

/// Returns the keys of documents.
fn keys(body: &str) -> impl Iterator<Item = &str> {
    body.split("\"_key\":\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Returns an element for each document of an array: under its key, or under the same one if they have none.
fn written_many(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let mut elements: Vec<_> = keys(&body).map(written).collect();
    if elements.is_empty() {
        elements = body.matches("\"title\":").map(|_| written(KEY)).collect();
    }
    format!("[{}]", elements.join(","))
}

fn health() -> String {
    let servers: Vec<String> = (1..=3).flat_map(|n| [agent(n), coordinator(n), db_server(n)]).collect();
    format!(
        r#"{{"error":false,"code":200,"ClusterId":"5f0a3c1e-8f5d-4b57-9f06-6a2f3d6d1c0b","Health":{{{}}}}}"#,
        servers.join(",")
    )
}

fn agent(n: usize) -> String {
    let leading = n == 1;
    let acked = if leading { "0".to_owned() } else { format!("0.{n}37") };
    format!(
        r#""AGNT-{n}a6f1c52-77d0-4a0e-9a55-0d2a6b9be1f{n}":{{"Role":"Agent","Endpoint":"tcp://10.0.0.3{n}:8531","CanBeDeleted":false,"Leading":{leading},"LastAckedTime":{acked},"Engine":"rocksdb","Version":"{VERSION}","Leader":"AGNT-1a6f1c52-77d0-4a0e-9a55-0d2a6b9be1f1","Status":"GOOD"}}"#
    )
}

fn coordinator(n: usize) -> String {
    let id = format!("CRDN-{n}b7e40d9-1f0c-4d52-8a1b-94b0f3f2c6e{n}");
    format!(r#""{id}":{}"#, record("Coordinator", &format!("Coordinator000{n}"), 10 + n))
}

fn db_server(n: usize) -> String {
    let id = format!("PRMR-{n}c93d1a8-5a2e-4c1d-b0f4-2e7d8c6b5a4{n}");
    format!(r#""{id}":{}"#, record("DBServer", &format!("DBServer000{n}"), 20 + n))
}

fn record(role: &str, name: &str, host: usize) -> String {
    format!(
        r#"{{"ShortName":"{name}","Endpoint":"tcp://10.0.0.{host}:8529","Host":"c0ffee{host}9a1f4d3f8c35e1b2a7d6f009","SyncStatus":"SERVING","Status":"GOOD","Version":"{VERSION}","Engine":"rocksdb","Timestamp":"2026-03-02T10:15:12Z","SyncTime":"2026-03-02T10:15:05Z","LastAckedTime":"2026-03-02T10:15:06Z","Role":"{role}","CanBeDeleted":false}}"#
    )
}
