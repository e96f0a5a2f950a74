//! Operations on one coordinator are never sent to another.

use std::pin::Pin;

use arango::StoppedBy;
use arango::cluster::{OperationVisitor, for_each_operation};
use arango::protocol::{Operation, RequestClass, Scope};
use arango::{Coordinator, Credentials, Database, Error, ErrorKind, Outcome};
use arango_test_cluster::{Fault, TestCluster};

use crate::support::{builder, cluster};

type PendingCall = Pin<Box<dyn Future<Output = (&'static str, Result<(), Error>)> + Send>>;

/// Prepares a call of every operation that describes or changes one coordinator.
struct CallCoordinatorOperations {
    database: Database,
    only_writes: bool,
    calls: Vec<PendingCall>,
}

impl CallCoordinatorOperations {
    fn new(database: Database) -> Self {
        Self { database, only_writes: false, calls: Vec::new() }
    }
}

impl OperationVisitor for CallCoordinatorOperations {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        if O::METADATA.scope != Scope::Coordinator
            || (self.only_writes && operation.properties().class == RequestClass::Safe)
        {
            return;
        }
        let database = self.database.clone();
        self.calls
            .push(Box::pin(async move { (O::METADATA.name, database.execute(operation).await.map(drop)) }));
    }
}

fn pinned_to_coordinator(cluster: &TestCluster, index: usize) -> (Coordinator, Database) {
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let client = builder(cluster).credentials(superuser).build().unwrap();
    let target: Coordinator = cluster.coordinator(index).url().parse().unwrap();
    let database = client.coordinator(&target).db("_system");
    (target, database)
}

#[tokio::test(start_paused = true)]
async fn coordinator_operations_never_fail_over() {
    // Each of these errors makes other requests fail over to the next coordinator.
    for (fault, refused) in [
        (Some(Fault::response(503, 503, "starting")), ErrorKind::StartingUp),
        (Some(Fault::response(503, 21003, "queue is full")), ErrorKind::QueueFull),
        (Some(Fault::response(503, 30, "shutdown in progress")), ErrorKind::ShuttingDown),
        (Some(Fault::response(503, 1478, "backend unavailable")), ErrorKind::BackendUnavailable),
        (Some(Fault::raw_response(502, "text/html", "<html>")), ErrorKind::Gateway),
        (None, ErrorKind::ConnectRefused),
    ] {
        let cluster = cluster().await;
        let (target, database) = pinned_to_coordinator(&cluster, 1);
        match fault {
            Some(fault) => std::mem::forget(cluster.coordinator(1).inject(fault)),
            None => cluster.coordinator(1).kill(),
        }
        let mut visitor = CallCoordinatorOperations::new(database);
        for_each_operation(&mut visitor);
        assert!(visitor.calls.len() > 30, "about half of all operations are of one coordinator");
        for result in visitor.calls {
            let (name, result) = result.await;
            // The availability call succeeds with these errors, because they are its result.
            if name == "server.availability"
                && !matches!(refused, ErrorKind::Gateway | ErrorKind::ConnectRefused)
            {
                assert!(result.is_ok());
                continue;
            }
            let error = result.unwrap_err();
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
async fn coordinator_writes_without_a_target_are_rejected() {
    let cluster = cluster().await;
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let client = builder(&cluster).credentials(superuser).build().unwrap();
    let mut visitor = CallCoordinatorOperations {
        only_writes: true,
        ..CallCoordinatorOperations::new(client.db("_system"))
    };
    for_each_operation(&mut visitor);
    let mut names = Vec::new();
    for result in visitor.calls {
        let (name, result) = result.await;
        let error = result.unwrap_err();
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
async fn coordinator_writes_are_executed_only_by_the_target() {
    let cluster = cluster().await;
    let (_, database) = pinned_to_coordinator(&cluster, 2);
    let mut visitor =
        CallCoordinatorOperations { only_writes: true, ..CallCoordinatorOperations::new(database) };
    for_each_operation(&mut visitor);
    for result in visitor.calls {
        // The result is irrelevant, because the embedded cluster does not implement all of them.
        drop(result.await);
    }
    let journal = cluster.journal();
    assert!(journal.executed() > 0);
    assert_eq!((journal.requests_to(0), journal.requests_to(1)), (0, 0));
}
