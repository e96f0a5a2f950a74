//! Generates `docs/error-messages.md`: the error texts of many situations.
//!
//! `UPDATE_EXPECT=1 cargo test -p arango-tests --test client error_messages` writes the page; without the variable the
//! test compares it.

mod connecting;
mod data;
mod logins;
mod not_arangodb;
mod refusals;
mod requests;
mod responses;
mod settings;
mod single_server;
mod tls;

use std::fmt::{self, Write as _};

use arango::Error;
use arango::protocol::RequestClass;
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use expect_test::expect_file;

use crate::support::{builder, cluster_of, insert};

/// The introduction of the page.
const PAGE_HEADER: &str = "# Error messages

This page shows the error texts of the client by situation. The first line of each block is the `Display` output, meant
for logs. The whole block is `report()`, which adds the request and a line for each attempt. `{:?}` prints the same as
`report()`, so an error returned from `main` is readable; `{:#?}` prints all fields. Errors of settings have one line.

The parentheses contain the HTTP status and ArangoDB's error number, the coordinators, what is known about the
[execution](failure-semantics.md#terms), and the number of attempts. Advice follows them.

The test [`error_messages`](../tests/client/error_messages/mod.rs) generates this page and fails if a message changes:
`UPDATE_EXPECT=1 cargo test -p arango-tests --test client error_messages` updates it.
";

/// Maximum number of characters in one line of an error.
const MAX_LINE_LEN: usize = 900;

/// The generated page.
struct Page(String);

impl Page {
    fn section(&mut self, title: &str) {
        write!(self.0, "\n## {title}\n").unwrap();
    }

    /// Adds an error of a call: its line and its report.
    fn error(&mut self, situation: &str, error: &Error) {
        let (line, report) = (error.to_string(), error.report().to_string());
        assert_eq!(report.lines().next(), Some(&*line), "{situation}");
        assert_eq!(format!("{error:?}"), report, "{situation}");
        assert!(report.lines().count() >= 2 + error.attempts().len(), "one line per attempt: {report}");
        self.block(situation, &report);
    }

    /// Adds an error of settings, which has one line.
    fn line(&mut self, situation: &str, error: &dyn fmt::Display) {
        let line = error.to_string();
        assert_eq!(line.lines().count(), 1, "{line}");
        self.block(situation, &line);
    }

    fn block(&mut self, situation: &str, text: &str) {
        let text = &mask_times(text);
        for line in text.lines() {
            assert!(!line.ends_with('.'), "a full stop at the end: {line}");
            assert!(!line.contains("0.0ns") && !line.contains("s3cret"), "{line}");
            assert!(line.chars().count() <= MAX_LINE_LEN, "{} characters: {line}", line.chars().count());
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        write!(self.0, "\n### {situation}\n\n```text\n{text}\n```\n").unwrap();
    }
}

/// Replaces times in errors about certificates, because they differ between runs.
fn mask_times(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, after) in [("verification time ", " (UNIX)"), ("978307200 (", " seconds ago)")] {
        let parts: Vec<_> = text.split(before).collect();
        let tails = parts[1..].iter().map(|part| part.find(after).map_or("", |end| &part[end..]));
        let replaced: String = tails.flat_map(|tail| [before, "…", tail]).collect();
        text = format!("{}{replaced}", parts[0]);
    }
    text
}

/// Injects a fault for writes at each coordinator.
fn on_writes(cluster: &TestCluster, fault: Fault) -> Vec<FaultGuard> {
    let fault = fault.on(Match::post("/_api/document/books"));
    cluster.inject(&fault)
}

/// Returns the error of a write at a single coordinator with this fault. The write is not idempotent.
async fn write_to_one(fault: Fault) -> Error {
    let cluster = cluster_of(1).await;
    let _fault = on_writes(&cluster, fault);
    write(&builder(&cluster).build().unwrap()).await
}

/// Returns the error of a write that is not idempotent.
async fn write(client: &arango::Client) -> Error {
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err()
}

/// Returns the error of a safe request.
async fn read(client: &arango::Client) -> Error {
    client.db("_system").version().await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn error_messages_match_the_documentation() {
    let mut page = Page(PAGE_HEADER.to_owned());
    settings::situations(&mut page).await;
    requests::situations(&mut page).await;
    connecting::situations(&mut page).await;
    tls::situations(&mut page).await;
    responses::situations(&mut page).await;
    not_arangodb::situations(&mut page).await;
    refusals::situations(&mut page).await;
    data::situations(&mut page).await;
    single_server::situations(&mut page).await;
    logins::situations(&mut page).await;
    expect_file!["../../../docs/error-messages.md"].assert_eq(&page.0);
}
