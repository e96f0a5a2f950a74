//! A coordinator is killed, and comes back.

use std::time::Duration;

use arango::balance::MemberState;
use tokio::time::{Instant, sleep};

use crate::cluster_under_test::{ClusterUnderTest, LIMIT, new_database, patient};

/// How many documents are inserted: before, while and after a coordinator is down.
const INSERTS: u64 = 60;

#[tokio::test]
async fn no_read_and_no_insert_fails_while_a_coordinator_is_down() {
    let under_test = ClusterUnderTest::from_env();
    let Some((control, last)) = under_test.victim_or_skip() else { return };
    let client = under_test.client();
    let database = new_database(&client, "failover").await;
    database.create_collection("books").ensure().await.unwrap().into_result().unwrap();
    database.wait_for_collection("books", patient()).await.unwrap();
    let books = database.collection("books");

    for number in 0..INSERTS {
        if number == INSERTS / 3 {
            control.kill(last).await;
        }
        if number == 2 * INSERTS / 3 {
            control.restart(last).await;
        }
        database.version().await.unwrap();
        books.insert(&serde_json::json!({ "number": number })).await.unwrap();
    }

    assert_eq!(books.count().await.unwrap(), INSERTS);
    let begin = Instant::now();
    while client.coordinators()[last].state != MemberState::Healthy {
        assert!(begin.elapsed() < LIMIT, "{:?}", client.coordinators());
        database.version().await.unwrap();
        sleep(Duration::from_millis(50)).await;
    }
    client.drop_database(database.name()).await.unwrap();
}
