//! Requests that were sent, and whose answer did not come, or not whole, or is not readable.

use std::time::Duration;

use arango::{Client, Http2, Limits};
use arango_test_cluster::{Fault, Match, Phase, Reset, TestCluster};

use super::{Page, on_writes, read, write, write_at_one};
use crate::support::{builder, cluster, cluster_of};

/// The error of reading the cluster's health, from one coordinator with this fault.
async fn health_at_one(fault: Fault) -> arango::Error {
    let cluster = cluster_of(1).await;
    let _fault = cluster.coordinator(0).inject(fault.on(Match::get("/_admin/cluster/health")));
    builder(&cluster).build().unwrap().cluster().health().await.unwrap_err()
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Answers that do not come, or not whole");
    let closed = |phase| Fault::close(phase);
    page.error(
        "The connection breaks after a write was sent",
        &write_at_one(closed(Phase::AfterExecution)).await,
    );
    page.error("A kept connection breaks after a write was sent", &on_a_kept_connection().await);
    page.error("No answer comes to a write", &write_at_one(Fault::hang()).await);

    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::pause);
    page.error("No coordinator answers a read", &read(&client).await);
    let total = Limits::default().total(Duration::from_secs(5));
    page.error("The call's limit is over", &write(&builder(&cluster).limits(total).build().unwrap()).await);

    page.error("The answer is not HTTP", &write_at_one(Fault::garbage()).await);
    page.error("The head of the answer is too large", &write_at_one(Fault::huge_head()).await);
    page.error("The answer is cut off", &write_at_one(Fault::truncate(10)).await);
    page.error("The answer stops coming", &write_at_one(Fault::stall(10)).await);
    page.error("The answer is too large", &too_large().await);
    page.error(
        "HTTP/2: the stream is refused",
        &over_http2(Fault::reset_stream(Phase::BeforeRead, Reset::REFUSED_STREAM)).await,
    );
    page.error(
        "HTTP/2: the answer is dropped",
        &over_http2(Fault::reset_stream(Phase::AfterExecution, Reset::ENHANCE_YOUR_CALM)).await,
    );
    page.error("HTTP/2: a GOAWAY does not cover the stream", &over_http2(Fault::disown()).await);
    page.error("Two coordinators fail in different ways", &in_two_ways().await);

    page.section("Answers of ArangoDB that cannot be read");
    let of_arangodb =
        |body: &'static str| Fault::answer_raw(200, "application/json", body).header("server", "ArangoDB");
    let field = r#"{"Health":{"PRMR-1":{"Role":"DBServer"}},"ClusterId":5}"#;
    page.error("A field is of another type", &health_at_one(of_arangodb(field)).await);
    page.error("A field is missing", &health_at_one(of_arangodb(r#"{"ClusterId":"c"}"#)).await);
    page.error("The body is not JSON", &health_at_one(of_arangodb("{\"Health\":")).await);
    page.error("The body is empty", &write_at_one(of_arangodb("")).await);
    let object = r#"{"error":true,"code":500,"errorNum":4,"errorMessage":"out of file descriptors"}"#;
    page.error("An error object with status 200", &write_at_one(of_arangodb(object)).await);
    let encoded = of_arangodb("{}").header("content-encoding", "br");
    page.error("An encoding that was not asked for", &write_at_one(encoded).await);
}

async fn on_a_kept_connection() -> arango::Error {
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

fn speaking_http2(cluster: &TestCluster) -> Client {
    builder(cluster).http2(Http2::PriorKnowledge).build().unwrap()
}

async fn over_http2(fault: Fault) -> arango::Error {
    let cluster = cluster_of(1).await;
    let _fault = on_writes(&cluster, fault);
    write(&speaking_http2(&cluster)).await
}

async fn in_two_ways() -> arango::Error {
    let cluster = cluster().await;
    cluster.coordinator(0).kill();
    let on = |index: usize, fault: Fault| {
        cluster.coordinator(index).inject(fault.on(Match::post("/_api/document/books")))
    };
    let _full = on(1, Fault::answer(503, 21003, "queue is full"));
    let _lost = on(2, Fault::answer(503, 1465, "cluster internal HTTP connection broken"));
    write(&builder(&cluster).build().unwrap()).await
}
