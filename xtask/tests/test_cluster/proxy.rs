//! Proxies in front of the coordinators of each back end: `--proxy`.

use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Fixture, Running, directory_of, request, send, wait_until, with_script};

/// The addresses of the proxies, without a scheme.
fn proxies(info: &Value) -> Vec<String> {
    let urls = info["endpoints"].as_array().unwrap().iter().map(|url| url.as_str().unwrap());
    urls.map(|url| url.rsplit('/').next().unwrap().to_owned()).collect()
}

/// Starts an embedded cluster and an external one with proxies in front of it. The directory of the latter follows.
fn external(fixture: &Fixture, flags: &[&str]) -> (Running, Value, Running, Value, String) {
    let mut embedded = fixture.start(&["up", "--json"]);
    let behind = embedded.info();
    let urls = behind["endpoints"].as_array().unwrap().iter().map(|url| url.as_str().unwrap());
    let urls = urls.collect::<Vec<_>>().join(",");
    let up =
        ["up", "--json", "--backend", "external", "--proxy", "--password", "passwd", "--endpoints", &urls];
    let mut up = fixture.start(&[&up[..], flags].concat());
    let info = up.info();
    let directory = directory_of(fixture, "external");
    (embedded, behind, up, info, directory)
}

#[test]
fn each_coordinator_advertises_its_proxy_so_that_discovery_finds_it() {
    for backend in ["process", "docker"] {
        let fixture = Fixture::new();
        let mut up = fixture.start(&["up", "--json", "--proxy", "--backend", backend]);
        let info = up.info();

        for (index, proxy) in proxies(&info).iter().enumerate() {
            let arguments = fixture.arguments(&format!("coordinator{}", index + 1)).join(" ");
            let advertised = format!("--cluster.my-advertised-endpoint tcp://{proxy}");
            assert!(arguments.contains(&advertised), "{backend}: {arguments}");
            assert!(!info["behind_proxies"][index].as_str().unwrap().contains(proxy.as_str()));
        }
        assert_eq!(info.get("discovery_off"), None, "{backend}");
        up.signal(Signal::TERM);
        assert_eq!(up.code(), Some(0));
        fixture.assert_nothing_is_left();
    }
}

#[test]
fn with_tls_the_advertised_endpoint_is_encrypted() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--proxy", "--tls", "--backend", "process"]);
    let info = up.info();

    let arguments = fixture.arguments("coordinator1").join(" ");
    assert!(
        arguments.contains(&format!("my-advertised-endpoint ssl://{}", proxies(&info)[0])),
        "{arguments}"
    );
    let refused = fixture.run(&["fault", "add", "coordinator1", "close", "phase=after-execution"]);
    assert!(refused.stderr.contains("`close`: it cannot read requests over TLS"), "{}", refused.stderr);
    fixture.run(&["fault", "add", "coordinator1", "close", "phase=before-read"]).assert_success();
}

#[test]
fn faults_are_injected_into_a_real_server_and_the_journal_shows_what_has_passed() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--proxy", "--backend", "process"]);
    let info = up.info();
    let url = format!("{}/_admin/server/availability", info["endpoints"][1].as_str().unwrap());
    let add = ["fault", "add", "coordinator2", "response", "status=503", "error_num=21003", "times=1"];

    assert_eq!(fixture.run(&add).assert_success().stdout, "fault 1 at coordinator2\n");
    assert!(request("GET", &url).starts_with("HTTP/1.1 503"));
    assert!(request("GET", &url).starts_with("HTTP/1.1 200"));

    let listed = fixture.run(&["fault", "list"]).assert_success().stdout.clone();
    let row = "1   coordinator2  response  error_num=21003 status=503 times=1  1";
    assert_eq!(listed.lines().nth(1), Some(row), "{listed}");
    let journal = fixture.run(&["journal"]).assert_success().stdout.clone();
    let rows: Vec<_> = journal.lines().collect();
    assert!(rows.len() == 3 && rows[0].contains("FORWARDED"), "{journal}");
    let words = |row: usize| rows[row].split_whitespace().skip(1).take(6).collect::<Vec<_>>().join(" ");
    assert_eq!(words(1), "coordinator2 GET _system /_admin/server/availability 503 no");
    assert_eq!(words(2), "coordinator2 GET _system /_admin/server/availability 200 yes");
    fixture.run(&["journal", "--clear"]).assert_success();
    assert_eq!(fixture.run(&["journal"]).stdout, "no requests\n");
    assert_eq!(fixture.run(&["fault", "clear"]).stdout, "fault 1 ended; requests affected: 1\n");
}

#[test]
fn a_coordinator_that_is_killed_is_refused_at_its_proxy_until_it_is_ready_again() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--proxy", "--backend", "process"]);
    let info = up.info();
    let proxy = proxies(&info).remove(0);
    let url = format!("http://{proxy}/_admin/server/availability");

    fixture.run(&["kill", "coordinator1"]).assert_success();
    assert!(TcpStream::connect(&proxy).is_err());
    fixture.run(&["restart", "coordinator1"]).assert_success();
    assert!(request("GET", &url).starts_with("HTTP/1.1 200"));

    // One that dies without a command is noticed, too.
    let pid = i32::try_from(fixture.pid("coordinator1")).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    up.wait_for("warning: coordinator1 ended");
    wait_until("its proxy refuses connections", || TcpStream::connect(&proxy).is_err());
}

#[test]
fn proxies_listen_on_the_ports_that_are_named() {
    let fixture = Fixture::new();
    let reserved = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    reserved.set_reuse_address(true).unwrap();
    reserved.set_reuse_port(true).unwrap();
    reserved.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let port = reserved.local_addr().unwrap().as_socket().unwrap().port().to_string();
    let flags = ["--backend", "process", "--proxy", "--coordinators", "1", "--ports", &port];

    let script = format!("test $ARANGO_ENDPOINTS = http://127.0.0.1:{port}");
    fixture.run(&with_script(&flags, &script)).assert_success();
}

#[test]
fn behind_the_proxies_of_a_starter_discovery_is_off() {
    let fixture = Fixture::new();
    let script = "test $ARANGO_TEST_DISCOVERY = off && test $ARANGO_TEST_BACKEND = starter";

    fixture.run(&with_script(&["--backend", "starter", "--proxy"], script)).assert_success();
}

#[test]
fn the_proxies_of_an_external_cluster_can_be_killed_and_it_cannot() {
    let fixture = Fixture::new();
    let (_embedded, behind, up, info, directory) = external(&fixture, &[]);
    let at = |command: &[&str]| fixture.run(&[command, &["--cluster", &directory]].concat());
    let (proxy, direct) = (proxies(&info).remove(2), proxies(&behind).remove(2));

    at(&["kill", "coordinator3"]).assert_success();
    assert!(TcpStream::connect(&proxy).is_err() && TcpStream::connect(&direct).is_ok());
    at(&["restart", "coordinator3"]).assert_success();
    assert!(TcpStream::connect(&proxy).is_ok());

    for (command, words) in [
        (&["kill", "dbserver1"][..], "a proxy cannot do this"),
        (&["tokens", "expire"], "a proxy cannot do this"),
        (&["upgrade", "coordinator1", "3.12.6"], "a proxy cannot upgrade"),
        (&["agency", "down"], "the agents of an external cluster are left as they are"),
        (&["fault", "add", "all", "late-copy", "ms=1"], "`late-copy`: it happens within a server"),
    ] {
        let refused = at(command);
        assert!(refused.code == Some(1) && refused.stderr.contains(words), "{command:?}: {}", refused.stderr);
    }
    up.signal(Signal::TERM);
    assert_eq!(up.code(), Some(0));
    assert!(TcpStream::connect(&proxy).is_err() && TcpStream::connect(&direct).is_ok());
}

#[test]
fn a_lost_response_behind_a_proxy_is_executed_once() {
    let fixture = Fixture::new();
    let (_embedded, behind, _up, info, directory) = external(&fixture, &[]);
    assert_eq!(info["discovery_off"], true);
    let journal = fixture.run(&["journal", "--cluster", &directory]);
    assert_eq!(journal.stdout, "no requests\n", "what was sent to check the proxies is not in it");
    let lost = ["fault", "add", "all", "close", "phase=after-execution", "method=POST", "times=1"];
    fixture.run(&[&lost[..], &["--json", "--cluster", &directory]].concat()).assert_success();
    let token = behind["superuser_token"].as_str().unwrap();
    let headers = format!("authorization: bearer {token}\r\nx-sim-marker: m-1\r\n");
    let url = format!("{}/_api/collection", info["endpoints"][0].as_str().unwrap());

    assert_eq!(send("POST", &url, &headers, r#"{"name":"books"}"#), "");

    let embedded = behind["control"].as_str().unwrap();
    let executed = request("GET", &format!("{embedded}/journal/markers?prefix=m"));
    assert!(executed.ends_with(r#"{"markers":{"m-1":{"executed":1,"received":1}}}"#), "{executed}");
    let proxies = info["control"].as_str().unwrap();
    let passed = request("GET", &format!("{proxies}/journal/markers?prefix=m"));
    assert!(passed.ends_with(r#"{"markers":{"m-1":{"forwarded":1,"received":1}}}"#), "{passed}");
}

#[test]
fn with_tls_a_command_reaches_the_cluster_through_the_proxies() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--tls"]);
    let info = up.info();
    let ca_file = info["ca_file"].as_str().unwrap();
    let urls = info["endpoints"][0].as_str().unwrap();
    let flags = [
        "--backend",
        "external",
        "--proxy",
        "--password",
        "passwd",
        "--ca-file",
        ca_file,
        "--endpoints",
        urls,
    ];

    // The certificate of the embedded cluster is valid for loopback.
    let script =
        format!("case $ARANGO_ENDPOINTS in {urls}) false;; https://127.0.0.1:*) true;; *) false;; esac");
    fixture.run(&with_script(&flags, &script)).assert_success();
}

#[test]
fn an_embedded_cluster_needs_no_proxy() {
    let refused = Fixture::new().run(&["run", "--proxy", "--", "true"]);

    assert!(refused.stderr.contains("--proxy has no effect"), "{}", refused.stderr);
}
