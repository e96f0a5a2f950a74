//! The back end `external`: nothing is started, and nothing is changed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::support::{Ended, Fixture, read};

const SCRIPT: &str = "echo $ARANGO_ENDPOINTS $ARANGO_USER $ARANGO_PASSWORD $ARANGO_ROOT_PASSWORD $ARANGO_TOKEN +$ARANGO_JWT_SECRET$ARANGO_TEST_CONTROL+";

/// An embedded cluster of another command, and the command line that uses it as an external one.
fn endpoints(info: &serde_json::Value) -> String {
    let urls = info["endpoints"].as_array().unwrap().iter().map(|url| url.as_str().unwrap());
    urls.collect::<Vec<_>>().join(",")
}

#[test]
fn a_command_gets_the_endpoints_and_the_password_of_a_running_cluster() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let urls = endpoints(&info);

    let ended = fixture.run(&[
        "run",
        "--backend",
        "external",
        "--endpoints",
        &urls,
        "--password",
        "passwd",
        "--",
        "sh",
        "-c",
        SCRIPT,
    ]);

    assert_eq!(ended.assert_success().stdout, format!("{urls} root passwd passwd ++\n"));
}

#[test]
fn flags_can_be_variables() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let mut command = fixture.command(&["run", "--backend", "external", "--", "sh", "-c", SCRIPT]);
    command
        .env("ARANGO_ENDPOINTS", endpoints(&info))
        .env("ARANGO_TOKEN", info["superuser_token"].as_str().unwrap());

    let output = command.output().unwrap();

    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains(info["superuser_token"].as_str().unwrap()), "{stdout}");
}

#[test]
fn with_tls_the_authority_has_to_be_named() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--tls"]);
    let info = up.info();
    let urls = endpoints(&info);
    let flags = ["run", "--backend", "external", "--endpoints", &urls, "--password", "passwd"];

    let refused = fixture.run(&[&flags[..], &["--", "true"]].concat());
    assert!(refused.stderr.contains("needs --ca-file"), "{}", refused.stderr);

    let ca_file = info["ca_file"].as_str().unwrap();
    let script = "cat $ARANGO_CA_FILE";
    let ended = fixture.run(&[&flags[..], &["--ca-file", ca_file, "--", "sh", "-c", script]].concat());
    assert_eq!(ended.assert_success().stdout, read(ca_file));
}

#[test]
fn what_cannot_be_used_is_reported_before_the_command_runs() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let urls = endpoints(&info);
    let run = |flags: &[&str]| {
        fixture.run(&[&["run", "--backend", "external"], flags, &["--", "echo", "started"]].concat())
    };

    for (flags, reason) in [
        (
            &["--endpoints", &urls, "--password", "wrong"][..],
            "status 401: the user or the password is refused",
        ),
        (&["--endpoints", &urls], "status 401: it needs a login"),
        (&["--endpoints", &urls, "--token", "wrong"], "status 401: the token is refused"),
        (&["--endpoints", "http://127.0.0.1:1"], "cannot be used"),
        (&["--endpoints", "no URL"], "is not a URL"),
        (&[], "needs --endpoints"),
        (&["--endpoints", ""], "needs --endpoints"),
    ] {
        let ended = run(flags);
        assert!(ended.stderr.contains(reason) && ended.stdout.is_empty(), "{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(1));
    }
}

#[test]
fn a_password_in_an_endpoint_is_refused_and_not_shown() {
    let fixture = Fixture::new();

    for url in ["http://root:s3cret@127.0.0.1:1", "root:s3cret@127.0.0.1:1/path", "http://s3cret@"] {
        let ended =
            fixture.run(&["run", "--backend", "external", "--endpoints", url, "--", "echo", "started"]);

        assert!(ended.stderr.contains("endpoint 1 contains credentials"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("s3cret") && ended.stdout.is_empty(), "{}", ended.stderr);
        assert_eq!(ended.code, Some(1));
    }
}

/// Responds to each request with a page, as a proxy or another web server does. Returns its URL and the requests.
fn web_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            BufReader::new(&mut stream).read_line(&mut line).unwrap();
            _ = sender.send(line);
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>");
        }
    });
    (url, requests)
}

#[test]
fn another_server_than_arangodb_gets_no_request_that_changes_something() {
    let fixture = Fixture::new();
    let (url, requests) = web_server();
    let flags = ["record", "--backend", "external", "--endpoints", &url];

    let ended = Ended::new(&fixture.task("contract", &flags).output().unwrap());

    assert!(ended.stderr.contains("has no `version`; it is not ArangoDB"), "{}", ended.stderr);
    assert_eq!(ended.code, Some(2));
    let requests: Vec<_> = requests.try_iter().collect();
    assert!(requests.iter().all(|line| line.starts_with("GET ")), "{requests:?}");
}

#[test]
fn servers_of_an_external_cluster_are_left_alone() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let urls = endpoints(&info);
    let mut external = fixture.start(&[
        "up",
        "--json",
        "--backend",
        "external",
        "--endpoints",
        &urls,
        "--password",
        "passwd",
    ]);
    external.info();
    let status = fixture.run(&["status"]).stdout;
    let line = status.lines().find(|line| line.contains("external")).unwrap();
    let directory = line.split("  ").next().unwrap();

    let refused = fixture.run(&["kill", "coordinator1", "--cluster", directory]);

    assert!(refused.stderr.contains("an external cluster is left as it is"), "{}", refused.stderr);
    assert!(status.matches(" up").count() == 3 && status.contains("unknown"), "{status}");
}
