//! Inserts that ignore existing documents, and meet another one that runs at the same time.

use std::time::Duration;

use arango::data::{Insert, OverwriteMode};
use arango::{CallOptions, ErrorKind, Outcome, RetryPolicy, StoppedBy};
use arango_test_cluster::{Entry, Fault, FaultGuard, Phase, TestCluster};
use tokio::time::Instant;

use super::{book, books, on_post, stored};
use crate::support::{client, cluster};

/// What the coordinators do that report a conflict.
struct Conflicts(Vec<FaultGuard>);

impl Conflicts {
    /// Each coordinator reports this many, or always if there is no number.
    fn inject(cluster: &TestCluster, times: Option<usize>) -> Self {
        let conflict = on_post(Fault::response(409, 1200, "write-write conflict"));
        Self(cluster.inject(&times.map_or(conflict.clone(), |times| conflict.times(times))))
    }

    fn hits(&self) -> usize {
        self.0.iter().map(FaultGuard::hits).sum()
    }
}

/// An insert under the key `dune` that ignores an existing document.
fn insert(books: &arango::Collection) -> Insert<'static> {
    books.insert(&book("Dune")).key("dune").overwrite(OverwriteMode::Ignore)
}

/// Returns how many inserts were executed.
fn executed(cluster: &TestCluster) -> usize {
    let is_insert = |entry: &Entry| entry.method == "POST" && entry.path == "/_api/document/books";
    cluster.journal().executions_matching(is_insert)
}

#[tokio::test(start_paused = true)]
async fn w22a_an_insert_that_ignores_an_existing_document_is_sent_again_after_a_conflict() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let conflicts = Conflicts::inject(&cluster, Some(1));
    insert(&books).await.unwrap();
    assert_eq!((conflicts.hits(), executed(&cluster)), (1, 1));
    assert_eq!(stored(&cluster).await, 1);
}

#[tokio::test(start_paused = true)]
async fn w22a_an_insert_that_ignores_an_existing_document_gives_up_after_five_conflicts() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let conflicts = Conflicts::inject(&cluster, None);
    let error = insert(&books).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotExecuted), "{error}");
    assert_eq!((conflicts.hits(), executed(&cluster)), (6, 0));
    // One call, of which the error shows each attempt with the pause before it.
    let pauses: Vec<_> = error.attempts().iter().map(|attempt| attempt.waited_before).collect();
    assert!(pauses.len() == 6 && pauses[0].is_zero(), "{pauses:?}");
    for (conflict, pause) in pauses[1..].iter().enumerate() {
        let longest = Duration::from_millis(10 << conflict);
        assert!((Duration::from_millis(5)..=longest).contains(pause), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w22a_a_conflict_after_a_lost_copy_is_not_repeated_and_stays_unknown() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    // A copy at each coordinator is not executed, which the client cannot know. The next one meets a conflict.
    let _lost = cluster.inject(&on_post(Fault::close(Phase::AfterRead).times(1)));
    let conflicts = Conflicts::inject(&cluster, None);
    let error = insert(&books).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown), "{error}");
    assert_eq!((conflicts.hits(), executed(&cluster)), (1, 0));
    assert!(error.ticket().is_some());
}

#[tokio::test(start_paused = true)]
async fn w22a_a_copy_that_is_lost_after_a_conflict_is_looked_for() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let conflicts = Conflicts::inject(&cluster, Some(1));
    let _lost = cluster.inject(&on_post(Fault::close(Phase::AfterExecution)));
    let written = insert(&books).await.unwrap();
    assert!(written.evidence.is_some(), "each response was lost");
    assert!(conflicts.hits() >= 1);
    assert_eq!(stored(&cluster).await, 1);
}

#[tokio::test(start_paused = true)]
async fn w22a_a_conflict_of_another_insert_or_within_a_transaction_is_not_repeated() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let conflicts = Conflicts::inject(&cluster, None);
    let books = books(&client);
    assert_eq!(books.insert(&book("Dune")).key("dune").await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(conflicts.hits(), 1);
    let mut transaction = client.db("_system").transaction(["books"]).begin().await.unwrap();
    let mut within = transaction.collection("books");
    let insert = within.insert(&book("Dune")).key("dune").overwrite(OverwriteMode::Ignore);
    assert_eq!(insert.await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!((conflicts.hits(), executed(&cluster)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn w22a_a_policy_with_one_attempt_sends_the_insert_once_and_one_with_conflicts_adds_none() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let conflicts = Conflicts::inject(&cluster, None);
    for (policy, sent) in [
        (RetryPolicy::disabled(), 1),
        (RetryPolicy::default().attempts(1), 1),
        (RetryPolicy::default().conflicts(2), 6),
        (RetryPolicy::default().conflicts(7), 8),
    ] {
        let before = conflicts.hits();
        let database = client.db("_system").options(CallOptions::default().retry(policy.clone()));
        let error = insert(&database.collection("books")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotExecuted), "{error}");
        assert_eq!((conflicts.hits() - before, error.attempts().len()), (sent, sent), "{policy:?}");
    }
    assert_eq!(executed(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn w22a_the_repetitions_end_with_the_time_of_the_call() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let conflicts = Conflicts::inject(&cluster, None);
    let limit = Duration::from_millis(40);
    let database = client.db("_system").options(CallOptions::default().total(limit));
    let began = Instant::now();
    let error = insert(&database.collection("books")).await.unwrap_err();
    assert_eq!((error.kind(), error.stopped_by()), (ErrorKind::Conflict, StoppedBy::Deadline), "{error}");
    assert!(began.elapsed() <= limit && conflicts.hits() < 6);
    assert_eq!(executed(&cluster), 0);
}
