//! The control API for other processes.

use arango_test_cluster::{Control, TestCluster};
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::Session;

/// Sends a control request on a new connection.
pub(crate) async fn send_request(
    control: &Control,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let (status, _, body) = exchange(control, method, path, body).await;
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// Sends a control request on a new connection, and returns status, headers and body.
async fn exchange(
    control: &Control,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, http::HeaderMap, bytes::Bytes) {
    let url: http::Uri = control.url().parse().expect("a URL");
    let address = url.authority().expect("an address").as_str();
    let stream = TcpStream::connect(address).await.expect("the control API listens");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream))
            .await
            .expect("HTTP/1.1 needs no handshake");
    tokio::spawn(connection);
    let request =
        Request::builder().method(method).uri(format!("{}{path}", url.path())).header("host", address);
    let body = http_body_util::Full::new(bytes::Bytes::from(body.to_string()));
    let response = sender.send_request(request.body(body).expect("a request")).await.expect("a response");
    let (head, body) = response.into_parts();
    let body = http_body_util::BodyExt::collect(body).await.expect("a body").to_bytes();
    (head.status.as_u16(), head.headers, body)
}

#[tokio::test]
async fn a_coordinator_is_killed_and_restarted_over_http() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    assert_eq!(
        send_request(&control, Method::POST, "/coordinators/1/kill", &json!({})).await,
        (200, json!({ "ok": true }))
    );
    assert!(!cluster.coordinator(1).is_up());
    let (_, listed) = send_request(&control, Method::GET, "/cluster", &json!({})).await;
    assert_eq!((&listed["coordinators"][1]["up"], &listed["version"]), (&json!(false), &json!("3.12.5")));
    assert_eq!(listed["coordinators"][0]["url"], cluster.urls()[0]);

    send_request(&control, Method::POST, "/coordinators/1/restart", &json!({})).await;
    assert!(cluster.coordinator(1).is_up());
    assert_eq!(send_request(&control, Method::POST, "/coordinators/9/kill", &json!({})).await.0, 404);
}

#[tokio::test]
async fn faults_are_set_and_removed_and_the_journal_is_read_over_http() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let fault = json!({ "kind": "response", "status": 503, "error_num": 503, "path": "/_api/*" });
    let (_, made) = send_request(&control, Method::POST, "/coordinators/0/faults", &fault).await;
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    assert_eq!(
        session.request_with_marker(Method::GET, "/_api/version", "p-1", "").await.unwrap().status,
        503
    );
    assert_eq!(
        send_request(&control, Method::DELETE, &format!("/faults/{}", made["id"]), &json!({})).await.1["hits"],
        1
    );
    assert_eq!(
        session.request_with_marker(Method::GET, "/_api/version", "p-1", "").await.unwrap().status,
        200
    );

    let (_, markers) = send_request(&control, Method::GET, "/journal/markers?prefix=p", &json!({})).await;
    assert_eq!(markers["markers"], json!({ "p-1": { "received": 2, "executed": 1 } }));
    let (_, summary) = send_request(&control, Method::GET, "/journal/summary", &json!({})).await;
    assert_eq!((&summary["requests_per_coordinator"], &summary["executed"]), (&json!([2, 0, 0]), &json!(1)));
    send_request(&control, Method::POST, "/journal/clear", &json!({})).await;
    assert_eq!(cluster.journal().received("p-1"), 0);
    assert_eq!(
        send_request(&control, Method::POST, "/coordinators/0/faults", &json!({ "kind": "x" })).await.0,
        400
    );
}

#[tokio::test]
async fn faults_in_force_are_listed_with_their_place_and_their_hits() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let fault = json!({ "kind": "response", "status": 503, "error_num": 503, "path": "/_api/version" });
    send_request(&control, Method::POST, "/coordinators/1/faults", &fault).await;
    let down = json!({ "kind": "agency-down" });
    send_request(&control, Method::POST, "/faults", &down).await;
    let mut session = Session::connect_tcp(cluster.coordinator(1)).await;
    session.get("/_api/version").await;

    let (status, listed) = send_request(&control, Method::GET, "/faults", &json!({})).await;

    let expected = json!({ "faults": [
        { "id": 1, "coordinator": 1, "fault": fault, "hits": 1 },
        { "id": 2, "coordinator": null, "fault": down, "hits": 0 },
    ] });
    assert_eq!((status, listed), (200, expected));
    send_request(&control, Method::DELETE, "/faults", &json!({})).await;
    assert_eq!(send_request(&control, Method::GET, "/faults", &json!({})).await.1, json!({ "faults": [] }));
}

#[tokio::test]
async fn the_latest_requests_are_listed_oldest_first_and_without_their_queries() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(2)).await;
    for path in ["/_api/version?details=true", "/_api/nothing-1", "/_api/database", "/_api/nothing-2"] {
        session.get(path).await;
    }
    let paths = |(status, listed): (u16, Value)| {
        assert_eq!(status, 200, "{listed}");
        let entries = listed["entries"].as_array().expect("an array").iter();
        entries.map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };

    let all = send_request(&control, Method::GET, "/journal/entries", &json!({})).await;
    assert_eq!(
        all.1["entries"][0],
        json!({
            "number": 0, "coordinator": 2, "method": "GET", "path": "/_api/version", "database": "_system", "marker": null,
            "executed": true, "changes": 0, "status": 200,
        })
    );
    assert_eq!(paths(all), ["/_api/version", "/_api/nothing-1", "/_api/database", "/_api/nothing-2"]);
    let last = send_request(&control, Method::GET, "/journal/entries?last=1", &json!({})).await;
    assert_eq!(paths(last), ["/_api/nothing-2"]);
    let failed = send_request(&control, Method::GET, "/journal/entries?failed=true", &json!({})).await;
    assert_eq!(failed.1["entries"][1]["number"], 3);
    assert_eq!(paths(failed), ["/_api/nothing-1", "/_api/nothing-2"]);
    for query in ["last=many", "failed=perhaps"] {
        let path = format!("/journal/entries?{query}");
        assert_eq!(send_request(&control, Method::GET, &path, &json!({})).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn paused_coordinators_and_connections_are_listed() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    session.get("/_api/version").await;
    send_request(&control, Method::POST, "/coordinators/1/pause", &json!({})).await;

    let (_, listed) = send_request(&control, Method::GET, "/cluster", &json!({})).await;

    let coordinators = listed["coordinators"].as_array().unwrap().iter();
    let states: Vec<_> = coordinators
        .map(|one| (one["up"].as_bool(), one["paused"].as_bool(), one["connections"].as_u64()))
        .collect();
    let expected = [(true, false, 1), (true, true, 0), (true, false, 0)];
    assert_eq!(states, expected.map(|(up, paused, count)| (Some(up), Some(paused), Some(count))));
}

#[tokio::test]
async fn the_index_page_shows_servers_faults_and_requests_and_runs_no_script() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    send_request(&control, Method::POST, "/coordinators/1/kill", &json!({})).await;
    send_request(&control, Method::POST, "/coordinators/0/faults", &json!({ "kind": "latency", "ms": 0 }))
        .await;
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    session.get("/_api/version").await;

    for path in ["", "/"] {
        let (status, headers, body) = exchange(&control, Method::GET, path, &json!({})).await;
        let page = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        for text in [
            &cluster.urls()[2],
            "<td>down</td>",
            r"{&quot;kind&quot;:&quot;latency&quot;,&quot;ms&quot;:0}",
            "<code>/_api/version</code>",
            "POST /tokens/expire",
        ] {
            assert!(page.contains(text), "{text}\n{page}");
        }
    }
}

#[tokio::test]
async fn requests_without_the_token_are_404_and_dropping_control_closes_it() {
    let cluster = TestCluster::builder().in_memory().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let url: http::Uri = control.url().parse().unwrap();
    let address = url.authority().unwrap().as_str().to_owned();
    assert_eq!(send_request(&control, Method::GET, "/nothing", &json!({})).await.0, 404);
    assert!(url.path().len() > 16);

    drop(control);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn tokens_and_secrets_are_changed_over_http() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    let login = json!({ "username": "root", "password": "passwd" });
    for (path, body) in [("/tokens/expire", json!({})), ("/coordinators/0/secret", json!({ "secret": "x" }))]
    {
        let token = session.post("/_open/auth", &login).await.json()["jwt"].as_str().unwrap().to_owned();
        let mut bearer =
            Session::connect_tcp(cluster.coordinator(0)).await.with_authorization(format!("bearer {token}"));
        assert_eq!(bearer.get("/_api/version").await.status, 200);
        assert_eq!(send_request(&control, Method::POST, path, &body).await.0, 200);
        assert_eq!(bearer.get("/_api/version").await.status, 401, "{path}");
    }
    assert_eq!(cluster.coordinator(1).jwt_secret(), "secret");
    send_request(&control, Method::POST, "/secret", &json!({ "secret": "y" })).await;
    assert_eq!(cluster.coordinator(1).jwt_secret(), "y");

    send_request(&control, Method::POST, "/tokens/lifetime", &json!({ "seconds": 0 })).await;
    let token = session.post("/_open/auth", &login).await.json()["jwt"].as_str().unwrap().to_owned();
    let mut bearer =
        Session::connect_tcp(cluster.coordinator(0)).await.with_authorization(format!("bearer {token}"));
    assert_eq!(bearer.get("/_api/version").await.status, 401);
}

#[tokio::test]
async fn conditions_are_set_and_removed_like_faults() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    for (kind, error_num) in
        [("queue-full", 21003), ("starting", 503), ("maintenance", 503), ("shutting-down", 30)]
    {
        let condition = json!({ "kind": kind });
        let (_, made) = send_request(&control, Method::POST, "/coordinators/0/faults", &condition).await;
        let refused = session.get("/_api/version").await;
        assert_eq!((refused.status, refused.error_num()), (503, error_num), "{condition}");
        let (_, ended) =
            send_request(&control, Method::DELETE, &format!("/faults/{}", made["id"]), &json!({})).await;
        assert_eq!(ended["hits"], 1, "{condition}");
        assert_eq!(session.get("/_api/version").await.status, 200, "{condition}");
    }
    let slow = json!({ "kind": "queue-time", "ms": 1500 });
    send_request(&control, Method::POST, "/coordinators/0/faults", &slow).await;
    assert_eq!(session.get("/_api/version").await.headers["x-arango-queue-time-seconds"], "1.500000");
}

#[tokio::test]
async fn the_propagation_delay_is_set_over_http() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    send_request(&control, Method::POST, "/propagation", &json!({ "ms": 3_600_000 })).await;
    Session::connect_tcp(cluster.coordinator(0))
        .await
        .post("/_api/collection", &json!({ "name": "c" }))
        .await;

    let not_propagated = Session::connect_tcp(cluster.coordinator(1)).await.get("/_api/collection/c").await;
    assert_eq!(not_propagated.error_num(), 1203);
}

#[tokio::test]
async fn the_agency_is_taken_down_for_the_whole_cluster() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let down = json!({ "kind": "agency-down" });
    let (_, made) = send_request(&control, Method::POST, "/faults", &down).await;
    let mut session = Session::connect_tcp(cluster.coordinator(2)).await;
    assert_eq!(session.get("/_admin/cluster/health").await.status, 500);
    send_request(&control, Method::DELETE, &format!("/faults/{}", made["id"]), &json!({})).await;
    assert_eq!(session.get("/_admin/cluster/health").await.status, 200);

    assert_eq!(send_request(&control, Method::POST, "/coordinators/0/faults", &down).await.0, 400);
    assert_eq!(send_request(&control, Method::POST, "/faults", &json!({ "kind": "hang" })).await.0, 400);
}

#[tokio::test]
async fn a_db_server_is_stopped_and_started_over_http() {
    let cluster = TestCluster::builder().db_servers(1).start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "c" })).await;
    for (deed, status) in [("stop", 503), ("start", 404)] {
        assert_eq!(
            send_request(&control, Method::POST, &format!("/db-servers/0/{deed}"), &json!({})).await.0,
            200
        );
        assert_eq!(session.get("/_api/document/c/1").await.status, status);
    }
    assert_eq!(send_request(&control, Method::POST, "/db-servers/9/stop", &json!({})).await.0, 404);
}

#[tokio::test]
async fn agency_jobs_are_controlled_over_http() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    let timing = json!({ "wait_ms": 3_600_000, "move_ms": 0, "max_concurrent": 1 });
    assert_eq!(send_request(&control, Method::POST, "/agency-jobs/timing", &timing).await.0, 200);
    session.post("/_admin/cluster/resignLeadership", &json!({ "server": "DBServer0001" })).await;
    let fast = json!({ "wait_ms": 0 });
    send_request(&control, Method::POST, "/agency-jobs/timing", &fast).await;
    let failure = json!({ "outcome": "fail", "reason": "why not" });
    assert_eq!(send_request(&control, Method::POST, "/agency-jobs/next", &failure).await.0, 200);
    let accepted = session.post("/_admin/cluster/cleanOutServer", &json!({ "server": "DBServer0001" })).await;
    let id = accepted.json()["id"].as_str().unwrap().to_owned();

    let (_, listed) = send_request(&control, Method::GET, "/agency-jobs", &json!({})).await;
    assert_eq!(listed["jobs"][0]["status"], "ToDo");
    let ended = json!({ "id": id, "type": "cleanOutServer", "status": "Failed", "reason": "why not" });
    assert_eq!(listed["jobs"][1], ended);
    let too_late =
        send_request(&control, Method::POST, &format!("/agency-jobs/{id}"), &json!({ "outcome": "hang" }))
            .await;
    assert_eq!(too_late.0, 404);
    let misspelt =
        send_request(&control, Method::POST, "/agency-jobs/every", &json!({ "outcome": "unknown" })).await;
    assert_eq!(misspelt.0, 400);
    send_request(&control, Method::DELETE, "/agency-jobs", &json!({})).await;
    let (_, listed) = send_request(&control, Method::GET, "/agency-jobs", &json!({})).await;
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn servers_are_upgraded_over_http() {
    let cluster = TestCluster::builder().version("3.11").start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let version = json!({ "version": "3.12.5" });
    for path in ["/coordinators/0/upgrade", "/db-servers/0/upgrade"] {
        assert_eq!(send_request(&control, Method::POST, path, &version).await.0, 200);
        assert_eq!(send_request(&control, Method::POST, path, &json!({ "version": "1.0" })).await.0, 400);
    }
    let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
    let health = session.get("/_admin/cluster/health").await.json()["Health"].clone();
    for id in [cluster.coordinator(0).id(), cluster.db_server_ids()[0].as_str()] {
        assert_eq!(health[id]["Version"], "3.12.5");
    }
}

#[tokio::test]
async fn the_advertised_endpoint_is_set_over_http() {
    let cluster = TestCluster::builder().coordinators(2).start().await.unwrap();
    let control = cluster.control().await.unwrap();
    let listed = async || {
        let mut session = Session::connect_tcp(cluster.coordinator(0)).await;
        session.get("/_api/cluster/endpoints").await.json()["endpoints"].clone()
    };
    let at = |index: usize| format!("tcp://{}", cluster.coordinator(index).address());
    let advertised = json!({ "endpoint": "tcp://10.0.0.1:8529" });
    send_request(&control, Method::POST, "/coordinators/1/advertise", &advertised).await;
    let second = json!({ "endpoint": "tcp://10.0.0.1:8529", "internal": at(1) });
    assert_eq!(listed().await, json!([{ "endpoint": at(0) }, second]));

    assert_eq!(send_request(&control, Method::POST, "/coordinators/1/deregister", &json!({})).await.0, 200);
    assert_eq!(listed().await, json!([{ "endpoint": at(0) }]));
    assert!(cluster.coordinator(1).is_up(), "it keeps running");
    send_request(&control, Method::POST, "/coordinators/1/advertise", &json!({ "endpoint": null })).await;
    send_request(&control, Method::POST, "/coordinators/1/restart", &json!({})).await;
    assert_eq!(listed().await, json!([{ "endpoint": at(0) }, { "endpoint": at(1) }]));
}
