//! Faults, the agency, tokens, upgrades and the journal of a running cluster.

use std::path::Path;

use crate::support::{Fixture, request, send};

#[test]
fn a_fault_is_added_listed_and_cleared() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--coordinators", "2"]);
    let info = up.info();
    let url = format!("{}/_api/version", info["endpoints"][0].as_str().unwrap());

    let added = fixture.run(&["fault", "add", "all", "response", "status=502", "body=404", "path=/_api/*"]);
    assert_eq!(added.assert_success().stdout, "fault 1 at coordinator1\nfault 2 at coordinator2\n");
    let response = request("GET", &url);
    assert!(response.starts_with("HTTP/1.1 502") && response.ends_with("404"), "{response}");

    let listed = fixture.run(&["fault", "list"]).assert_success().stdout.clone();
    assert_eq!(
        listed,
        "ID  WHERE         KIND      KEYS                              HITS\n\
         1   coordinator1  response  body=404 path=/_api/* status=502  1\n\
         2   coordinator2  response  body=404 path=/_api/* status=502  0\n"
    );
    let json = fixture.run(&["fault", "list", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["faults"][0]["id"], &json["faults"][0]["hits"]), (&1.into(), &1.into()));

    assert_eq!(fixture.run(&["fault", "clear", "1"]).stdout, "fault 1 ended; requests affected: 1\n");
    assert!(!request("GET", &url).starts_with("HTTP/1.1 502"));
    assert_eq!(fixture.run(&["fault", "clear"]).stdout, "fault 2 ended; requests affected: 0\n");
    assert_eq!(fixture.run(&["fault", "list"]).stdout, "no faults\n");
}

#[test]
fn each_kind_of_the_help_is_accepted_by_an_embedded_cluster() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();
    let help = fixture.run(&["fault", "add", "--help"]).assert_success().stdout.clone();
    for (kind, keys) in [
        ("latency", &["ms=0"][..]),
        ("close", &["phase=in-body", "how=rst"]),
        ("response", &["status=503", "error_num=503", "message=x", "after_execution=true"]),
        ("early-response", &["status=413", "error_num=413", "close=fin"]),
        ("hang", &[]),
        ("garbage", &[]),
        ("huge-head", &[]),
        ("bad-chunks", &[]),
        ("slow-head", &["bytes=1", "ms=1"]),
        ("slow-body", &["bytes=1", "ms=1"]),
        ("stall", &["bytes=1"]),
        ("padded", &["bytes=1"]),
        ("truncate", &["bytes=1", "how=fin"]),
        ("reset-stream", &["phase=before-read", "reason=refused-stream"]),
        ("go-away", &[]),
        ("go-away-unprocessed", &[]),
        ("repeated-write", &[]),
        ("failed-commit", &[]),
        ("late-copy", &["ms=1"]),
        ("slow-commit", &["ms=1"]),
        ("lost-write", &["db_server=0"]),
        ("queue-time", &["ms=1"]),
        ("queue-full", &[]),
        ("starting", &[]),
        ("maintenance", &[]),
        ("shutting-down", &[]),
        ("tls", &["handshake=expired"]),
    ] {
        assert!(help.contains(kind), "{kind} is not in the help");
        fixture.run(&[&["fault", "add", "coordinator1", kind], keys].concat()).assert_success();
    }
}

#[test]
fn wrong_words_are_refused_by_name_with_what_is_allowed() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();
    for (words, code, reasons) in [
        (&["coordinator1", "boom"][..], 1, &["`boom`", "`latency`", "`close`"][..]),
        (&["coordinator1", "close"], 1, &["`phase`"]),
        (&["coordinator1", "close", "phase=late"], 1, &["`late`", "`after-execution`"]),
        (&["coordinator1", "hang", "pth=/"], 1, &["`pth`"]),
        (&["coordinator1", "latency", "ms=soon"], 1, &["\"soon\""]),
        (&["coordinator9", "hang"], 1, &["there is no coordinator9", "has 3"]),
        (&["coordinator1", "queue-full", "times=1"], 1, &["`times`"]),
        (&["coordinator1", "hang", "times"], 2, &["`times`", "`times=1`"]),
        (&["dbserver1", "hang"], 2, &["`dbserver1`", "`coordinator1`", "`all`"]),
    ] {
        let refused = fixture.run(&[&["fault", "add"], words].concat());
        assert_eq!(refused.code, Some(code), "{words:?}: {}", refused.stderr);
        for reason in reasons {
            assert!(refused.stderr.contains(reason), "{words:?}: {}", refused.stderr);
        }
    }
    assert_eq!(fixture.run(&["fault", "list"]).stdout, "no faults\n");
    assert!(fixture.run(&["fault", "clear", "7"]).stderr.contains("no fault 7"));
}

#[test]
fn the_agency_goes_down_and_comes_back() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let url = format!("{}/_admin/cluster/health", info["endpoints"][0].as_str().unwrap());
    let headers = format!("authorization: bearer {}\r\n", info["superuser_token"].as_str().unwrap());
    let health = || send("GET", &url, &headers, "");

    // Repeated, it stays one outage.
    fixture.run(&["agency", "down"]).assert_success();
    fixture.run(&["agency", "down"]).assert_success();
    assert!(health().starts_with("HTTP/1.1 500"), "{}", health());
    assert!(fixture.run(&["fault", "list"]).stdout.contains("1   cluster  agency-down"));
    fixture.run(&["agency", "up"]).assert_success();
    assert!(health().starts_with("HTTP/1.1 200"), "{}", health());
    fixture.run(&["agency", "up"]).assert_success();
}

#[test]
fn the_agents_of_real_servers_are_stopped_and_started() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    let runs = |agent: usize| {
        let pid = fixture.pid(&format!("agent{agent}"));
        Path::new(&format!("/proc/{pid}")).exists()
    };

    fixture.run(&["agency", "down"]).assert_success();
    assert!((1..=3).all(|agent| !runs(agent)));
    fixture.run(&["agency", "up"]).assert_success();

    assert!((1..=3).all(runs));
}

#[test]
fn tokens_of_logins_expire() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let url = info["endpoints"][0].as_str().unwrap();
    let login = send("POST", &format!("{url}/_open/auth"), "", r#"{"username":"root","password":"passwd"}"#);
    let token = login.split("\"jwt\":\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = format!("authorization: bearer {token}\r\n");
    let version = || send("GET", &format!("{url}/_api/version"), &headers, "");
    assert!(version().starts_with("HTTP/1.1 200"));

    fixture.run(&["tokens", "expire"]).assert_success();

    assert!(version().starts_with("HTTP/1.1 401"));
}

#[test]
fn a_server_is_restarted_in_another_version() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--version", "3.11"]);
    let info = up.info();
    let url = format!("{}/_api/version", info["endpoints"][1].as_str().unwrap());
    let headers = format!("authorization: bearer {}\r\n", info["superuser_token"].as_str().unwrap());

    fixture.run(&["upgrade", "coordinator2", "3.12.6"]).assert_success();
    fixture.run(&["upgrade", "dbserver1", "3.12.6"]).assert_success();

    assert!(send("GET", &url, &headers, "").contains("3.12.6"));
    let refused = fixture.run(&["upgrade", "coordinator2", "5.0"]);
    assert!(refused.stderr.contains("`5.0`") && refused.stderr.contains("3.12"), "{}", refused.stderr);
}

#[test]
fn the_journal_shows_the_latest_requests_and_whether_they_were_executed() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let url = info["endpoints"][0].as_str().unwrap();
    let headers = format!("authorization: bearer {}\r\n", info["superuser_token"].as_str().unwrap());
    send("GET", &format!("{url}/_api/version?details=true"), &headers, "");
    request("GET", &format!("{url}/_api/collection"));

    let journal = fixture.run(&["journal"]).assert_success().stdout.clone();
    let rows: Vec<_> =
        journal.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        rows,
        [
            "SERVER METHOD DATABASE PATH STATUS EXECUTED MARKER",
            "coordinator1 GET _system /_api/version 200 yes -",
            "coordinator1 GET _system /_api/collection 401 no -",
        ]
    );
    assert_eq!(fixture.run(&["journal", "--failed"]).stdout.lines().count(), 2);
    assert_eq!(fixture.run(&["journal", "--last", "1"]).stdout.lines().count(), 2);
    let json = fixture.run(&["journal", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["entries"][1]["status"], 401);
    fixture.run(&["journal", "--clear"]).assert_success();
    assert_eq!(fixture.run(&["journal"]).stdout, "no requests\n");
}

#[test]
fn what_only_an_embedded_cluster_has_is_refused_on_real_servers() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    for (command, words) in [
        (&["fault", "add", "coordinator1", "hang"][..], "only with --proxy"),
        (&["fault", "list"], "only with --proxy"),
        (&["journal"], "only with --proxy"),
        (&["tokens", "expire"], "the embedded one may"),
        (&["upgrade", "coordinator1", "3.12.6"], "the embedded one may"),
    ] {
        let refused = fixture.run(command);
        assert!(refused.code == Some(1) && refused.stderr.contains(words), "{command:?}: {}", refused.stderr);
    }
}

#[test]
fn without_a_cluster_the_commands_say_how_to_start_one() {
    let fixture = Fixture::new();
    for command in [&["fault", "list"][..], &["agency", "down"], &["tokens", "expire"], &["journal"]] {
        assert!(fixture.run(command).stderr.contains("no cluster runs"), "{command:?}");
    }
}

/// The commands of a section of the documentation, each with the output that is shown.
fn documented(section: &str) -> Vec<(Vec<String>, String)> {
    let page = include_str!("../../../docs/test-cluster.md");
    let block = page.split(section).nth(1).unwrap().split("```console\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let commands = block.split("$ cargo xtask test-cluster ").skip(1).map(|text| {
        let (line, output) = text.split_once('\n').unwrap();
        let words = line.split(' ').map(|word| word.replace('\'', "")).collect();
        (words, output.to_owned())
    });
    commands.collect()
}

#[test]
fn the_commands_of_the_documentation_print_what_it_shows() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();
    let commands = documented("### Faults from the command line");
    assert!(commands.len() > 5, "{commands:?}");

    for (words, output) in commands {
        let ended = fixture.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ended.assert_success().stdout, output, "{words:?}");
    }
}
