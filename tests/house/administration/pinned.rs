//! What acts on one coordinator, and is sent to no other.

use std::pin::Pin;

use arango::cluster::{Visitor, every_operation};
use arango::protocol::{Operation, RequestClass, Scope};
use arango::transport::StoppedBy;
use arango::{Coordinator, Credentials, Database, Error, ErrorKind, Outcome};
use arango_test_cluster::{Fault, TestCluster};

use crate::support::{builder, cluster};

type Ending = Pin<Box<dyn Future<Output = (&'static str, Result<(), Error>)> + Send>>;

/// Begins every operation that speaks of the coordinator that answers, or acts on it.
struct OfOne {
    database: Database,
    only_changes: bool,
    endings: Vec<Ending>,
}

impl OfOne {
    fn of(database: Database) -> Self {
        Self { database, only_changes: false, endings: Vec::new() }
    }
}

impl Visitor for OfOne {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        if O::METADATA.scope != Scope::Coordinator
            || (self.only_changes && operation.class() == RequestClass::Safe)
        {
            return;
        }
        let database = self.database.clone();
        self.endings
            .push(Box::pin(async move { (O::METADATA.name, database.execute(operation).await.map(drop)) }));
    }
}

fn of_coordinator(cluster: &TestCluster, index: usize) -> (Coordinator, Database) {
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let client = builder(cluster).credentials(superuser).build().unwrap();
    let target: Coordinator = cluster.coordinator(index).url().parse().unwrap();
    let database = client.coordinator(&target).db("_system");
    (target, database)
}

#[tokio::test(start_paused = true)]
async fn what_speaks_of_one_coordinator_is_never_sent_to_another_whatever_happens() {
    // Everything that sends any other request on to the next coordinator.
    for (fault, refused) in [
        (Some(Fault::answer(503, 503, "starting")), ErrorKind::StartingUp),
        (Some(Fault::answer(503, 21003, "queue is full")), ErrorKind::QueueFull),
        (Some(Fault::answer(503, 30, "shutdown in progress")), ErrorKind::ShuttingDown),
        (Some(Fault::answer(503, 1478, "backend unavailable")), ErrorKind::BackendUnavailable),
        (Some(Fault::answer_raw(502, "text/html", "<html>")), ErrorKind::Gateway),
        (None, ErrorKind::ConnectRefused),
    ] {
        let cluster = cluster().await;
        let (target, database) = of_coordinator(&cluster, 1);
        match fault {
            Some(fault) => std::mem::forget(cluster.coordinator(1).inject(fault)),
            None => cluster.coordinator(1).kill(),
        }
        let mut of_one = OfOne::of(database);
        every_operation(&mut of_one);
        assert!(of_one.endings.len() > 30, "nearly half of all");
        for ending in of_one.endings {
            let (name, ending) = ending.await;
            // That it takes no requests is what availability is asked for.
            if name == "server.availability"
                && !matches!(refused, ErrorKind::Gateway | ErrorKind::ConnectRefused)
            {
                assert!(ending.is_ok());
                continue;
            }
            let error = ending.unwrap_err();
            assert_eq!(error.kind(), refused, "{}", error.report());
            assert_eq!(error.coordinator(), Some(&target), "{}", error.report());
            assert!(
                error.attempts().iter().all(|attempt| attempt.coordinator.as_ref() == Some(&target)),
                "{}",
                error.report()
            );
            assert!(
                matches!(
                    error.stopped_by(),
                    StoppedBy::NoAlternative | StoppedBy::NotRetryable | StoppedBy::MaxAttempts
                ),
                "{name} {:?}",
                error.stopped_by()
            );
        }
        let journal = cluster.journal();
        assert_eq!((journal.requests_to(0), journal.requests_to(2)), (0, 0), "{refused:?}");
        assert_eq!(journal.executed(), 0, "{refused:?}");
        assert!(cluster.coordinator(0).is_up() && cluster.coordinator(2).is_up());
    }
}

#[tokio::test(start_paused = true)]
async fn what_changes_one_coordinator_is_refused_unless_it_is_told_which() {
    let cluster = cluster().await;
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let client = builder(&cluster).credentials(superuser).build().unwrap();
    let mut of_one = OfOne { only_changes: true, ..OfOne::of(client.db("_system")) };
    every_operation(&mut of_one);
    let mut names = Vec::new();
    for ending in of_one.endings {
        let (name, ending) = ending.await;
        let error = ending.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NeedsCoordinator, Outcome::NotExecuted));
        names.push(name);
    }
    names.sort_unstable();
    let expected = [
        "server.clear_log",
        "server.compact",
        "server.delete_crash",
        "server.reload_jwt_secrets",
        "server.reload_tls",
        "server.reset_log_levels",
        "server.rotate_encryption_keys",
        "server.set_log_levels",
        "server.shutdown",
        "server.soft_shutdown",
    ];
    assert_eq!(names, expected);
    assert_eq!(cluster.journal().requests_per_coordinator().iter().sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_changes_one_coordinator_is_executed_there_and_nowhere_else() {
    let cluster = cluster().await;
    let (_, database) = of_coordinator(&cluster, 2);
    let mut of_one = OfOne { only_changes: true, ..OfOne::of(database) };
    every_operation(&mut of_one);
    for ending in of_one.endings {
        // Whether it is simulated does not matter here.
        drop(ending.await);
    }
    let journal = cluster.journal();
    assert!(journal.executed() > 0);
    assert_eq!((journal.requests_to(0), journal.requests_to(1)), (0, 0));
}
