//! R14, R30 and R31: propagation of new databases and collections to the coordinators.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{DatabaseName, RequestClass};
use arango::{CallOptions, Client, Database, Error, ErrorKind, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, FaultGuard, TestCluster};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::login::logins;
use super::on_writes;
use crate::support::{CreateCollection, CreateDatabase, builder, client, cluster, cluster_with, insert};

for_each_class![
    r14_a_new_database_may_be_reported_as_not_authorized,
    r14_a_token_is_renewed_before_a_new_database_counts_as_unknown,
    r14_a_new_database_is_waited_for_if_the_token_may_not_be_renewed,
    r30_a_new_database_is_retried_until_it_is_propagated,
    r30_a_new_database_is_retried_for_ten_seconds,
    r30_concurrent_calls_to_a_new_database_succeed,
    r30_waiting_for_propagation_costs_no_retry_budget,
    r30_an_unknown_database_is_final_after_a_minute_or_for_another_client,
    r30_a_caller_can_expect_the_database,
    r31_a_new_collection_is_retried_until_it_is_propagated,
    r31a_a_missing_document_is_final_in_a_new_collection,
];

/// Creates a database `shop` with a collection `books` through the client.
async fn create_shop(client: &Client) -> Database {
    let name = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
    let shop = client.db("shop");
    shop.execute(CreateCollection("books")).await.unwrap();
    shop
}

/// Makes each coordinator return this error for the shop, `times` times.
fn fail_on_all(cluster: &TestCluster, status: u16, number: u32, times: usize) -> Vec<FaultGuard> {
    let fault = || on_writes(Fault::response(status, number, "not found"));
    cluster.inject(&fault().times(times))
}

/// Writes into the shop, asserts the number of executions and returns the duration.
async fn write_to_shop(
    cluster: &TestCluster,
    shop: &Database,
    class: RequestClass,
) -> Result<Duration, Error> {
    let start = Instant::now();
    let result = shop.execute(insert("m", class)).await;
    assert_eq!(cluster.journal().executions("m"), usize::from(result.is_ok()));
    result.map(|()| start.elapsed())
}

async fn r14_a_new_database_may_be_reported_as_not_authorized(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let not_propagated = fail_on_all(&cluster, 401, 11, 1);
    write_to_shop(&cluster, &shop, class).await.unwrap();
    drop(not_propagated);
    let _not_propagated = fail_on_all(&cluster, 401, 11, usize::MAX);
    cluster.journal().clear();
    let error = write_to_shop(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert_eq!(error.status().unwrap(), 401);
}

async fn r14_a_token_is_renewed_before_a_new_database_counts_as_unknown(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    let shop = create_shop(&client).await;
    cluster.tokens().expire_all();
    let duration = write_to_shop(&cluster, &shop, class).await.unwrap();
    assert!(duration < Duration::from_millis(100), "{duration:?}");
    assert_eq!(logins(&cluster), 2);
    // A new token is rejected, too: then it is the database that is unknown.
    cluster.journal().clear();
    let _not_propagated = fail_on_all(&cluster, 401, 11, 2);
    write_to_shop(&cluster, &shop, class).await.unwrap();
    assert_eq!(logins(&cluster), 1);
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
}

async fn r14_a_new_database_is_waited_for_if_the_token_may_not_be_renewed(class: RequestClass) {
    let cluster = cluster().await;
    let login = builder(&cluster).jwt_auth("root", cluster.root_password());
    let client = login.retry(RetryPolicy::disabled()).build().unwrap();
    let shop = create_shop(&client).await;
    let _not_propagated = fail_on_all(&cluster, 401, 11, 1);
    write_to_shop(&cluster, &shop, class).await.unwrap();
    assert_eq!(logins(&cluster), 1);
}

async fn r30_a_new_database_is_retried_until_it_is_propagated(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let _not_propagated = fail_on_all(&cluster, 404, 1228, 3);
    let duration = write_to_shop(&cluster, &shop, class).await.unwrap();
    assert!(duration < Duration::from_secs(5), "{duration:?}");
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
}

async fn r30_a_new_database_is_retried_for_ten_seconds(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let _not_propagated = fail_on_all(&cluster, 404, 1228, usize::MAX);
    let start = Instant::now();
    let error = write_to_shop(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert!((10..=11).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(error.attempts().len(), 16, "only the first and the last are kept");
    assert!(error.attempts_dropped() > 0);
}

async fn r30_waiting_for_propagation_costs_no_retry_budget(class: RequestClass) {
    const CALLS: usize = 300;
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let not_propagated = fail_on_all(&cluster, 404, 1203, usize::MAX);
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let shop = shop.clone();
        calls.spawn(async move { shop.execute(insert("m", class)).await });
    }
    // The pauses grow and differ, so the attempts become few and are spread.
    let mut received = Vec::new();
    for _ in 0..4 {
        sleep(Duration::from_secs(1)).await;
        received.push(cluster.journal().received("m"));
    }
    let per_second: Vec<_> = received.windows(2).map(|totals| totals[1] - totals[0]).collect();
    assert!(received[0] < 8 * CALLS, "{received:?}");
    assert!(per_second.iter().all(|attempts| (CALLS..4 * CALLS).contains(attempts)), "{per_second:?}");
    drop(not_propagated);
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(cluster.journal().executions("m"), CALLS);
    // A reserve of 30, and a fifth of the calls: what pays for the retries of failures is left.
    let left = client.state().retries_left;
    assert!(left >= 30, "{left}");
}

async fn r30_concurrent_calls_to_a_new_database_succeed(class: RequestClass) {
    const CALLS: usize = 300;
    let cluster = cluster_with(|cluster| cluster.propagation(Duration::from_secs(5))).await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let shop = shop.clone();
        calls.spawn(async move { shop.execute(insert("m", class)).await });
    }
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(cluster.journal().executions("m"), CALLS);
}

async fn r30_an_unknown_database_is_final_after_a_minute_or_for_another_client(class: RequestClass) {
    let cluster = cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let shop = create_shop(&client).await;
    let _not_propagated = fail_on_all(&cluster, 404, 1228, usize::MAX);
    let error = write_to_shop(&cluster, &other.db("shop"), class).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DatabaseUnknown, 1));
    sleep(Duration::from_secs(61)).await;
    let error = write_to_shop(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DatabaseUnknown, 1));
}

async fn r30_a_caller_can_expect_the_database(class: RequestClass) {
    let cluster = cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    create_shop(&client).await;
    let _not_propagated = fail_on_all(&cluster, 404, 1228, 2);
    let shop = other.db("shop").options(CallOptions::default().expect_database());
    write_to_shop(&cluster, &shop, class).await.unwrap();
}

async fn r31_a_new_collection_is_retried_until_it_is_propagated(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let _not_propagated = fail_on_all(&cluster, 404, 1203, 2);
    write_to_shop(&cluster, &shop, class).await.unwrap();
}

async fn r31a_a_missing_document_is_final_in_a_new_collection(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = create_shop(&client).await;
    let _missing = fail_on_all(&cluster, 404, 1202, 1);
    let error = write_to_shop(&cluster, &shop, class).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::DocumentNotFound, 1));
    assert!(!error.has_ambiguous_predecessor());
}
