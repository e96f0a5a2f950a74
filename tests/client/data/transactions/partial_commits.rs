//! Commits of which one leader loses its part.

use arango::Outcome;
use arango_test_cluster::{Fault, Match};
use serde_json::json;

use crate::support::{client, cluster};

#[tokio::test(start_paused = true)]
async fn a_closure_that_one_of_three_leaders_has_not_committed_is_unknown_and_not_run_again() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    database.create_collection("spread").shards(3).await.unwrap();
    let _lost = cluster.inject(&Fault::lost_write(1).on(Match::put("/_api/transaction/*")).times(1));
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

    assert_eq!((runs, result.unwrap_err().outcome()), (1, Outcome::Unknown));
    let stored = database.collection("spread").count().await.unwrap();
    assert!(0 < stored && stored < 30, "{stored} documents: the part of one leader is missing");
}
