//! The journal of a running cluster, followed.

use rustix::process::Signal;

use crate::support::{Fixture, request};

#[test]
fn new_requests_are_printed_as_lines_until_ctrl_c() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let url = info["endpoints"][0].as_str().unwrap();
    request("GET", &format!("{url}/_api/earlier"));
    let mut journal = fixture.start(&["journal", "--follow"]);
    let header = journal.wait_for("SERVER");
    assert!(!header.contains('\u{1b}'), "no colours in a pipe: {header:?}");
    assert!(journal.wait_for("/_api/earlier").starts_with("coordinator1  GET"));

    for path in ["/_api/one", "/_api/two?password=hidden"] {
        request("GET", &format!("{url}{path}"));
    }
    journal.wait_for("/_api/one");
    let line = journal.wait_for("/_api/two");
    assert!(line.contains("401") && !line.contains("hidden"), "{line}");

    journal.signal(Signal::INT);
    assert_eq!(journal.code(), Some(130));
    up.signal(Signal::TERM);
    assert_eq!(up.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn it_ends_with_the_cluster() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let mut journal = fixture.start(&["journal", "--follow", "--json", "--failed"]);
    request("GET", &format!("{}/_api/version", info["endpoints"][0].as_str().unwrap()));
    let entry: serde_json::Value = serde_json::from_str(&journal.wait_for("/_api/version")).unwrap();
    assert_eq!((&entry["status"], &entry["coordinator"]), (&401.into(), &0.into()));

    up.signal(Signal::TERM);
    assert_eq!((up.code(), journal.code()), (Some(0), Some(0)));
}

#[test]
fn a_reader_that_needs_no_more_is_no_error() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let ended = fixture.command(&["journal"]).stdout(writer).output().unwrap();

    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
