//! Commits of which one leader loses its part, or refuses it.

use arango::{Database, Outcome};
use arango_test_cluster::{Fault, Match};
use serde_json::json;

use crate::support::{client, cluster};

#[tokio::test(start_paused = true)]
async fn a_closure_that_one_of_three_leaders_has_not_committed_is_unknown_and_not_run_again() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let _lost = cluster.inject(&Fault::lost_write(1).on(Match::put("/_api/transaction/*")).times(1));

    assert_eq!(run(&database, 3).await, (1, Some(Outcome::Unknown)));

    let stored = database.collection("spread").count().await.unwrap();
    assert!(0 < stored && stored < 30, "{stored} documents: the part of one leader is missing");
}

/// Runs a closure that writes 30 documents in a collection with so many shards. Returns how often it was run, and the outcome
/// if it failed.
async fn run(database: &Database, shards: u64) -> (u32, Option<Outcome>) {
    database.create_collection("spread").shards(shards).await.unwrap();
    let mut runs = 0;
    let result = database
        .transaction(["spread"])
        .run(|mut transaction| {
            runs += 1;
            async move {
                for number in 0..30 {
                    transaction.collection("spread").insert(&json!({ "n": number })).await?;
                }
                Ok::<_, arango::Error>(())
            }
        })
        .await;
    (runs, result.err().map(|error| error.outcome()))
}

/// What a DB-Server says that does not know the transaction any more, or has aborted it.
const REFUSALS: [(u16, u32); 5] = [(404, 1655), (410, 1654), (400, 1653), (409, 1200), (503, 1429)];

#[tokio::test(start_paused = true)]
async fn w15a_a_refusal_of_one_of_three_leaders_does_not_prove_that_nothing_was_committed() {
    for (status, number) in REFUSALS {
        let cluster = cluster().await;
        let database = client(&cluster).db("_system");
        let refused = Fault::response(status, number, "refused by a DB-Server").after_execution();
        let faults = [Fault::lost_write(1), refused];
        let on_commit = |fault: Fault| fault.on(Match::put("/_api/transaction/*")).times(1);
        let _faults: Vec<_> =
            faults.into_iter().flat_map(|fault| cluster.inject(&on_commit(fault))).collect();

        assert_eq!(run(&database, 3).await, (1, Some(Outcome::Unknown)), "{number}");

        let stored = database.collection("spread").count().await.unwrap();
        assert!(0 < stored && stored < 30, "{number}: {stored} documents: the part of one leader is missing");
    }
}

#[tokio::test(start_paused = true)]
async fn w15a_a_refusal_of_the_only_leader_proves_that_nothing_was_committed() {
    for (status, number) in REFUSALS {
        let cluster = cluster().await;
        let database = client(&cluster).db("_system");
        let refused = Fault::response(status, number, "refused by a DB-Server");
        let _refused = cluster.inject(&refused.on(Match::put("/_api/transaction/*")).times(1));

        let (runs, outcome) = run(&database, 1).await;

        assert!(runs > 1 && outcome.is_none() || outcome == Some(Outcome::NotExecuted), "{number}: {runs}");
        let expected = if outcome.is_none() { 30 } else { 0 };
        assert_eq!(database.collection("spread").count().await.unwrap(), expected, "{number}");
    }
}
