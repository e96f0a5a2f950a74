//! What errors say: about a hundred situations, on one page that a person can judge.
//!
//! `UPDATE_EXPECT=1 cargo test -p arango-tests --test house error_texts` writes `docs/error-messages.md` anew.

mod answers;
mod connecting;
mod foreign;
mod logins;
mod refusals;
mod requests;
mod settings;
mod single_server;
mod tls;

use std::fmt::{self, Write as _};

use arango::Error;
use arango::protocol::RequestClass;
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use expect_test::expect_file;

use crate::support::{builder, cluster_of, insert};

/// What stands above the situations.
const HEAD: &str = "# Error messages

What the client says, situation by situation. The first line of each block is what `Display` writes, and what a log should
hold; the whole block is `report()`, which adds the request and a line for each attempt. `{:?}` prints the same as `report()`,
so that a `main` that returns an error is readable; `{:#?}` prints everything. Errors of settings have one line only.

In parentheses stand the status and ArangoDB's error number, the coordinators, what is known of the
[execution](failure-semantics.md#words), and the number of attempts; behind them, what to do.

This page is written by the test [`error_texts`](../tests/house/error_texts.rs), which holds that the messages stay as they are:
`UPDATE_EXPECT=1 cargo test -p arango-tests --test house error_texts` writes it anew.
";

/// The most characters that one line of an error may have.
const LONGEST_LINE: usize = 900;

/// The page that is written.
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
        assert!(report.lines().count() >= 2 + error.attempts().len(), "one line an attempt: {report}");
        self.block(situation, &report);
    }

    /// Adds an error of settings, which is a line.
    fn line(&mut self, situation: &str, error: &dyn fmt::Display) {
        let line = error.to_string();
        assert_eq!(line.lines().count(), 1, "{line}");
        self.block(situation, &line);
    }

    fn block(&mut self, situation: &str, text: &str) {
        let text = &without_times(text);
        for line in text.lines() {
            assert!(!line.ends_with('.'), "a full stop at the end: {line}");
            assert!(!line.contains("0.0ns") && !line.contains("s3cret"), "{line}");
            assert!(line.chars().count() <= LONGEST_LINE, "{} characters: {line}", line.chars().count());
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        write!(self.0, "\n### {situation}\n\n```text\n{text}\n```\n").unwrap();
    }
}

/// Replaces what certificates are compared with: the time of day.
fn without_times(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, after) in [("verification time ", " (UNIX)"), ("978307200 (", " seconds ago)")] {
        let parts: Vec<_> = text.split(before).collect();
        let rests = parts[1..].iter().map(|part| part.find(after).map_or("", |end| &part[end..]));
        let replaced: String = rests.flat_map(|rest| [before, "…", rest]).collect();
        text = format!("{}{replaced}", parts[0]);
    }
    text
}

/// Injects a fault for writes at each coordinator.
fn on_writes(cluster: &TestCluster, fault: Fault) -> Vec<FaultGuard> {
    let fault = fault.on(Match::post("/_api/document/books"));
    cluster.coordinators().iter().map(|one| one.inject(fault.clone())).collect()
}

/// The error of a write that is not idempotent, at a single coordinator with this fault.
async fn write_at_one(fault: Fault) -> Error {
    let cluster = cluster_of(1).await;
    let _fault = on_writes(&cluster, fault);
    write(&builder(&cluster).build().unwrap()).await
}

/// The error of a write that is not idempotent.
async fn write(client: &arango::Client) -> Error {
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err()
}

/// The error of a request that is safe to repeat.
async fn read(client: &arango::Client) -> Error {
    client.db("_system").version().await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn errors_say_what_the_page_of_error_messages_shows() {
    let mut page = Page(HEAD.to_owned());
    settings::situations(&mut page).await;
    requests::situations(&mut page).await;
    connecting::situations(&mut page).await;
    tls::situations(&mut page).await;
    answers::situations(&mut page).await;
    foreign::situations(&mut page).await;
    refusals::situations(&mut page).await;
    single_server::situations(&mut page).await;
    logins::situations(&mut page).await;
    expect_file!["../../docs/error-messages.md"].assert_eq(&page.0);
}
