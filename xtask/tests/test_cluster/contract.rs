//! Recordings and their comparison, as commands.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Ended, Fixture, LIMIT, Running};

/// The recording of the embedded cluster that the repository holds.
fn snapshot() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/embedded/3.12.json");
    path.to_str().unwrap().to_owned()
}

fn contract(fixture: &Fixture, arguments: &[&str]) -> Ended {
    Ended::new(&fixture.task("contract", arguments).output().unwrap())
}

/// Writes the snapshot with one response changed, and returns its path.
fn altered(fixture: &Fixture) -> String {
    let mut recording: Value = serde_json::from_str(&fs::read_to_string(snapshot()).unwrap()).unwrap();
    let body = &mut recording["steps"]["server.id: of a coordinator"]["body"];
    assert_eq!(body["id"], "server id");
    body["id"] = "integer".into();
    body["more"] = "bool".into();
    let path = fixture.path("altered.json");
    fs::write(&path, recording.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_exit_code_of_a_comparison_says_how_it_ended() {
    let fixture = Fixture::new();
    let (right, wrong) = (snapshot(), altered(&fixture));

    let same = contract(&fixture, &["check", &right, &right]);
    assert_eq!((same.code, same.stdout.lines().count()), (Some(0), 1), "{}", same.stdout);

    let different = contract(&fixture, &["check", &right, &wrong]);
    assert_eq!(different.code, Some(1));
    let lines: Vec<_> = different.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "server.id\tshape\tof a coordinator\t/id\tserver id\tinteger",
            "server.id\textra\tof a coordinator\t/more\tmissing\tbool",
            "differences: 2 (1 shape, 0 error, 1 extra, 0 value)",
        ]
    );

    let missing = contract(&fixture, &["check", &right, "/missing.json"]);
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
    assert!(missing.stderr.contains("/missing.json"), "{}", missing.stderr);
}

#[test]
fn a_grade_decides_what_counts() {
    let fixture = Fixture::new();
    let (right, wrong) = (snapshot(), altered(&fixture));
    let count = |arguments: &[&str]| {
        let ended = contract(&fixture, &[&["check", "--json"], arguments].concat());
        let differences: Value = serde_json::from_str(&ended.stdout).unwrap();
        (ended.code, differences.as_array().unwrap().len())
    };

    assert_eq!(count(&[&right, &wrong]), (Some(1), 2));
    assert_eq!(count(&["--at-least", "shape", &right, &wrong]), (Some(1), 1));
    // The other way round the key is missing, and so it is a fault, too.
    assert_eq!(count(&["--at-least", "shape", &wrong, &right]), (Some(1), 2));
    assert_eq!(count(&["--at-least", "shape", &right, &right]), (Some(0), 0));
}

#[test]
fn a_recording_is_compared_with_what_is_documented() {
    let fixture = Fixture::new();

    let wrong = contract(&fixture, &["check", "--documented", &altered(&fixture)]);

    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.stdout.contains("server.id\tshape\tof a coordinator\t/id\tserver id\tinteger"),
        "{}",
        wrong.stdout
    );
}

#[test]
fn a_cluster_of_others_is_recorded_and_left_as_it_was() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--version", "3.12.10"]);
    let info = up.info();
    let urls: Vec<_> =
        info["endpoints"].as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect();
    let urls = urls.join(",");
    let file = fixture.path("recording.json");
    let file = file.to_str().unwrap();
    let flags =
        ["record", "--backend", "external", "--endpoints", &urls, "--password", "passwd", "--out", file];

    let ended = contract(&fixture, &flags);

    ended.assert_success();
    let listed = ended.stderr.find("POST /_db/arango_contract_").unwrap();
    assert!(listed < ended.stderr.find("question ").unwrap(), "{}", ended.stderr);
    assert!(ended.stderr.contains("skipped server.shutdown: of a coordinator"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("DISTURBS OTHERS"), "{}", ended.stderr);
    contract(&fixture, &["check", "--documented", file]).assert_success();
    // Nothing that was skipped counts as a difference.
    let compared = contract(&fixture, &["check", &snapshot(), file]);
    assert!(!compared.stdout.contains("not sent"), "{}", compared.stdout);
}

#[test]
fn consent_is_refused_without_the_right_id_and_in_continuous_integration() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let url = info["endpoints"][0].as_str().unwrap();
    let flags = [
        "record",
        "--backend",
        "external",
        "--endpoints",
        url,
        "--password",
        "passwd",
        "--allow-destructive",
    ];

    let unnamed = contract(&fixture, &flags);
    assert!(unnamed.stderr.contains("needs --cluster-id"), "{}", unnamed.stderr);

    let wrong = contract(&fixture, &[&flags[..], &["--cluster-id", "another"]].concat());
    assert!(wrong.stderr.contains("another id than `another`"), "{}", wrong.stderr);

    let mut command = fixture.task("contract", &[&flags[..], &["--cluster-id", "another"]].concat());
    let ci = Ended::new(&command.env("CI", "true").output().unwrap());
    assert!(ci.stderr.contains("the variable CI"), "{}", ci.stderr);
    assert_eq!([unnamed.code, wrong.code, ci.code], [Some(2); 3]);

    let embedded = contract(&fixture, &["record", "--allow-destructive", "--cluster-id", "x"]);
    assert!(embedded.stderr.contains("has no effect"), "{}", embedded.stderr);
}

#[test]
fn servers_that_were_started_end_also_if_they_cannot_be_recorded() {
    let fixture = Fixture::new();

    // Stand-ins store nothing, so that no database can be created.
    let ended = contract(&fixture, &["record", "--backend", "process", "--start-limit", "60s"]);

    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("the database of the recording cannot be created: status 404"),
        "{}",
        ended.stderr
    );
    fixture.assert_nothing_is_left();
}

#[test]
fn the_list_says_of_each_request_what_it_changes() {
    let fixture = Fixture::new();

    let listed = contract(&fixture, &["record", "--list"]);

    let lines: Vec<_> = listed.assert_success().stdout.lines().collect();
    assert!(lines.len() > 500);
    assert!(lines.contains(&"destructive\tserver.shutdown: of a coordinator\tDELETE /_admin/shutdown"));
    assert!(lines.contains(&"reads\tserver.id: of a coordinator\tGET /_admin/server/id"));
}

#[test]
fn a_file_that_cannot_be_written_is_reported_before_anything_is_done() {
    let fixture = Fixture::new();
    let path = fixture.path("missing/file");
    let path = path.to_str().unwrap();

    for (task, flags, code) in
        [("contract", &["record", "--out", path][..], 2), ("demo", &["--picture", path], 1)]
    {
        let ended = Ended::new(&fixture.task(task, flags).output().unwrap());

        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(code), 1), "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("error: cannot write {path}: ")), "{}", ended.stderr);
    }
}

/// A coordinator that responds only with its version and its id, and holds every other request. Returns its URL and the
/// requests that it holds.
fn hanging_coordinator() -> (String, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, held) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            BufReader::new(&mut stream).read_line(&mut line).unwrap();
            let body = r#"{"server":"arango","version":"3.12.5","id":"CRDN-1"}"#;
            if line.contains("/_api/version ") || line.contains("/_admin/server/id ") {
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
                .unwrap();
            } else if sender.send(stream).is_err() {
                return;
            }
        }
    });
    (url, held)
}

#[test]
fn an_interruption_ends_the_wait_for_a_cluster_that_does_not_respond() {
    let fixture = Fixture::new();
    let (url, held) = hanging_coordinator();
    let flags = ["--backend", "external", "--endpoints", &url, "--password", "passwd"];

    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let record = Running::new(fixture.task("contract", &[&["record"], &flags[..]].concat()));
        let _request = held.recv_timeout(LIMIT).unwrap();
        // Less than the time limit of the request.
        let begin = Instant::now();
        record.signal(signal);
        assert_eq!(record.code(), Some(code));
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        fixture.assert_nothing_is_left();
    }
}
