//! Ten thousand calls at once, and one of three coordinators hangs.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ClientBuilder, ErrorKind, Limits, Outcome, PoolLimits};
use arango_test_cluster::TestCluster;
use tokio::task::JoinSet;

use crate::support::{CLASSES, CreateCollection, builder, cluster, insert};

const CALLS: usize = 10_000;
const CONNECTIONS: usize = 64;

/// What became of them.
#[derive(Debug, Default)]
struct Crowd {
    /// Calls of the class `Safe` that succeeded.
    safe: usize,
    /// Calls of which nobody knows.
    unknown: usize,
    /// The most connections to one coordinator that there were at once.
    most_open: usize,
}

fn narrow(builder: ClientBuilder) -> Client {
    let limits = Limits::default().attempt(Duration::from_secs(3)).total(Duration::from_secs(30));
    builder.limits(limits).pool(PoolLimits::default().connections(CONNECTIONS)).build().unwrap()
}

/// Makes the calls while the first coordinator is paused, and checks that what each says of itself is true.
async fn meet_the_crowd(cluster: &TestCluster, client: &Client) -> Crowd {
    cluster.coordinator(0).pause();
    let mut calls = JoinSet::new();
    for call in 0..CALLS {
        let database = client.db("_system");
        let class = CLASSES[call % 3];
        calls.spawn(async move { (call, class, database.execute(insert(&call.to_string(), class)).await) });
    }
    let mut crowd = Crowd::default();
    let mut ended = 0;
    while let Some(call) = calls.join_next().await {
        let (call, class, result) = call.unwrap();
        let executions = cluster.journal().executions(&call.to_string());
        match result {
            Ok(()) if class == RequestClass::NonIdempotent => assert_eq!(executions, 1),
            Ok(()) => assert!(executions > 0),
            Err(error) => match error.outcome() {
                Outcome::NotExecuted => assert_eq!(executions, 0, "{}", error.report()),
                // Handed to a coordinator that did not answer in time: it may yet be executed there.
                Outcome::Unknown => {
                    // On a loaded machine the deadline of the whole call may be noticed before that of its attempt.
                    let timed_out = [ErrorKind::AttemptTimeout, ErrorKind::DeadlineExceeded];
                    assert!(timed_out.contains(&error.kind()), "{}", error.report());
                    crowd.unknown += 1;
                }
                Outcome::Executed => unreachable!("nobody answered: {}", error.report()),
            },
        }
        ended += 1;
        crowd.safe += usize::from(class == RequestClass::Safe && executions > 0);
        if ended % 100 == 0 {
            let open = client.coordinators().iter().map(|state| state.open_connections).max().unwrap();
            crowd.most_open = crowd.most_open.max(open);
        }
    }
    assert_eq!(ended, CALLS);
    assert!(client.coordinators().iter().all(|state| state.in_flight == 0));

    // What hung is executed now, and nothing of it for the second time.
    cluster.coordinator(0).resume();
    client.coordinator(&client.coordinators()[0].address).version().await.unwrap();
    for (call, counts) in cluster.journal().markers("") {
        if CLASSES[call.parse::<usize>().unwrap() % 3] == RequestClass::NonIdempotent {
            assert!(counts.executed <= 1, "{call}: {counts:?}");
        }
    }
    crowd
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_calls_none_is_lost_and_whatever_may_be_repeated_succeeds_while_a_coordinator_hangs()
{
    let cluster = cluster().await;
    let client = narrow(builder(&cluster));
    let crowd = meet_the_crowd(&cluster, &client).await;
    assert_eq!(crowd.safe, CALLS.div_ceil(3));
    assert!(crowd.unknown <= CONNECTIONS, "no more were sent than there are connections: {crowd:?}");
    // One more is for a probe, which stands in no queue.
    assert!(crowd.most_open <= CONNECTIONS + 1, "{crowd:?}");
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_calls_over_sockets_each_ends_and_tells_the_truth_while_a_coordinator_hangs() {
    let cluster = TestCluster::builder().seed(7).start().await.unwrap();
    let listening = || Client::builder().hosts(cluster.urls()).basic_auth("root", cluster.root_password());
    listening().build().unwrap().db("_system").execute(CreateCollection("books")).await.unwrap();
    cluster.journal().clear();
    // How many are answered in time is a matter of the machine; see above for one without such limits.
    let crowd = meet_the_crowd(&cluster, &narrow(listening())).await;
    // Connections of attempts that have just run out are counted until their tasks have closed them.
    assert!(crowd.most_open <= 2 * CONNECTIONS, "{crowd:?}");
}
