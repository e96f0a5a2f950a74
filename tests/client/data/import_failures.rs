//! Imports while responses are lost, coordinators are killed and shards move.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::data::{Collection, ImportProgress, KeyGenerator, KeyOptions};
use arango::{Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Phase, TestCluster};
use http::Method;
use serde_json::json;
use tokio::time::sleep;

use super::import::numbers;
use super::{books, on_post, stored};
use crate::support::{builder, client, cluster};

#[tokio::test(start_paused = true)]
async fn no_document_is_lost_or_doubled_while_responses_are_lost_and_a_coordinator_is_killed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let phases = [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
    let faults: Vec<_> =
        phases.iter().flat_map(|phase| cluster.inject(&on_post(Fault::close(*phase).times(4)))).collect();
    let slow = cluster.inject(&on_post(Fault::latency(Duration::from_millis(50))));
    let done = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&done);
    let import = books(&client)
        .import((0..4000).map(|number| json!({ "n": number })))
        .chunk_items(50)
        .progress(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
    let killer = async {
        while done.load(Ordering::Relaxed) < 20 {
            sleep(Duration::from_millis(1)).await;
        }
        cluster.coordinator(1).kill();
    };
    let (report, ()) = tokio::join!(import, killer);
    let report = report.unwrap();
    assert!(faults.iter().any(|fault| fault.hits() > 0));
    drop((faults, slow));
    assert!(report.found_out > 0, "{report:?}");
    assert_eq!((report.stored, report.failed), (4000, 0), "{report:?}");
    assert_eq!(numbers(&client).await, (0..4000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_fails_over_costs_no_document() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    database.create_collection("copied").shards(3).replication_factor(2).await.unwrap();
    let copied = database.collection("copied");
    let mut sink = copied.import_sink().chunk_items(50).start().await.unwrap();
    for number in 0..1000 {
        if number == 500 {
            cluster.stop_db_server(0);
        }
        sink.feed(&json!({ "n": number })).await.unwrap();
    }
    let report = sink.finish().await;
    assert_eq!((report.stored, report.failed), (1000, 0), "{report:?}");
    assert_eq!(copied.count().await.unwrap(), 1000);
}

#[tokio::test(start_paused = true)]
async fn the_repetitions_of_the_documents_of_a_lost_shard_do_not_multiply() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    database.create_collection("single").shards(3).replication_factor(1).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    cluster.stop_db_server(0);
    cluster.journal().clear();
    let report = database.collection("single").import((0..30).map(|n| json!({ "n": n }))).await.unwrap();
    assert!(report.stored > 0 && report.failed > 0, "{report:?}");
    let requests = inserts(&cluster);
    assert!((7..=10).contains(&requests), "{requests}: up to four attempts, and then six");
}

/// Returns how many requests inserted into the collection `single`.
fn inserts(cluster: &TestCluster) -> usize {
    let entries = cluster.journal().entries();
    let is_insert = |entry: &&arango_test_cluster::Entry| {
        entry.method == Method::POST && entry.path.starts_with("/_api/document/single")
    };
    entries.iter().filter(is_insert).count()
}

/// Uses up the retry budget of a client for as long as it runs, as calls that are retried do.
async fn use_up_retry_budget(client: &arango::Client) {
    loop {
        while client.transport().pay_for_retry() {}
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_repetitions_of_an_import_wait_for_the_retry_budget_and_cost_no_document() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    database.create_collection("single").shards(3).replication_factor(1).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    cluster.stop_db_server(0);
    cluster.journal().clear();
    let other_calls = client.clone();
    let other_calls = tokio::spawn(async move { use_up_retry_budget(&other_calls).await });
    let single = database.collection("single");
    let import = single.import((0..30).map(|n| json!({ "n": n }))).into_future();
    let import = tokio::spawn(import);
    sleep(Duration::from_secs(15)).await;
    assert_eq!(inserts(&cluster), 1, "none was paid for");
    other_calls.abort();
    cluster.start_db_server(0);
    let report = import.await.unwrap().unwrap();
    assert_eq!((report.stored, report.failed), (30, 0), "{report:?}");
    assert!(inserts(&cluster) > 1);
    assert_eq!(single.count().await.unwrap(), 30);
}

#[tokio::test(start_paused = true)]
async fn the_repetitions_of_an_import_end_if_the_retry_budget_never_pays() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    database.create_collection("single").shards(3).replication_factor(1).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    cluster.stop_db_server(0);
    let other_calls = client.clone();
    let other_calls = tokio::spawn(async move { use_up_retry_budget(&other_calls).await });
    let began = tokio::time::Instant::now();
    let report = database.collection("single").import((0..30).map(|n| json!({ "n": n }))).await.unwrap();
    assert!(report.stored > 0 && report.failed > 0, "{report:?}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    other_calls.abort();
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_coordinator_gets_fewer_requests_at_a_time_until_it_has_recovered() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let windows = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&windows);
    let import = books(&client)
        .import_sink()
        .chunk_items(10)
        .in_flight(8)
        .progress(move |progress: &ImportProgress| shown.lock().unwrap().push(progress.window));
    let mut sink = import.start().await.unwrap();
    let slow: Vec<_> =
        cluster.coordinators().iter().map(|one| one.queue_time(Duration::from_millis(250))).collect();
    for number in 0..400 {
        sink.feed(&json!({ "n": number })).await.unwrap();
    }
    assert_eq!(sink.progress().window, 1, "it was halved until one request is in progress at a time");
    drop(slow);
    for number in 400..1000 {
        sink.feed(&json!({ "n": number })).await.unwrap();
    }
    assert_eq!(sink.progress().window, 8, "one more after each good round");
    drop(sink.finish().await.into_result().unwrap());
    let windows = windows.lock().unwrap().clone();
    assert!(
        windows.windows(2).all(|pair| pair[1] + 1 >= pair[0] / 2 && pair[1] <= pair[0] + 1),
        "{windows:?}"
    );
    assert_eq!(stored(&cluster).await, 1000);
}

#[tokio::test(start_paused = true)]
async fn full_queues_delay_an_import_and_lose_nothing() {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    let mut sink = books(&client).import_sink().chunk_items(10).in_flight(4).start().await.unwrap();
    let full: Vec<_> =
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::queue_full).collect();
    let reopen = async {
        sleep(Duration::from_secs(3)).await;
        drop(full);
    };
    let feed = async {
        for number in 0..500 {
            sink.feed(&json!({ "n": number })).await.unwrap();
        }
        sink.finish().await
    };
    let (report, ()) = tokio::join!(feed, reopen);
    assert_eq!((report.stored, report.failed), (500, 0), "{report:?}");
    assert_eq!(stored(&cluster).await, 500);
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_are_in_progress_than_allowed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = cluster.inject(&on_post(Fault::latency(Duration::from_millis(100))));
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let import = books(&client)
        .import((0..600).map(|number| json!({ "n": number })))
        .chunk_items(10)
        .in_flight(3)
        .progress(move |progress| {
            seen.fetch_max(usize::try_from(progress.in_flight).unwrap(), Ordering::Relaxed);
        });
    let started = tokio::time::Instant::now();
    drop(import.await.unwrap().into_result().unwrap());
    assert!(most.load(Ordering::Relaxed) <= 20, "after one has ended, two are left");
    // Sixty requests, three at a time.
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_does_not_respond_in_time_gets_fewer_requests_at_a_time() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let late = cluster.coordinator(0).inject(on_post(Fault::latency(Duration::from_secs(5)).times(2)));
    let least = Arc::new(AtomicUsize::new(4));
    let seen = Arc::clone(&least);
    let import = books(&client).import((0..200).map(|number| json!({ "n": number })));
    let import = import.chunk_items(10).in_flight(4).progress(move |progress| {
        seen.fetch_min(progress.window, Ordering::Relaxed);
    });
    let report = import.await.unwrap().into_result().unwrap();
    assert_eq!((late.hits(), report.stored, least.load(Ordering::Relaxed)), (2, 200, 2));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(stored(&cluster).await, 200, "the late copies were refused");
}

/// Returns a collection that was made again under its name, and does not accept the keys of the client any more.
async fn remade(cluster: &TestCluster) -> Collection {
    let database = client(cluster).db("_system");
    database.create_collection("remade").await.unwrap();
    let remade = database.collection("remade");
    remade.insert(&json!({})).await.unwrap();
    remade.drop_collection().await.unwrap();
    let options = KeyOptions::new(KeyGenerator::Traditional).server_keys_only();
    database.create_collection("remade").key_options(options).await.unwrap();
    remade
}

#[tokio::test(start_paused = true)]
async fn a_document_whose_generated_key_was_refused_is_not_sent_twice_without_a_key() {
    for imports in [false, true] {
        let cluster = cluster().await;
        let remade = remade(&cluster).await;

        // The response to the copy without a key is lost.
        let first = cluster.inject(&on_post(Fault::latency(Duration::from_millis(100)).times(1)));
        let lose = async {
            while first.iter().all(|fault| fault.hits() == 0) {
                sleep(Duration::from_millis(1)).await;
            }
            cluster.inject(&on_post(Fault::close(Phase::AfterExecution).times(1)))
        };
        let write = async {
            if imports {
                let report = remade.import([json!({ "n": 1 })]).await.unwrap();
                report.failures.first().map(|failure| failure.error.outcome())
            } else {
                let report = remade.insert_many([json!({ "n": 1 })]).await.unwrap();
                report.failed().next().map(|(_, error)| error.outcome())
            }
        };
        let (outcome, faults) = tokio::join!(write, lose);

        assert!(faults.iter().any(|fault| fault.hits() > 0));
        assert_eq!(outcome, Some(Outcome::Unknown), "imports: {imports}");
        assert_eq!(remade.count().await.unwrap(), 1, "imports: {imports}");
    }
}

/// Refuses every attempt of a request before it is executed, lets the key be refused in its repetition, and loses the response to what
/// is sent then.
async fn lose_after_refused_key(cluster: &TestCluster) -> Vec<FaultGuard> {
    let full = cluster.inject(&on_post(Fault::early_response(503, 21003, "queue full")));
    let hits = |faults: &[FaultGuard]| faults.iter().map(FaultGuard::hits).sum::<usize>();
    while hits(&full) < 4 {
        sleep(Duration::from_millis(1)).await;
    }
    drop(full);
    let refused = cluster.inject(&on_post(Fault::latency(Duration::from_millis(100)).times(1)));
    while hits(&refused) == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    cluster.inject(&on_post(Fault::close(Phase::AfterExecution).times(1)))
}

/// As above, but every attempt of the first request is refused before it is executed, so that it is a repetition whose keys are refused.
#[tokio::test(start_paused = true)]
async fn a_document_whose_key_was_refused_in_a_repetition_is_not_sent_twice_without_a_key() {
    let cluster = cluster().await;
    let remade = remade(&cluster).await;

    let (report, closed) = tokio::join!(remade.import([json!({ "n": 1 })]), lose_after_refused_key(&cluster));
    let report = report.unwrap();
    assert!(closed.iter().any(|fault| fault.hits() > 0));
    assert_eq!(report.failures.first().map(|failure| failure.error.outcome()), Some(Outcome::Unknown));
    assert_eq!(remade.count().await.unwrap(), 1);
}

/// As above, but another write of the client has met the refusal before, after the document got its key.
#[tokio::test(start_paused = true)]
async fn a_document_whose_key_was_made_before_keys_were_refused_is_not_sent_twice_without_a_key() {
    let cluster = cluster().await;
    let remade = remade(&cluster).await;
    let mut sink = remade.import_sink().start().await.unwrap();
    sink.feed(&json!({ "n": 1 })).await.unwrap();
    remade.insert_many([json!({ "n": 2 })]).await.unwrap().into_result().unwrap();

    let (report, closed) = tokio::join!(sink.finish(), lose_after_refused_key(&cluster));
    assert!(closed.iter().any(|fault| fault.hits() > 0));
    assert_eq!(remade.count().await.unwrap(), 2, "each document once");
    assert_eq!(report.failures.first().map(|failure| failure.error.outcome()), Some(Outcome::Unknown));
}

#[tokio::test(start_paused = true)]
async fn documents_with_keys_of_the_server_are_not_imported_twice_after_a_refusal_of_one_shard() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    database.create_collection("single").shards(3).await.unwrap();
    let refused = Fault::response(503, 1429, "too few copies of a shard").after_execution();
    let faults: Vec<_> = [Fault::lost_write(1), refused]
        .into_iter()
        .flat_map(|fault| cluster.inject(&on_post(fault)))
        .collect();
    let single = database.collection("single").server_keys();
    let report = single.import((0..30).map(|n| json!({ "n": n }))).await.unwrap();
    drop(faults);
    assert_eq!((report.stored, report.failed), (0, 30), "{report:?}");
    assert!(report.failures.iter().all(|failed| failed.error.outcome() == Outcome::Unknown), "{report:?}");
    let stored = single.count().await.unwrap();
    assert!(0 < stored && stored < 30, "{stored}");
    assert_eq!(inserts(&cluster), 1);
}
