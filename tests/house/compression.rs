//! Bodies are compressed on their way where that is wanted, and nobody above the connection sees anything of it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::protocol::{Metadata, RequestClass};
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

const BOTH: [&str; 2] = ["deflate", "gzip"];

fn by(encoding: &str) -> Compression {
    if encoding == "gzip" { Compression::gzip() } else { Compression::deflate() }
}

/// The headers of what passed by, and the length of its body.
type Seen = Arc<Mutex<Vec<(HeaderMap, usize)>>>;

/// A cluster of this version that compresses every answer which becomes smaller by it.
async fn willing(version: &str) -> TestCluster {
    cluster_with(|cluster| cluster.version(version).compress_answers_from(1)).await
}

fn compressing(cluster: &TestCluster) -> ClientBuilder {
    builder(cluster).compression(Compression::deflate())
}

/// An insert whose body is of more than a KiB.
fn large(class: RequestClass) -> Insert {
    Insert { padding: 10_000, ..insert("m", class) }
}

/// What coordinators have read under the marker of the tests.
fn read(cluster: &TestCluster) -> Vec<Entry> {
    let entries = cluster.journal().entries();
    entries.into_iter().filter(|entry| entry.marker.as_deref() == Some("m")).collect()
}

/// Asks a path for its whole answer.
async fn ask(client: &Client, path: &str) -> Bytes {
    let call = Call::of(&Metadata::get("ask", "/"), RequestClass::Safe);
    let request = Request::get(path).body(Full::default()).unwrap();
    client.transport().ask(request, call, |answer| Ok(answer.bytes().clone())).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_of_a_kib_is_compressed_and_executed_once_by_every_version() {
    for version in ["3.10", "3.11", "3.12", "4.0"] {
        for name in BOTH {
            let cluster = willing(version).await;
            let client = builder(&cluster).compression(by(name)).build().unwrap();
            client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap();
            let [entry] = &read(&cluster)[..] else { panic!("it was sent more than once") };
            assert_eq!((entry.encoding.as_deref(), entry.executed), (Some(name), true), "{version}");
            assert!(entry.length < 200, "{} bytes", entry.length);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_small_is_not_compressed_nor_what_would_grow_nor_anything_unless_that_is_wanted() {
    let cluster = cluster().await;
    let encodings = async |client: Client, insert: Insert| {
        cluster.journal().clear();
        client.db("_system").execute(insert).await.unwrap();
        read(&cluster).into_iter().map(|entry| entry.encoding).collect::<Vec<_>>()
    };
    let with = |compression| builder(&cluster).compression(compression).build().unwrap();
    let small = || insert("m", RequestClass::NonIdempotent);
    let large = || large(RequestClass::NonIdempotent);

    assert_eq!(encodings(client(&cluster), large()).await, [None]);
    assert_eq!(encodings(with(Compression::never()), large()).await, [None]);
    assert_eq!(encodings(with(Compression::deflate().answers_only()), large()).await, [None]);
    assert_eq!(encodings(with(Compression::deflate()), small()).await, [None]);
    assert_eq!(
        encodings(with(Compression::deflate().requests_from(1)), small()).await,
        [None],
        "it would grow"
    );
    let padded = Insert { padding: 100, ..small() };
    assert_eq!(
        encodings(with(Compression::deflate().requests_from(100)), padded).await[0].as_deref(),
        Some("deflate")
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_compressed_before_a_login_nor_without_one() {
    let cluster = willing("3.12").await;
    let eager = || builder(&cluster).compression(Compression::gzip().requests_from(1));
    let client = eager().jwt_auth("root", cluster.root_password()).build().unwrap();
    client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap();
    let entries = cluster.journal().entries();
    let login = entries.iter().find(|entry| entry.path == "/_open/auth").unwrap();
    assert_eq!((login.encoding.as_deref(), login.status), (None, Some(200)));
    assert_eq!(read(&cluster)[0].encoding.as_deref(), Some("gzip"));

    // A server without authentication would take it; a client cannot know.
    let open =
        cluster_with(|cluster| cluster.authentication(Authentication::Off).compress_answers_from(1)).await;
    let nobody = compressing(&open).credentials(Credentials::none()).build().unwrap();
    nobody.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(read(&open)[0].encoding, None);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_ended_is_renewed_under_a_compressed_request_too() {
    for class in CLASSES {
        let cluster = cluster_with(|cluster| cluster.coordinators(1)).await;
        let client = compressing(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
        client.db("_system").version().await.unwrap();
        cluster.tokens().expire_all();
        client.db("_system").execute(large(class)).await.unwrap();
        let seen: Vec<_> = read(&cluster).iter().map(|entry| (entry.executed, entry.status)).collect();
        assert_eq!(seen, [(false, Some(401)), (true, Some(202))], "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_request_is_compressed_too_and_ends_with_its_time() {
    let cluster = cluster().await;
    let client = compressing(&cluster).build().unwrap();
    let larger = || Insert { padding: 1 << 20, ..insert("m", RequestClass::NonIdempotent) };
    client.db("_system").execute(larger()).await.unwrap();
    let [entry] = &read(&cluster)[..] else { panic!("it was sent more than once") };
    assert!(entry.executed && entry.encoding.is_some() && entry.length < 10_000, "{} bytes", entry.length);

    let late = client.db("_system").timeout(Duration::ZERO);
    let error = late.execute(larger()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::NotExecuted));
    assert_eq!(cluster.journal().received("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_is_the_same_bytes() {
    let cluster = cluster().await;
    let client = compressing(&cluster).build().unwrap();
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*"));
    let _lost = cluster.coordinator(0).inject(lost);
    client.db("_system").execute(large(RequestClass::Idempotent)).await.unwrap();
    let sent: Vec<_> = read(&cluster).into_iter().map(|entry| (entry.length, entry.encoding)).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test(start_paused = true)]
async fn answers_are_what_they_would_be_without() {
    for name in BOTH {
        for version in ["3.10", "3.11", "3.12", "4.0"] {
            let cluster = willing(version).await;
            let compressing = builder(&cluster).compression(by(name)).build().unwrap();
            let shards = ask(&client(&cluster), "/_admin/cluster/shardDistribution").await;
            assert_eq!(ask(&compressing, "/_admin/cluster/shardDistribution").await, shards, "{version}");
            assert_eq!(compressing.cluster().health().await.unwrap().servers().count(), 9);
            // Read to its end, a connection is given back.
            let states = compressing.coordinators();
            assert!(states.iter().all(|state| state.open_connections == state.idle_connections));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_of_a_compressed_refusal_is_read() {
    let cluster = willing("3.12").await;
    let client = compressing(&cluster).build().unwrap();
    let conflict = Fault::answer(409, 1200, "write-write conflict ".repeat(20));
    for coordinator in cluster.coordinators() {
        std::mem::forget(coordinator.inject(conflict.clone().on(Match::post("/_api/document/*"))));
    }
    let error = client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotExecuted));
    assert!(error.server_message().unwrap().starts_with("write-write"));
    assert!(error.body().starts_with(b"{"));
}

#[tokio::test(start_paused = true)]
async fn of_a_compressed_refusal_no_more_than_64_kib_are_undone() {
    let cluster = willing("3.12").await;
    let client = compressing(&cluster).build().unwrap();
    // It would be a conflict; the bytes on their way are few.
    let _fault = cluster.coordinator(0).inject(Fault::answer(409, 1200, "x".repeat(64 << 10)));
    let error = client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.error_number(), error.body().len()), (ErrorKind::Http, None, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_as_large_as_what_it_holds() {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    for class in CLASSES {
        let cluster = cluster().await;
        let limits = Limits::default().body_bytes(1 << 19);
        let client = builder(&cluster).limits(limits).build().unwrap();
        let fault = Fault::answer_raw(200, "application/json", bomb.clone()).after_execution();
        let fault = fault.header("content-encoding", "gzip").header("server", "ArangoDB");
        let _fault = cluster.coordinator(0).inject(fault.on(Match::post("/_api/document/*")));
        let error = client.db("_system").execute(large(class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTooLarge, Outcome::Executed));
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_handed_over_as_it_comes_is_undone_as_it_comes() {
    let cluster = willing("3.12").await;
    let plain = ask(&client(&cluster), "/_admin/cluster/shardDistribution").await;
    let client = compressing(&cluster).build().unwrap();
    let _slow: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(Fault::slow_body(100, Duration::from_millis(10))))
        .collect();
    let request = Request::get("/_admin/cluster/shardDistribution").body(Full::default()).unwrap();
    let answer = client.transport().send(request, Call::named("shards").streaming()).await.unwrap();
    assert!(
        !answer.headers().contains_key(CONTENT_ENCODING) && !answer.headers().contains_key(CONTENT_LENGTH)
    );
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), plain);
    assert_eq!(client.coordinators().iter().map(|state| state.in_flight).sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_under_its_encoding_is_one_that_breaks_off() {
    let cluster = willing("3.12").await;
    let client = compressing(&cluster).build().unwrap();
    let _cut = cluster.coordinator(0).inject(Fault::truncate(200).times(1));
    let first = client.coordinator(&client.coordinators()[0].address);
    let request = Request::get("/_admin/cluster/shardDistribution").body(Full::<Bytes>::default()).unwrap();
    let call = Call::named("shards").pinned_to(client.coordinators()[0].address.clone());
    let error = client.transport().send(request, call).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
    first.version().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn layers_of_the_users_see_bodies_as_they_are() {
    let cluster = willing("3.12").await;
    let (asked, answered) = (Seen::default(), Seen::default());
    let (seen, heard) = (Arc::clone(&asked), Arc::clone(&answered));
    let layers = ServiceBuilder::new()
        .layer(MapRequestLayer::new(move |request: Request<Full<Bytes>>| {
            let length = request.body().clone().into_inner().unwrap_or_default().len();
            seen.lock().unwrap().push((request.headers().clone(), length));
            request
        }))
        .layer(MapResponseLayer::new(move |answer: http::Response<arango::transport::Body>| {
            heard.lock().unwrap().push((answer.headers().clone(), 0));
            answer
        }));
    let client = compressing(&cluster).attempt_layer(layers).build().unwrap();
    client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap();
    client.cluster().health().await.unwrap();

    let asked = asked.lock().unwrap();
    assert!(asked[0].1 > 10_000);
    let answered = answered.lock().unwrap();
    for (headers, _) in asked.iter().chain(answered.iter()) {
        assert!(!headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(ACCEPT_ENCODING));
    }
    assert!(!answered[1].0.contains_key(CONTENT_LENGTH), "{answered:?}");
    assert_eq!(read(&cluster)[0].encoding.as_deref(), Some("deflate"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_a_layer_puts_in_the_place_of_another_is_the_one_that_is_sent() {
    let cluster = cluster().await;
    let second = format!("{{\"title\":\"second\",\"padding\":\"{}\"}}", " ".repeat(5_000));
    let replace = MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
        if request.method() == Method::POST {
            *request.body_mut() = Full::new(Bytes::from(second.clone()));
            request.headers_mut().remove(CONTENT_LENGTH);
        }
        request
    });
    let client = compressing(&cluster).attempt_layer(replace).build().unwrap();
    client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(read(&cluster)[0].encoding.as_deref(), Some("deflate"));
    let all = "{\"query\":\"FOR d IN books RETURN d\"}";
    let request = Request::post("/_api/cursor").body(Full::new(Bytes::from(all))).unwrap();
    let plain = crate::support::client(&cluster);
    let books = plain.transport().ask(request, Call::named("books"), |answer| answer.json());
    let books: serde_json::Value = books.await.unwrap();
    assert_eq!(books["result"][0]["title"], "second");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_an_encoding_has_the_answer_as_it_comes() {
    let cluster = willing("3.12").await;
    let gzip = HeaderValue::from_static("gzip");
    let by_layer = {
        let gzip = gzip.clone();
        MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
            request.headers_mut().insert(ACCEPT_ENCODING, gzip.clone());
            request
        })
    };
    let clients = [
        compressing(&cluster).build().unwrap(),
        compressing(&cluster).layer(by_layer.clone()).build().unwrap(),
        compressing(&cluster).attempt_layer(by_layer).build().unwrap(),
    ];
    for (index, client) in clients.iter().enumerate() {
        let mut request =
            Request::get("/_admin/cluster/shardDistribution").body(Full::<Bytes>::default()).unwrap();
        if index == 0 {
            request.headers_mut().insert(ACCEPT_ENCODING, gzip.clone());
        }
        let answer = client.transport().send(request, Call::named("shards")).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip", "{index}");
        let length: usize = answer.headers()[CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"\x1f\x8b") && body.len() == length);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_head_tells_of_the_body_as_it_is() {
    let cluster = willing("3.12").await;
    let client = compressing(&cluster).build().unwrap();
    let length = ask(&client, "/_api/version?details=true").await.len();
    let request = Request::head("/_api/version?details=true").body(Full::<Bytes>::default()).unwrap();
    let answer = client.transport().send(request, Call::named("version")).await.unwrap();
    assert_eq!(answer.headers()[CONTENT_LENGTH], *length.to_string());
    let states = client.coordinators();
    assert!(states.iter().all(|state| state.open_connections == state.idle_connections));
}

#[tokio::test(start_paused = true)]
async fn streams_of_http2_carry_compressed_bodies_as_well() {
    let cluster = willing("3.12").await;
    let client = compressing(&cluster).http2(Http2::PriorKnowledge).build().unwrap();
    client.db("_system").execute(large(RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(read(&cluster)[0].encoding.as_deref(), Some("deflate"));
    let plain = ask(&crate::support::client(&cluster), "/_admin/cluster/shardDistribution").await;
    assert_eq!(ask(&client, "/_admin/cluster/shardDistribution").await, plain);
}
