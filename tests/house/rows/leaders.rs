//! R29a: a coordinator that does not lead names who does.

use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};

use super::ending;
use crate::support::{CLASSES, client, cluster};

/// What the first coordinator says of who leads.
fn names(leader: &str) -> Fault {
    Fault::answer(503, 1496, "not a leader")
        .header("x-arango-endpoint", leader)
        .on(Match::post("/_api/document/*"))
}

#[tokio::test(start_paused = true)]
async fn r29a_a_leader_that_is_one_of_ours_is_asked_next() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let leader = cluster.coordinator(2).url().replace("http:", "tcp:");
        let _fault = cluster.coordinator(0).inject(names(&leader));
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!((ending.error, ending.executions), (None, 1), "{class:?}");
        let requests = cluster.journal().requests_per_coordinator();
        assert_eq!(requests, [1, 0, 1], "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r29a_a_stranger_is_never_asked() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        // The in-memory network knows no other address: connecting to it would be an error of its own.
        let _fault = cluster.coordinator(0).inject(names("http://10.0.0.99:8529").times(1));
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!((ending.error, ending.executions), (None, 1), "{class:?}");
        assert_eq!(cluster.journal().requests_per_coordinator()[0], 1, "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r29a_coordinators_that_name_each_other_are_followed_three_times_at_most() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let urls: Vec<_> = cluster.coordinators().iter().map(arango_test_cluster::Coordinator::url).collect();
        let _faults: Vec<_> =
            (0..3).map(|index| cluster.coordinator(index).inject(names(&urls[(index + 1) % 3]))).collect();
        let (ending, error) = ending(&cluster, &client, class).await;
        assert_eq!(ending.error, Some((ErrorKind::NotLeader, Outcome::NotExecuted)), "{class:?}");
        assert_eq!(error.unwrap().attempts().len(), 4, "the first and three that followed");
        assert_eq!(ending.executions, 0);
    }
}
