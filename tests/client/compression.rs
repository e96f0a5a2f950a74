//! Compression of bodies, which is invisible above the connection.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::protocol::{Metadata, RequestClass, RequestProperties};
use arango::transport::Call;
use arango::{Client, ClientBuilder, Compression, Credentials, ErrorKind, Http2, Limits, Outcome};
use arango_test_cluster::{Authentication, Entry, Fault, Match, Phase, TestCluster};
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use tower::ServiceBuilder;
use tower::util::{MapRequestLayer, MapResponseLayer};

use crate::support::{CLASSES, Insert, builder, client, cluster, cluster_with, insert};

const ENCODINGS: [&str; 2] = ["deflate", "gzip"];

fn compression_named(encoding: &str) -> Compression {
    if encoding == "gzip" { Compression::gzip() } else { Compression::deflate() }
}

/// Headers and body length of each recorded message.
type RecordedBodies = Arc<Mutex<Vec<(HeaderMap, usize)>>>;

/// Starts a cluster of this version that compresses every response that gets smaller.
async fn compressing_cluster(version: &str) -> TestCluster {
    cluster_with(|cluster| cluster.version(version).compress_responses_from(1)).await
}

fn compressing_client(cluster: &TestCluster) -> ClientBuilder {
    builder(cluster).compression(Compression::deflate())
}

/// Returns an insert with a body larger than the compression threshold of 1 KiB.
fn large_insert(class: RequestClass) -> Insert {
    Insert { padding: 10_000, ..insert("m", class) }
}

/// Returns the journal entries with the marker of the tests.
fn marked_requests(cluster: &TestCluster) -> Vec<Entry> {
    let entries = cluster.journal().entries();
    entries.into_iter().filter(|entry| entry.marker.as_deref() == Some("m")).collect()
}

/// Returns the complete response body of a path.
async fn get_body(client: &Client, path: &str) -> Bytes {
    let call = Call::new(&Metadata::get("ask", "/"), RequestProperties::with_class(RequestClass::Safe));
    let request = Request::get(path).body(Full::default()).unwrap();
    client.transport().send_and_decode(request, call, |response| Ok(response.bytes().clone())).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_large_request_is_compressed_and_executed_once_by_every_version() {
    for version in ["3.10", "3.11", "3.12", "4.0"] {
        for name in ENCODINGS {
            let cluster = compressing_cluster(version).await;
            let client = builder(&cluster).compression(compression_named(name)).build().unwrap();
            client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap();
            let [entry] = &marked_requests(&cluster)[..] else { panic!("it was sent more than once") };
            assert_eq!((entry.encoding.as_deref(), entry.executed), (Some(name), true), "{version}");
            assert!(entry.length < 200, "{} bytes", entry.length);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_worthwhile_requests_are_compressed_when_enabled() {
    let cluster = cluster().await;
    let encodings = async |client: Client, insert: Insert| {
        cluster.journal().clear();
        client.db("_system").execute(insert).await.unwrap();
        marked_requests(&cluster).into_iter().map(|entry| entry.encoding).collect::<Vec<_>>()
    };
    let with = |compression| builder(&cluster).compression(compression).build().unwrap();
    let small = || insert("m", RequestClass::NonIdempotent);
    let large = || large_insert(RequestClass::NonIdempotent);

    assert_eq!(encodings(client(&cluster), large()).await, [None]);
    assert_eq!(encodings(with(Compression::disabled()), large()).await, [None]);
    assert_eq!(encodings(with(Compression::deflate().responses_only()), large()).await, [None]);
    assert_eq!(encodings(with(Compression::deflate()), small()).await, [None]);
    assert_eq!(
        encodings(with(Compression::deflate().requests_from(1)), small()).await,
        [None],
        "compressed it would be larger"
    );
    let padded = Insert { padding: 100, ..small() };
    assert_eq!(
        encodings(with(Compression::deflate().requests_from(100)), padded).await[0].as_deref(),
        Some("deflate")
    );
}

#[tokio::test(start_paused = true)]
async fn requests_are_not_compressed_without_a_login() {
    let cluster = compressing_cluster("3.12").await;
    let eager_builder = || builder(&cluster).compression(Compression::gzip().requests_from(1));
    let client = eager_builder().jwt_auth("root", cluster.root_password()).build().unwrap();
    client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap();
    let entries = cluster.journal().entries();
    let login = entries.iter().find(|entry| entry.path == "/_open/auth").unwrap();
    assert_eq!((login.encoding.as_deref(), login.status), (None, Some(200)));
    assert_eq!(marked_requests(&cluster)[0].encoding.as_deref(), Some("gzip"));

    // A server without authentication would accept it, but the client cannot know that.
    let unauthenticated_cluster =
        cluster_with(|cluster| cluster.authentication(Authentication::Off).compress_responses_from(1)).await;
    let anonymous =
        compressing_client(&unauthenticated_cluster).credentials(Credentials::none()).build().unwrap();
    anonymous.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(marked_requests(&unauthenticated_cluster)[0].encoding, None);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_renewed_for_a_compressed_request() {
    for class in CLASSES {
        let cluster = cluster_with(|cluster| cluster.coordinators(1)).await;
        let client = compressing_client(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
        client.db("_system").version().await.unwrap();
        cluster.tokens().expire_all();
        client.db("_system").execute(large_insert(class)).await.unwrap();
        let statuses: Vec<_> =
            marked_requests(&cluster).iter().map(|entry| (entry.executed, entry.status)).collect();
        assert_eq!(statuses, [(false, Some(401)), (true, Some(202))], "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn compressing_a_very_large_request_respects_the_deadline() {
    let cluster = cluster().await;
    let client = compressing_client(&cluster).build().unwrap();
    let larger = || Insert { padding: 1 << 20, ..insert("m", RequestClass::NonIdempotent) };
    client.db("_system").execute(larger()).await.unwrap();
    let [entry] = &marked_requests(&cluster)[..] else { panic!("it was sent more than once") };
    assert!(entry.executed && entry.encoding.is_some() && entry.length < 10_000, "{} bytes", entry.length);

    let late = client.db("_system").timeout(Duration::ZERO);
    let error = late.execute(larger()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::NotExecuted));
    assert_eq!(cluster.journal().received("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_sends_the_same_bytes() {
    let cluster = cluster().await;
    let client = compressing_client(&cluster).build().unwrap();
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*"));
    let _lost = cluster.coordinator(0).inject(lost);
    client.db("_system").execute(large_insert(RequestClass::Idempotent)).await.unwrap();
    let sent: Vec<_> =
        marked_requests(&cluster).into_iter().map(|entry| (entry.length, entry.encoding)).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test(start_paused = true)]
async fn compressed_responses_decode_to_the_same_body() {
    for name in ENCODINGS {
        for version in ["3.10", "3.11", "3.12", "4.0"] {
            let cluster = compressing_cluster(version).await;
            let compressing = builder(&cluster).compression(compression_named(name)).build().unwrap();
            let shards = get_body(&client(&cluster), "/_admin/cluster/shardDistribution").await;
            assert_eq!(
                get_body(&compressing, "/_admin/cluster/shardDistribution").await,
                shards,
                "{version}"
            );
            assert_eq!(compressing.cluster().health().await.unwrap().servers().count(), 9);
            // A connection returns to the pool after the body is read.
            let states = compressing.coordinators();
            assert!(states.iter().all(|state| state.open_connections == state.idle_connections));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_number_of_a_compressed_error_is_read() {
    let cluster = compressing_cluster("3.12").await;
    let client = compressing_client(&cluster).build().unwrap();
    let conflict = Fault::response(409, 1200, "write-write conflict ".repeat(20));
    for coordinator in cluster.coordinators() {
        std::mem::forget(coordinator.inject(conflict.clone().on(Match::post("/_api/document/*"))));
    }
    let error = client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotExecuted));
    assert!(error.server_message().unwrap().starts_with("write-write"));
    assert!(error.body().starts_with(b"{"));
}

#[tokio::test(start_paused = true)]
async fn at_most_64_kib_of_a_compressed_error_are_decoded() {
    let cluster = compressing_cluster("3.12").await;
    let client = compressing_client(&cluster).build().unwrap();
    // Decoded, this body is larger than 64 KiB; compressed, it is small.
    let _fault = cluster.coordinator(0).inject(Fault::response(409, 1200, "x".repeat(64 << 10)));
    let error = client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.error_number(), error.body().len()), (ErrorKind::Http, None, 0));
}

#[tokio::test(start_paused = true)]
async fn the_body_limit_applies_to_the_decoded_size() {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    for class in CLASSES {
        let cluster = cluster().await;
        let limits = Limits::default().body_bytes(1 << 19);
        let client = builder(&cluster).limits(limits).build().unwrap();
        let fault = Fault::raw_response(200, "application/json", bomb.clone()).after_execution();
        let fault = fault.header("content-encoding", "gzip").header("server", "ArangoDB");
        let _fault = cluster.coordinator(0).inject(fault.on(Match::post("/_api/document/*")));
        let error = client.db("_system").execute(large_insert(class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTooLarge, Outcome::Executed));
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_streamed_body_is_decoded_incrementally() {
    let cluster = compressing_cluster("3.12").await;
    let plain = get_body(&client(&cluster), "/_admin/cluster/shardDistribution").await;
    let client = compressing_client(&cluster).build().unwrap();
    let _slow = cluster.inject(&Fault::slow_body(100, Duration::from_millis(10)));
    let request = Request::get("/_admin/cluster/shardDistribution").body(Full::default()).unwrap();
    let response = client.transport().send(request, Call::with_name("shards").streaming()).await.unwrap();
    assert!(
        !response.headers().contains_key(CONTENT_ENCODING)
            && !response.headers().contains_key(CONTENT_LENGTH)
    );
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), plain);
    assert_eq!(client.coordinators().iter().map(|state| state.in_flight).sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_truncated_compressed_body_is_interrupted() {
    let cluster = compressing_cluster("3.12").await;
    let client = compressing_client(&cluster).build().unwrap();
    let _cut = cluster.coordinator(0).inject(Fault::truncate(200).times(1));
    let first = client.coordinator(&client.coordinators()[0].address);
    let request = Request::get("/_admin/cluster/shardDistribution").body(Full::<Bytes>::default()).unwrap();
    let call = Call::with_name("shards").pinned_to(client.coordinators()[0].address.clone());
    let error = client.transport().send(request, call).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
    first.version().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn user_middleware_sees_uncompressed_bodies() {
    let cluster = compressing_cluster("3.12").await;
    let (requests, responses) = (RecordedBodies::default(), RecordedBodies::default());
    let (request_recorder, response_recorder) = (Arc::clone(&requests), Arc::clone(&responses));
    let layers = ServiceBuilder::new()
        .layer(MapRequestLayer::new(move |request: Request<Full<Bytes>>| {
            let length = request.body().clone().into_inner().unwrap_or_default().len();
            request_recorder.lock().unwrap().push((request.headers().clone(), length));
            request
        }))
        .layer(MapResponseLayer::new(move |response: http::Response<arango::transport::Body>| {
            response_recorder.lock().unwrap().push((response.headers().clone(), 0));
            response
        }));
    let client = compressing_client(&cluster).attempt_layer(layers).build().unwrap();
    client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap();
    client.cluster().health().await.unwrap();

    let requests = requests.lock().unwrap();
    assert!(requests[0].1 > 10_000);
    let responses = responses.lock().unwrap();
    for (headers, _) in requests.iter().chain(responses.iter()) {
        assert!(!headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(ACCEPT_ENCODING));
    }
    assert!(!responses[1].0.contains_key(CONTENT_LENGTH), "{responses:?}");
    assert_eq!(marked_requests(&cluster)[0].encoding.as_deref(), Some("deflate"));
}

#[tokio::test(start_paused = true)]
async fn a_body_replaced_by_middleware_is_sent() {
    let cluster = cluster().await;
    let second = format!("{{\"title\":\"second\",\"padding\":\"{}\"}}", " ".repeat(5_000));
    let replace = MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
        if request.method() == Method::POST {
            *request.body_mut() = Full::new(Bytes::from(second.clone()));
            request.headers_mut().remove(CONTENT_LENGTH);
        }
        request
    });
    let client = compressing_client(&cluster).attempt_layer(replace).build().unwrap();
    client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(marked_requests(&cluster)[0].encoding.as_deref(), Some("deflate"));
    let all = "{\"query\":\"FOR d IN books RETURN d\"}";
    let request = Request::post("/_api/cursor").body(Full::new(Bytes::from(all))).unwrap();
    let plain = crate::support::client(&cluster);
    let books =
        plain.transport().send_and_decode(request, Call::with_name("books"), |response| response.json());
    let books: serde_json::Value = books.await.unwrap();
    assert_eq!(books["result"][0]["title"], "second");
}

#[tokio::test(start_paused = true)]
async fn an_explicit_accept_encoding_disables_decoding() {
    let cluster = compressing_cluster("3.12").await;
    let gzip = HeaderValue::from_static("gzip");
    let by_layer = {
        let gzip = gzip.clone();
        MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
            request.headers_mut().insert(ACCEPT_ENCODING, gzip.clone());
            request
        })
    };
    let clients = [
        compressing_client(&cluster).build().unwrap(),
        compressing_client(&cluster).layer(by_layer.clone()).build().unwrap(),
        compressing_client(&cluster).attempt_layer(by_layer).build().unwrap(),
    ];
    for (index, client) in clients.iter().enumerate() {
        let mut request =
            Request::get("/_admin/cluster/shardDistribution").body(Full::<Bytes>::default()).unwrap();
        if index == 0 {
            request.headers_mut().insert(ACCEPT_ENCODING, gzip.clone());
        }
        let response = client.transport().send(request, Call::with_name("shards")).await.unwrap();
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip", "{index}");
        let length: usize = response.headers()[CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"\x1f\x8b") && body.len() == length);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_response_has_the_uncompressed_length() {
    let cluster = compressing_cluster("3.12").await;
    let client = compressing_client(&cluster).build().unwrap();
    let length = get_body(&client, "/_api/version?details=true").await.len();
    let request = Request::head("/_api/version?details=true").body(Full::<Bytes>::default()).unwrap();
    let response = client.transport().send(request, Call::with_name("version")).await.unwrap();
    assert_eq!(response.headers()[CONTENT_LENGTH], *length.to_string());
    let states = client.coordinators();
    assert!(states.iter().all(|state| state.open_connections == state.idle_connections));
}

#[tokio::test(start_paused = true)]
async fn http2_streams_carry_compressed_bodies() {
    let cluster = compressing_cluster("3.12").await;
    let client = compressing_client(&cluster).http2(Http2::PriorKnowledge).build().unwrap();
    client.db("_system").execute(large_insert(RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(marked_requests(&cluster)[0].encoding.as_deref(), Some("deflate"));
    let plain = get_body(&crate::support::client(&cluster), "/_admin/cluster/shardDistribution").await;
    assert_eq!(get_body(&client, "/_admin/cluster/shardDistribution").await, plain);
}
