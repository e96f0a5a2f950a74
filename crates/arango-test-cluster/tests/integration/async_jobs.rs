//! Background requests.

use http::{Method, Request};

use crate::client::{Session, in_memory};

#[tokio::test(start_paused = true)]
async fn a_background_request_is_executed_and_its_result_is_fetched_once() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(1)).await;
    let request = Request::get("/_api/version").header("x-arango-async", "store").header("x-sim-marker", "m");
    let accepted = session.send(request, "").await.unwrap();
    assert_eq!((accepted.status, accepted.body.len()), (202, 0));
    let id = accepted.headers["x-arango-async-id"].to_str().unwrap().to_owned();
    assert_eq!(id.parse::<u64>().unwrap() >> 40, 2, "the id contains the coordinator that owns it");
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(cluster.journal().executions("m"), 1);

    let path = format!("/_api/job/{id}");
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    let fetched = other.request(Method::PUT, &path, "").await.unwrap();
    assert_eq!((fetched.status, &fetched.json()["version"]), (200, &"3.12.5".into()));
    assert_eq!(fetched.headers["x-arango-async-id"], *id);
    assert_eq!(fetched.headers["x-arango-request-forwarded-to"], cluster.coordinator(1).id());
    assert_eq!(other.request(Method::PUT, &path, "").await.unwrap().status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_query_ends_and_its_result_says_so() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(1)).await;
    let mut jobs = Vec::new();
    for query in ["RETURN SLEEP(100)", "RETURN 1"] {
        let request = Request::post("/_api/cursor").header("x-arango-async", "store");
        let accepted = session.send(request, &format!(r#"{{"query":"{query}"}}"#)).await.unwrap();
        jobs.push(format!("/_api/job/{}", accepted.headers["x-arango-async-id"].to_str().unwrap()));
    }
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    for job in &jobs {
        let cancelled = other.request(Method::PUT, &format!("{job}/cancel"), "").await.unwrap();
        assert_eq!((cancelled.status, &cancelled.json()["result"]), (200, &true.into()));
    }
    assert_eq!(other.get(&jobs[0]).await.status, 204, "it ends at its next step");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let ended = other.request(Method::PUT, &jobs[0], "").await.unwrap();
    assert_eq!((ended.status, ended.error_num()), (410, 21));
    assert_eq!(other.request(Method::PUT, &jobs[1], "").await.unwrap().status, 201);
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_finished_job_does_not_end_the_stream_that_it_has_opened() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(1)).await;
    let request = Request::post("/_api/cursor").header("x-arango-async", "store");
    let body = r#"{"query":"FOR i IN 1..3 RETURN i","stream":true,"batchSize":1}"#;
    let accepted = session.send(request, body).await.unwrap();
    let job = format!("/_api/job/{}", accepted.headers["x-arango-async-id"].to_str().unwrap());
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(session.request(Method::PUT, &format!("{job}/cancel"), "").await.unwrap().status, 200);
    let opened = session.request(Method::PUT, &job, "").await.unwrap().json();
    let cursor = format!("/_api/cursor/{}", opened["id"].as_str().unwrap());
    assert_eq!(session.request(Method::POST, &cursor, "").await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn results_are_lost_with_their_coordinator() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(1)).await;
    let request = Request::get("/_api/version").header("x-arango-async", "store");
    let id =
        session.send(request, "").await.unwrap().headers["x-arango-async-id"].to_str().unwrap().to_owned();
    cluster.coordinator(1).restart().await.unwrap();

    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(other.get(&format!("/_api/job/{id}")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn results_older_than_a_stamp_with_a_fraction_are_removed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let request = Request::get("/_api/version").header("x-arango-async", "store");
    let job =
        session.send(request, "").await.unwrap().headers["x-arango-async-id"].to_str().unwrap().to_owned();
    for (stamp, left) in [("1.5", true), ("99999999999.5", false)] {
        let path = format!("/_api/job/expired?stamp={stamp}");
        assert_eq!(session.request(Method::DELETE, &path, "").await.unwrap().status, 200);
        let done = session.get("/_api/job/done").await.json();
        assert_eq!(done.as_array().unwrap().contains(&job.as_str().into()), left, "{stamp}");
    }
}
