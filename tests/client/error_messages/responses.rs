//! Errors for requests that were sent and whose response is missing, incomplete or unreadable.

use std::time::Duration;

use arango::http::Method;
use arango::protocol::RequestClass;
use arango::{CallOptions, Client, Http2, Limits};
use arango_test_cluster::{Fault, Match, Phase, ResetReason, TestCluster};

use serde_json::json;

use super::{Page, on_writes, read, write, write_to_one};
use crate::support::{builder, cluster, cluster_of, insert};

/// Returns the error of reading the cluster's health from one coordinator with this fault.
async fn health_from_one(fault: Fault) -> arango::Error {
    let cluster = cluster_of(1).await;
    let _fault = cluster.coordinator(0).inject(fault.on(Match::get("/_admin/cluster/health")));
    builder(&cluster).build().unwrap().cluster().health().await.unwrap_err()
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Missing or incomplete responses");
    let closed = |phase| Fault::close(phase);
    page.error(
        "The connection breaks after a write was sent",
        &write_to_one(closed(Phase::AfterExecution)).await,
    );
    page.error("A reused connection breaks after a write was sent", &on_a_reused_connection().await);
    page.error("A write gets no response", &write_to_one(Fault::hang()).await);

    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::pause);
    page.error("No coordinator responds to a read", &read(&client).await);
    let total = Limits::default().total(Duration::from_secs(5));
    page.error("The call times out", &write(&builder(&cluster).limits(total).build().unwrap()).await);
    let brief = builder(&cluster).build().unwrap().db("_system").timeout(Duration::from_secs(5));
    page.error(
        "The call times out, with a limit of its handle",
        &brief.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err(),
    );
    let attempt = CallOptions::default().attempt(Duration::from_secs(5));
    let brief = builder(&cluster).build().unwrap().db("_system").options(attempt);
    page.error(
        "An attempt times out, with a limit of its handle",
        &brief.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err(),
    );

    page.error("The response is not HTTP", &write_to_one(Fault::garbage()).await);
    page.error("The response head is too large", &write_to_one(Fault::huge_head()).await);
    page.error("The response is truncated", &write_to_one(Fault::truncate(10)).await);
    page.error("The response body stalls", &write_to_one(Fault::stall(10)).await);
    page.error("The response is too large", &too_large().await);
    page.error(
        "HTTP/2: the stream is refused",
        &over_http2(Fault::reset_stream(Phase::BeforeRead, ResetReason::REFUSED_STREAM)).await,
    );
    page.error(
        "HTTP/2: the stream is reset during execution",
        &over_http2(Fault::reset_stream(Phase::AfterExecution, ResetReason::ENHANCE_YOUR_CALM)).await,
    );
    page.error("HTTP/2: a GOAWAY does not cover the stream", &over_http2(Fault::goaway_unprocessed()).await);
    page.error("Two coordinators fail in different ways", &mixed_failures().await);
    page.error("A connection breaks, and the next coordinator is starting", &lost_then_starting().await);

    page.section("Unreadable responses of ArangoDB");
    let of_arangodb =
        |body: &'static str| Fault::raw_response(200, "application/json", body).header("server", "ArangoDB");
    let field = r#"{"Health":{"PRMR-1":{"Role":"DBServer"}},"ClusterId":5}"#;
    page.error("A field has another type", &health_from_one(of_arangodb(field)).await);
    page.error("A field is missing", &health_from_one(of_arangodb(r#"{"ClusterId":"c"}"#)).await);
    page.error("The body is not JSON", &health_from_one(of_arangodb("{\"Health\":")).await);
    page.error("The body is empty", &write_to_one(of_arangodb("")).await);
    page.error("A raw response is of another type than the program's", &raw_of_another_type().await);
    let object = r#"{"error":true,"code":500,"errorNum":4,"errorMessage":"out of file descriptors"}"#;
    page.error("An error object with status 200", &write_to_one(of_arangodb(object)).await);
    let encoded = of_arangodb("{}").header("content-encoding", "br");
    page.error("An encoding that was not requested", &write_to_one(encoded).await);
}

async fn raw_of_another_type() -> arango::Error {
    let cluster = cluster_of(1).await;
    let system = builder(&cluster).build().unwrap().db("_system");
    let insert = system.raw(Method::POST, "/_api/document/books").json(&json!({ "_key": "dune" }));
    insert.decode::<Vec<u64>>().await.unwrap_err()
}

async fn on_a_reused_connection() -> arango::Error {
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).build().unwrap();
    client.db("_system").version().await.unwrap();
    let _fault = on_writes(&cluster, Fault::close(Phase::AfterExecution));
    write(&client).await
}

async fn too_large() -> arango::Error {
    let cluster = cluster_of(1).await;
    let _fault = on_writes(&cluster, Fault::padded(4096));
    write(&builder(&cluster).limits(Limits::default().body_bytes(1024)).build().unwrap()).await
}

fn http2_client(cluster: &TestCluster) -> Client {
    builder(cluster).http2(Http2::PriorKnowledge).build().unwrap()
}

async fn over_http2(fault: Fault) -> arango::Error {
    let cluster = cluster_of(1).await;
    let _fault = on_writes(&cluster, fault);
    write(&http2_client(&cluster)).await
}

async fn lost_then_starting() -> arango::Error {
    let cluster = cluster().await;
    let on = |index: usize, fault: Fault| {
        cluster.coordinator(index).inject(fault.on(Match::post("/_api/document/books")))
    };
    let _lost = on(0, Fault::close(Phase::AfterExecution));
    let _starting = [1, 2].map(|index| on(index, Fault::response(503, 503, "service unavailable")));
    let system = builder(&cluster).build().unwrap().db("_system");
    system.execute(insert("m", RequestClass::Idempotent)).await.unwrap_err()
}

async fn mixed_failures() -> arango::Error {
    let cluster = cluster().await;
    cluster.coordinator(0).kill();
    let on = |index: usize, fault: Fault| {
        cluster.coordinator(index).inject(fault.on(Match::post("/_api/document/books")))
    };
    let _full = on(1, Fault::response(503, 21003, "queue is full"));
    let _lost = on(2, Fault::response(503, 1465, "cluster internal HTTP connection broken"));
    write(&builder(&cluster).build().unwrap()).await
}
