//! The back end `process`: its command lines, its readiness, and what a failure shows.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::support::{Ended, Fixture, read, wait_until, with_script};

const PROCESS: [&str; 2] = ["--backend", "process"];

#[test]
fn a_command_finds_a_cluster_of_three_servers_of_each_role() {
    let fixture = Fixture::new();
    let result = fixture.path("result");
    let script = format!(
        "echo $ARANGO_ENDPOINTS $ARANGO_ROOT_PASSWORD $ARANGO_JWT_SECRET > {}; exit 7",
        result.display()
    );

    let ended = fixture.run(&with_script(&PROCESS, &script));

    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    let result = read(result);
    assert_eq!(result.matches("http://127.0.0.1:").count(), 3, "{result}");
    assert!(result.trim_end().ends_with(" passwd secret"), "{result}");
    let starts = fixture.events().into_iter().filter(|event| event.starts_with("start ")).collect::<Vec<_>>();
    assert_eq!(starts.len(), 9);
    assert!(starts[..3].iter().all(|event| event.contains("agent")), "{starts:?}");
    assert!(starts[6..].iter().all(|event| event.contains("coordinator")), "{starts:?}");
    fixture.assert_nothing_is_left();
}

#[test]
fn an_empty_variable_does_not_name_a_program() {
    let fixture = Fixture::new();
    let mut command = fixture.command(&with_script(&PROCESS, "true"));

    Ended::new(&command.env("ARANGOD", "").output().unwrap()).assert_success();
}

#[test]
fn servers_end_in_the_reverse_order_of_their_start() {
    let fixture = Fixture::new();

    fixture.run(&with_script(&PROCESS, "true")).assert_success();

    let ends: Vec<_> = fixture.events().into_iter().filter(|event| event.starts_with("terminate ")).collect();
    assert_eq!(ends.len(), 9);
    assert!(ends[..3].iter().all(|event| event.contains("coordinator")), "{ends:?}");
    assert!(ends[6..].iter().all(|event| event.contains("agent")), "{ends:?}");
}

#[test]
fn every_version_starts() {
    for version in ["3.10.14", "3.11.14", "3.12.5", "4.0.0"] {
        let fixture = Fixture::new().version(version);
        let flags = [&PROCESS[..], &["--coordinators", "1", "--db-servers", "1"]].concat();

        fixture.run(&with_script(&flags, "true")).assert_success();

        let has_javascript =
            fixture.arguments("dbserver1").iter().any(|word| word.starts_with("--javascript"));
        assert_eq!(has_javascript, !version.starts_with('4'), "{version}");
    }
}

#[test]
fn coordinators_listen_on_the_ports_that_are_named() {
    let fixture = Fixture::new();
    // Bound, so that no other program gets the port, and not listening, so that the server can.
    let reserved = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    reserved.set_reuse_address(true).unwrap();
    reserved.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let free = reserved.local_addr().unwrap().as_socket().unwrap().port().to_string();
    let flags = [&PROCESS[..], &["--coordinators", "1", "--ports", &free]].concat();
    let script = format!("test $ARANGO_ENDPOINTS = http://127.0.0.1:{free}");

    fixture.run(&with_script(&flags, &script)).assert_success();
}

#[test]
fn the_directory_and_the_secret_belong_to_this_user_alone() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();

    let directory = fixture.directories().pop().unwrap();
    let mode = |path: &str| fs::metadata(directory.join(path)).unwrap().permissions().mode() & 0o777;

    assert_eq!([mode("."), mode("secret"), mode("state.json")], [0o700, 0o600, 0o600]);
    up.signal(Signal::TERM);
    assert_eq!(up.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn with_tls_every_endpoint_is_encrypted_and_the_authority_is_named() {
    let fixture = Fixture::new();
    let flags = [&PROCESS[..], &["--tls"]].concat();
    let script =
        "case $ARANGO_ENDPOINTS in https://*) grep -q 'BEGIN CERTIFICATE' $ARANGO_CA_FILE;; *) false;; esac";

    fixture.run(&with_script(&flags, script)).assert_success();

    let arguments = fixture.arguments("coordinator1").join(" ");
    assert!(!arguments.contains("tcp://") && arguments.contains("ssl://"), "{arguments}");
}

#[test]
fn the_password_of_root_is_set_if_no_server_has_set_it() {
    let fixture = Fixture::new().faults("root=no-password");

    fixture.run(&with_script(&PROCESS, "true")).assert_success();

    assert_eq!(read(fixture.path("record/password")), "passwd");
    assert!(fixture.events().contains(&"the password of root is set".to_owned()));
}

/// Every user of a machine can read command lines, and output is kept by continuous integration.
#[test]
fn the_password_of_root_is_neither_in_a_command_line_nor_in_an_error() {
    for backend in ["process", "docker", "starter"] {
        let flags = ["--backend", backend, "--root-password", "s3cret @home@"];
        let fixture = Fixture::new();
        fixture.run(&with_script(&flags, "true")).assert_success();

        let events = fixture.events();
        assert_eq!(read(fixture.path("record/password")), "s3cret @home@", "{backend}");
        // All coordinators have it from the start.
        assert!(!events.contains(&"the password of root is set".to_owned()), "{backend}");
        let arguments = fixture.arguments("coordinator1").join(" ");
        assert!(!events.join(" ").contains("s3cret") && !arguments.contains("s3cret"), "{arguments}");

        let fixture = Fixture::new().faults("coordinator1=die,starter=die");
        let ended = fixture.run(&with_script(&flags, "true"));
        assert!(ended.code == Some(1) && ended.stderr.contains("command: "), "{}", ended.stderr);
        assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
    }
}

#[test]
fn a_server_that_dies_at_its_start_shows_its_command_and_the_end_of_its_log() {
    let fixture = Fixture::new().faults("dbserver2=die");

    let ended = fixture.run(&with_script(&PROCESS, "true"));

    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("error: dbserver2 ended: exit status: 1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--cluster.my-role DBSERVER"), "{}", ended.stderr);
    assert!(ended.stderr.contains("  line 60") && ended.stderr.contains("  line 21"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("  line 20\n"), "{}", ended.stderr);
    fixture.assert_nothing_is_left();
}

#[test]
fn logs_are_kept_where_they_are_wanted_even_of_a_failed_start() {
    let fixture = Fixture::new().faults("dbserver2=die");
    let logs = fixture.path("logs");
    let flags = [&PROCESS[..], &["--logs", logs.to_str().unwrap()]].concat();

    fixture.run(&with_script(&flags, "true"));

    assert!(read(logs.join("dbserver2.log")).contains("FATAL it dies"));
    assert!(read(logs.join("agent1.log")).contains("agent1 is ready"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let fixture = Fixture::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let flags = [&PROCESS[..], &["--coordinators", "1", "--ports", &port]].concat();

    let ended = fixture.run(&with_script(&flags, "true"));

    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", ended.stderr);
    fixture.assert_nothing_is_left();
}

#[test]
fn a_port_that_is_taken_in_the_meantime_is_in_the_log_that_is_shown() {
    let fixture = Fixture::new().faults("coordinator1=slow:3000");
    let up = fixture.start(&["up", "--backend", "process", "--coordinators", "1"]);
    wait_until("the coordinator has started", || {
        fixture.events().iter().any(|event| event.contains("coordinator1"))
    });
    // It waits before it listens, so that its port can be taken.
    let directory = fixture.directories().pop().unwrap();
    let command = command_line_of(&directory.join("coordinator1").display().to_string());
    let port: u16 = command
        .split("--server.endpoint tcp://127.0.0.1:")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();

    let mut up = up;
    up.wait_for("coordinator1 ended");
    up.wait_for("unable to bind");
    assert_eq!(up.code(), Some(1));
    fixture.assert_nothing_is_left();
}

#[test]
fn a_server_that_is_never_ready_is_named_with_what_is_waited_for() {
    let fixture = Fixture::new().faults("coordinator2=never-ready");
    let flags = [&PROCESS[..], &["--start-limit", "6s"]].concat();

    let ended = fixture.run(&with_script(&flags, "true"));

    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("waiting for coordinator2: status 503 service unavailable"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("the cluster was not ready after 6s; coordinator2: status 503"),
        "{}",
        ended.stderr
    );
    fixture.assert_nothing_is_left();
}

#[test]
fn a_server_that_ignores_sigterm_is_killed_after_the_limit() {
    let fixture = Fixture::new().faults("dbserver1=ignore-term");
    let flags = [&PROCESS[..], &["--stop-limit", "2s"]].concat();

    let ended = fixture.run(&with_script(&flags, "true"));

    ended.assert_success();
    assert!(ended.stderr.contains("was killed"), "{}", ended.stderr);
    // The agents end after it.
    assert_eq!(fixture.events().iter().filter(|event| event.starts_with("terminate agent")).count(), 3);
    fixture.assert_nothing_is_left();
}

#[test]
fn a_missing_server_program_is_named_with_what_helps() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("bin/arangod")).unwrap();

    let ended = fixture.run(&with_script(&PROCESS, "true"));

    assert!(
        ended.stderr.contains("no arangod in PATH; name one with --arangod or $ARANGOD"),
        "{}",
        ended.stderr
    );
    fixture.assert_nothing_is_left();
}

#[test]
fn a_server_program_without_its_javascript_is_refused() {
    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.path("usr")).unwrap();

    let ended = fixture.run(&with_script(&PROCESS, "true"));

    assert!(ended.stderr.contains("name it with --js-dir"), "{}", ended.stderr);
}

/// The command line of the server with this directory.
fn command_line_of(directory: &str) -> String {
    let command = |entry: std::io::Result<fs::DirEntry>| {
        let text = fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&text).replace('\0', " "))
    };
    let mut commands = fs::read_dir("/proc").unwrap().filter_map(command);
    commands.find(|command| command.contains(directory)).unwrap()
}
