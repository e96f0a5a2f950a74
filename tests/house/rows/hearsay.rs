//! R14, R30 and R31: coordinators learn of new databases and collections one after the other.

use std::time::Duration;

use arango::balance::Standing;
use arango::protocol::{DatabaseName, RequestClass};
use arango::{CallOptions, Client, Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep};

use crate::support::{CLASSES, CreateCollection, CreateDatabase, client, cluster, insert};

/// A database `shop` with a collection `books`, created through the client just now.
async fn shop(client: &Client) -> Database {
    let name = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
    let shop = client.db("shop");
    shop.execute(CreateCollection("books")).await.unwrap();
    shop
}

/// Each coordinator says this of the shop, `times` times.
fn all_say(cluster: &TestCluster, status: u16, number: u32, times: usize) -> Vec<FaultGuard> {
    let fault = || Fault::answer(status, number, "never heard of it").on(Match::post("/_api/document/*"));
    cluster.coordinators().iter().map(|one| one.inject(fault().times(times))).collect()
}

#[tokio::test(start_paused = true)]
async fn r30_a_database_created_just_now_is_asked_for_until_it_is_known() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let shop = shop(&client).await;
        let _ignorant = all_say(&cluster, 404, 1228, 3);
        let began = Instant::now();
        shop.execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{class:?} {:?}", began.elapsed());
        assert!(client.coordinators().iter().all(|state| state.standing == Standing::Well));
    }
}

#[tokio::test(start_paused = true)]
async fn r30_a_database_that_stays_unknown_is_given_up_after_ten_seconds() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1228, usize::MAX);
    let began = Instant::now();
    let error = shop.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert!((10..=11).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(error.attempts().len(), 16, "of many the first and the last");
    assert!(error.attempts_dropped() > 0);
    assert_eq!(cluster.journal().executions("m"), 0);
}

#[tokio::test(start_paused = true)]
async fn r30_a_minute_later_or_of_another_client_the_servers_word_is_final() {
    let cluster = cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1228, usize::MAX);
    let error = other.db("shop").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DatabaseUnknown, 1));
    sleep(Duration::from_secs(61)).await;
    let error = shop.execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DatabaseUnknown, 1));
}

#[tokio::test(start_paused = true)]
async fn r30_a_caller_who_knows_that_the_database_exists_says_so() {
    for class in CLASSES {
        let cluster = cluster().await;
        let (client, other) = (client(&cluster), client(&cluster));
        shop(&client).await;
        let _ignorant = all_say(&cluster, 404, 1228, 2);
        let shop = other.db("shop").options(CallOptions::default().expect_database());
        shop.execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r14_a_database_created_just_now_may_be_said_to_be_forbidden() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let shop = shop(&client).await;
        let _ignorant = all_say(&cluster, 401, 11, 2);
        shop.execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
    }
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 401, 11, usize::MAX);
    let error = shop.execute(insert("m", CLASSES[2])).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert_eq!(error.status().unwrap(), 401);
}

#[tokio::test(start_paused = true)]
async fn r31_a_collection_created_just_now_is_asked_for_until_it_is_known() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let shop = shop(&client).await;
        let _ignorant = all_say(&cluster, 404, 1203, 2);
        shop.execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r31_a_document_that_is_missing_is_missing_also_in_a_new_collection() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let shop = shop(&client).await;
        let _missing = all_say(&cluster, 404, 1202, 1);
        let error = shop.execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotFound, 1), "{class:?}");
        assert!(!error.has_ambiguous_predecessor());
    }
}
