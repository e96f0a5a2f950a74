//! Requests that no client should send: every one of them gets a response, and the next one is served as before.

mod requests;

use std::time::Duration;

use arango_test_cluster::TestCluster;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::time::timeout;

use self::requests::{PATHS, REQUESTS, SEGMENTS};
use crate::client::{Session, basic};

/// Longer than any request waits.
const HOUR: Duration = Duration::from_secs(3600);

/// Values that may stand where something else is expected.
fn wrong_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("99999999999999999999"),
        json!("\u{0}ä𝄞"),
        json!([]),
        json!([null, 1, "x", [], {}]),
        json!({ "x": [{}] }),
    ]
}

/// Returns a body with each of its parts replaced by each wrong value in turn, and without it.
fn variants(body: &Value) -> Vec<Value> {
    let mut all = wrong_values();
    match body {
        Value::Object(object) => {
            for (name, part) in object {
                for wrong in variants(part) {
                    let mut variant = object.clone();
                    variant.insert(name.clone(), wrong);
                    all.push(variant.into());
                }
                let mut variant = object.clone();
                variant.remove(name);
                all.push(variant.into());
            }
        }
        Value::Array(array) => {
            for (index, part) in array.iter().enumerate() {
                for wrong in variants(part) {
                    let mut variant = array.clone();
                    variant[index] = wrong;
                    all.push(variant.into());
                }
            }
        }
        _ => {}
    }
    all
}

/// Connects to the coordinator.
async fn connect(cluster: &TestCluster) -> SendRequest<Full<Bytes>> {
    let io = cluster.coordinator(0).connect().expect("the coordinator accepts connections");
    let (sender, connection) = handshake(TokioIo::new(io)).await.expect("HTTP/1.1 needs no handshake");
    tokio::spawn(connection);
    sender
}

/// A cluster with everything that the requests refer to, and what has got no proper response.
struct Fixture {
    cluster: TestCluster,
    connection: SendRequest<Full<Bytes>>,
    names: Vec<(&'static str, String)>,
    failures: Vec<String>,
}

impl Fixture {
    async fn start(version: &str) -> Self {
        let cluster = TestCluster::builder().version(version).in_memory().seed(1).start().await;
        let cluster = cluster.expect("a cluster in memory starts");
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let edge = json!({ "_key": "l", "_from": "books/a", "_to": "books/b" });
        let edges = json!([{ "collection": "links", "from": ["books"], "to": ["books"] }]);
        for (path, body) in [
            ("collection", json!({ "name": "books" })),
            ("collection", json!({ "name": "locked" })),
            ("collection", json!({ "name": "links", "type": 3 })),
            ("document/books", json!([{ "_key": "a", "a": 1 }, { "_key": "b" }])),
            ("document/links", edge),
            ("gharial", json!({ "name": "g", "edgeDefinitions": edges })),
            ("view", json!({ "name": "view", "type": "arangosearch" })),
            ("user", json!({ "user": "anna" })),
            ("transaction/begin", json!({ "collections": { "exclusive": "locked" } })),
        ] {
            assert!(session.post(&format!("/_api/{path}"), &body).await.status < 300, "{path}");
        }
        let (shard, copies) = session.shard_of("books").await;
        let connection = connect(&cluster).await;
        let names = vec![("{prmr}", copies[0].clone()), ("{shard}", shard)];
        Self { cluster, connection, names, failures: Vec::new() }
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Sends a request and records a failure unless it gets a response that names an error or none.
    async fn expect_response(&mut self, method: &str, path: &str, body: Bytes) {
        if let Err(error) = self.send(method, path, body.clone()).await {
            let body = String::from_utf8_lossy(&body);
            self.failures.push(format!("{method} {path} {body}: {error}"));
        }
    }

    async fn send(&mut self, method: &str, path: &str, body: Bytes) -> Result<(), String> {
        if self.connection.ready().await.is_err() {
            self.connection = connect(&self.cluster).await;
        }
        let request = Request::builder().method(method).uri(path).header("host", "x");
        let request = request.header("authorization", basic("root", "passwd"));
        let sent = self.connection.send_request(request.body(Full::new(body)).map_err(|e| e.to_string())?);
        let response = timeout(HOUR, sent).await.map_err(|_| "no response within an hour".to_owned())?;
        let response = response.map_err(|error| error.to_string())?;
        let is_error = response.status().as_u16() >= 400;
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let error = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        if is_error && !body.is_empty() && !error["errorNum"].is_number() {
            return Err("an error without a number".to_owned());
        }
        Ok(())
    }

    fn finish(self) {
        let Self { failures, .. } = self;
        assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_wrong_values_gets_a_response() {
    for (method, path, body) in REQUESTS {
        let mut fixture = Fixture::start("3.12").await;
        let (path, body) = (fixture.fill(path), fixture.fill(body));
        let mut bodies: Vec<Bytes> = match serde_json::from_str::<Value>(&body) {
            Ok(body) => variants(&body).iter().map(|body| body.to_string().into()).collect(),
            Err(_) => wrong_values().iter().map(|value| format!("{body}\n{value}").into()).collect(),
        };
        let deep = format!("{}{}", "[".repeat(199), "]".repeat(199));
        let broken: [&[u8]; 8] =
            [b"", b"{", b"\xff", b"{\"a\":\"\xff\"}", b"\"\\ud800\"", b"nul", b"{}{}", deep.as_bytes()];
        bodies.extend(broken.map(Bytes::copy_from_slice));
        bodies.push(body.into());
        for body in bodies {
            fixture.expect_response(method, &path, body).await;
        }
        fixture.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_of_wrong_segments_gets_a_response() {
    let mut fixture = Fixture::start("3.12").await;
    for (path, segment) in PATHS.iter().flat_map(|path| SEGMENTS.iter().map(move |one| (path, one))) {
        let path = path.replace("{}", segment);
        // Others cannot be sent.
        if path.parse::<http::Uri>().is_ok() {
            for (method, body) in
                [("GET", ""), ("PUT", "{}"), ("PATCH", "[]"), ("POST", "{}"), ("DELETE", "")]
            {
                fixture.expect_response(method, &path, body.into()).await;
            }
        }
    }
    fixture.finish();
}
