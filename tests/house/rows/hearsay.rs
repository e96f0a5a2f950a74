//! R14, R30 and R31: coordinators learn of new databases and collections one after the other.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{DatabaseName, RequestClass};
use arango::{CallOptions, Client, Database, Error, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, TestCluster};
use tokio::time::{Instant, sleep};

use super::on_writes;
use crate::support::{CreateCollection, CreateDatabase, client, cluster, insert};

for_each_class![
    r14_a_database_created_just_now_may_be_said_to_be_forbidden,
    r30_a_database_created_just_now_is_asked_for_until_it_is_known,
    r30_a_database_that_stays_unknown_is_given_up_after_ten_seconds,
    r30_a_minute_later_or_of_another_client_the_servers_word_is_final,
    r30_a_caller_who_knows_that_the_database_exists_says_so,
    r31_a_collection_created_just_now_is_asked_for_until_it_is_known,
    r31_a_document_that_is_missing_is_missing_also_in_a_new_collection,
];

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
    let fault = || on_writes(Fault::answer(status, number, "never heard of it"));
    cluster.coordinators().iter().map(|one| one.inject(fault().times(times))).collect()
}

/// Writes into the shop, and counts executions.
async fn write(cluster: &TestCluster, shop: &Database, class: RequestClass) -> Result<Duration, Error> {
    let began = Instant::now();
    let result = shop.execute(insert("m", class)).await;
    assert_eq!(cluster.journal().executions("m"), usize::from(result.is_ok()));
    result.map(|()| began.elapsed())
}

async fn r14_a_database_created_just_now_may_be_said_to_be_forbidden(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let ignorant = all_say(&cluster, 401, 11, 1);
    write(&cluster, &shop, class).await.unwrap();
    drop(ignorant);
    let _ignorant = all_say(&cluster, 401, 11, usize::MAX);
    cluster.journal().clear();
    let error = write(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert_eq!(error.status().unwrap(), 401);
}

async fn r30_a_database_created_just_now_is_asked_for_until_it_is_known(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1228, 3);
    let took = write(&cluster, &shop, class).await.unwrap();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
}

async fn r30_a_database_that_stays_unknown_is_given_up_after_ten_seconds(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1228, usize::MAX);
    let began = Instant::now();
    let error = write(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert!((10..=11).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(error.attempts().len(), 16, "of many the first and the last");
    assert!(error.attempts_dropped() > 0);
}

async fn r30_a_minute_later_or_of_another_client_the_servers_word_is_final(class: RequestClass) {
    let cluster = cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1228, usize::MAX);
    let error = write(&cluster, &other.db("shop"), class).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DatabaseUnknown, 1));
    sleep(Duration::from_secs(61)).await;
    let error = write(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DatabaseUnknown, 1));
}

async fn r30_a_caller_who_knows_that_the_database_exists_says_so(class: RequestClass) {
    let cluster = cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1228, 2);
    let shop = other.db("shop").options(CallOptions::default().expect_database());
    write(&cluster, &shop, class).await.unwrap();
}

async fn r31_a_collection_created_just_now_is_asked_for_until_it_is_known(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let _ignorant = all_say(&cluster, 404, 1203, 2);
    write(&cluster, &shop, class).await.unwrap();
}

async fn r31_a_document_that_is_missing_is_missing_also_in_a_new_collection(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = shop(&client).await;
    let _missing = all_say(&cluster, 404, 1202, 1);
    let error = write(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotFound, 1));
    assert!(!error.has_ambiguous_predecessor());
}
