//! Ten thousand concurrent calls while one of three coordinators hangs.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ClientBuilder, ErrorKind, Limits, Outcome, PoolLimits};
use arango_test_cluster::TestCluster;
use tokio::task::JoinSet;

use crate::support::{CLASSES, CreateCollection, builder, cluster, insert};

const CALLS: usize = 10_000;
const CONNECTIONS: usize = 64;

/// Results of all calls.
#[derive(Debug, Default)]
struct Summary {
    /// Number of successful calls of the class `Safe`.
    safe: usize,
    /// Number of calls with an unknown outcome.
    unknown_outcomes: usize,
    /// Maximum number of concurrent connections to one coordinator.
    max_connections: usize,
}

fn client_with_limited_pool(builder: ClientBuilder) -> Client {
    let limits = Limits::default().attempt(Duration::from_secs(3)).total(Duration::from_secs(30));
    builder.limits(limits).pool(PoolLimits::default().connections(CONNECTIONS)).build().unwrap()
}

/// Makes the calls while the first coordinator is paused. Asserts that each reported outcome is correct.
async fn run_calls(cluster: &TestCluster, client: &Client) -> Summary {
    cluster.coordinator(0).pause();
    let mut calls = JoinSet::new();
    for call in 0..CALLS {
        let database = client.db("_system");
        let class = CLASSES[call % 3];
        calls.spawn(async move { (call, class, database.execute(insert(&call.to_string(), class)).await) });
    }
    let mut summary = Summary::default();
    let mut ended = 0;
    while let Some(call) = calls.join_next().await {
        let (call, class, result) = call.unwrap();
        let executions = cluster.journal().executions(&call.to_string());
        match result {
            Ok(()) if class == RequestClass::NonIdempotent => assert_eq!(executions, 1),
            Ok(()) => assert!(executions > 0),
            Err(error) => match error.outcome() {
                Outcome::NotExecuted => assert_eq!(executions, 0, "{}", error.report()),
                // Sent to a coordinator that did not respond in time, which may still execute it.
                Outcome::Unknown => {
                    // On a loaded machine the deadline of the whole call may be noticed before that of its attempt.
                    let timed_out = [ErrorKind::AttemptTimeout, ErrorKind::DeadlineExceeded];
                    assert!(timed_out.contains(&error.kind()), "{}", error.report());
                    summary.unknown_outcomes += 1;
                }
                Outcome::Executed => unreachable!("no response came: {}", error.report()),
            },
        }
        ended += 1;
        summary.safe += usize::from(class == RequestClass::Safe && executions > 0);
        if ended % 100 == 0 {
            let open = client.coordinators().iter().map(|state| state.open_connections).max().unwrap();
            summary.max_connections = summary.max_connections.max(open);
        }
    }
    assert_eq!(ended, CALLS);
    assert!(client.coordinators().iter().all(|state| state.in_flight == 0));

    // The pending requests are executed now, and none of them a second time.
    cluster.coordinator(0).resume();
    client.coordinator(&client.coordinators()[0].address).version().await.unwrap();
    for (call, counts) in cluster.journal().markers("") {
        if CLASSES[call.parse::<usize>().unwrap() % 3] == RequestClass::NonIdempotent {
            assert!(counts.executed <= 1, "{call}: {counts:?}");
        }
    }
    summary
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_survive_a_hanging_coordinator() {
    let cluster = cluster().await;
    let client = client_with_limited_pool(builder(&cluster));
    let summary = run_calls(&cluster, &client).await;
    assert_eq!(summary.safe, CALLS.div_ceil(3));
    assert!(
        summary.unknown_outcomes <= CONNECTIONS,
        "at most one request per connection was sent: {summary:?}"
    );
    // A probe uses one more connection and does not wait in the queue.
    assert!(summary.max_connections <= CONNECTIONS + 1, "{summary:?}");
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_over_sockets_report_correct_outcomes() {
    let cluster = TestCluster::builder().seed(7).start().await.unwrap();
    let builder = || Client::builder().hosts(cluster.urls()).basic_auth("root", cluster.root_password());
    builder().build().unwrap().db("_system").execute(CreateCollection("books")).await.unwrap();
    cluster.journal().clear();
    // How many calls succeed in time depends on the machine; the test above checks that with a paused clock.
    let summary = run_calls(&cluster, &client_with_limited_pool(builder())).await;
    // Connections of attempts that have just timed out are counted until their tasks have closed them.
    assert!(summary.max_connections <= 2 * CONNECTIONS, "{summary:?}");
}
