//! Where a client may live: without a runtime, in a static, on several runtimes.

use std::sync::OnceLock;
use std::time::Duration;

use arango::{Client, Cluster, CoordinatorHandle, Database, Error};
use arango_test_cluster::TestCluster;
use static_assertions::assert_impl_all;

assert_impl_all!(Client: Clone, Send, Sync);
assert_impl_all!(Database: Clone, Send, Sync);
assert_impl_all!(Cluster: Clone, Send, Sync);
assert_impl_all!(CoordinatorHandle: Clone, Send, Sync);
assert_impl_all!(Error: Send, Sync, std::error::Error);

fn is_static_and_send<T: Send + 'static>(value: T) -> T {
    value
}

#[test]
fn a_client_is_built_without_a_runtime_and_its_futures_can_go_anywhere() {
    let client = Client::builder().hosts("http://localhost").basic_auth("root", "").build().unwrap();
    let database = client.db("x");
    drop(is_static_and_send(async move { database.version().await }));
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn a_client_in_a_static_serves_several_runtimes_one_after_the_other_and_at_once() {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    // The cluster lives on a runtime of its own, so that it survives the others.
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = home.block_on(async { TestCluster::builder().coordinators(2).start().await.unwrap() });
    let client = CLIENT.get_or_init(|| {
        Client::builder().hosts(cluster.urls()).basic_auth("root", cluster.root_password()).build().unwrap()
    });

    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..4 {
                client.db("_system").version().await.unwrap();
            }
        });
    };
    // Each leaves dead connections in the pool for the next.
    for _ in 0..3 {
        run();
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(run);
        }
    });
    let attempts: u64 = client.coordinators().iter().map(|state| state.requests).sum();
    assert_eq!(attempts, 24, "no call needed a second attempt");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_clone_closes_every_connection() {
    let cluster = crate::support::cluster().await;
    let client = crate::support::client(&cluster);
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
    }
    let open = || {
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).sum::<usize>()
    };
    assert!(open() >= 3);
    let handle = client.db("_system");
    drop(client);
    handle.version().await.unwrap();
    drop(handle);
    tokio::time::sleep(Duration::from_millis(1)).await;
    // The set-up had a client of its own, which is gone as well.
    assert_eq!(open(), 0);
}
