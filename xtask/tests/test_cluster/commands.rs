//! Commands that find a running cluster and act on its servers.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Fixture, request, state_of, wait_until};

#[test]
fn a_server_is_killed_restarted_paused_and_resumed() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    for server in ["coordinator2", "dbserver1", "agent3"] {
        let (first, arguments) = (fixture.pid(server), fixture.arguments(server));

        fixture.run(&["pause", server]).assert_success();
        wait_until("it is stopped", || state_of(fixture.pid(server)) == Some('T'));
        fixture.run(&["resume", server]).assert_success();
        wait_until("it continues", || state_of(fixture.pid(server)) != Some('T'));

        fixture.run(&["kill", server]).assert_success();
        assert_eq!(state_of(fixture.pid(server)), None, "{server}");
        fixture.run(&["restart", server]).assert_success();
        assert_ne!(fixture.pid(server), first);
        // On the same port and in the same directory.
        assert_eq!(fixture.arguments(server), arguments);
        assert!(state_of(fixture.pid(server)).is_some(), "{server}");
    }
    fixture.run(&["kill", "coordinator1"]).assert_success();
    let status = fixture.run(&["status"]);
    let lines: Vec<_> = status.assert_success().stdout.lines().collect();
    assert!(lines[0].contains("process 3.12.5"), "{lines:?}");
    assert!(lines[2].contains("coordinator1") && lines[2].ends_with("down"), "{lines:?}");
    assert!(lines[3].contains("coordinator2") && lines[3].ends_with("up"), "{lines:?}");
    up.signal(Signal::TERM);
    assert_eq!(up.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn a_running_server_restarts_after_it_was_asked_to_end() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();

    fixture.run(&["restart", "coordinator1"]).assert_success();

    assert!(fixture.events().contains(&"terminate coordinator1".to_owned()));
    assert_eq!(fixture.events().iter().filter(|event| *event == "start coordinator1").count(), 2);
}

#[test]
fn a_paused_server_ends_with_its_cluster() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    fixture.run(&["pause", "coordinator1"]).assert_success();

    fixture.run(&["down"]).assert_success();

    assert_eq!(up.code(), Some(0));
    assert!(fixture.events().contains(&"terminate coordinator1".to_owned()));
    fixture.assert_nothing_is_left();
}

#[test]
fn the_log_of_a_server_is_printed() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();

    let log = fixture.run(&["logs", "dbserver2"]);

    assert!(log.assert_success().stdout.contains("dbserver2 is ready for business"), "{}", log.stdout);
}

#[test]
fn the_control_address_is_a_part_of_that_of_the_embedded_cluster() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    let control = up.info()["control"].as_str().unwrap().to_owned();

    assert!(request("POST", &format!("{control}/coordinators/0/kill")).contains(r#"{"ok":true}"#));
    let listing = request("GET", &format!("{control}/cluster"));
    assert!(
        listing.contains(r#""db_servers":["ID-dbserver1","#) && listing.contains(r#""up":false"#),
        "{listing}"
    );
    assert!(request("POST", &format!("{control}/journal/clear")).starts_with("HTTP/1.1 501"));
    assert!(request("POST", &format!("{control}/coordinators/9/kill")).starts_with("HTTP/1.1 404"));
    assert!(request("GET", &format!("{control}0/cluster")).starts_with("HTTP/1.1 404"));
}

#[test]
fn the_embedded_cluster_has_the_same_commands_for_what_it_simulates() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();

    for verb in ["kill", "restart", "pause", "resume"] {
        fixture.run(&[verb, "coordinator3"]).assert_success();
        fixture.run(&[verb, "dbserver3"]).assert_success();
    }
    fixture.run(&["kill", "coordinator1"]).assert_success();

    let status = fixture.run(&["status"]).stdout;
    assert!(status.contains("embedded 3.12.5") && status.matches(" up").count() == 2, "{status}");
    fixture.run(&["pause", "coordinator2"]).assert_success();
    let status = fixture.run(&["status"]).stdout;
    assert!(status.matches(" up").count() == 1 && status.matches(" paused").count() == 1, "{status}");
    fixture.run(&["resume", "coordinator2"]).assert_success();
    let refused = fixture.run(&["kill", "agent1"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("the back end embedded refuses to stop agent1"), "{}", refused.stderr);
    assert!(refused.stderr.contains("`agency down`"), "{}", refused.stderr);
    let refused = fixture.run(&["logs", "coordinator1"]).stderr;
    assert!(refused.contains("refuses to log") && refused.contains("no logs"), "{refused}");
    up.signal(Signal::TERM);
    assert_eq!(up.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn one_of_several_clusters_has_to_be_named() {
    let fixture = Fixture::new();
    let (mut first, mut second) = (fixture.start(&["up", "--json"]), fixture.start(&["up", "--json"]));
    first.info();
    second.info();
    let directory = fixture.directories().pop().unwrap();
    let directory = directory.to_str().unwrap();

    let refused = fixture.run(&["kill", "coordinator1"]);
    assert!(refused.stderr.contains("--cluster") && refused.stderr.contains(directory), "{}", refused.stderr);
    fixture.run(&["kill", "coordinator1", "--cluster", directory]).assert_success();

    assert!(fixture.run(&["down"]).assert_success().stdout.contains("2 ended"));
    fixture.assert_nothing_is_left();
}

#[test]
fn a_named_directory_that_no_cluster_has_is_refused_by_down() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();
    let directory = fixture.directories().pop().unwrap();

    for other in [directory.with_extension("other"), fixture.path("")] {
        let refused = fixture.run(&["down", "--cluster", other.to_str().unwrap()]);
        assert_eq!(refused.code, Some(1), "{}", refused.stdout);
        assert!(refused.stderr.contains("no cluster has the directory"), "{}", refused.stderr);
    }
    assert_eq!(fixture.run(&["status"]).code, Some(0));
    fixture.run(&["down", "--cluster", directory.to_str().unwrap()]).assert_success();
    fixture.assert_nothing_is_left();
}

#[test]
fn without_a_cluster_commands_say_how_to_start_one() {
    let fixture = Fixture::new();

    assert_eq!(fixture.run(&["status"]).code, Some(1));
    assert!(fixture.run(&["kill", "coordinator1"]).stderr.contains("no cluster runs"));
    fixture.run(&["down"]).assert_success();
    assert_eq!(fixture.run(&["kill", "leader"]).code, Some(2));
}

#[test]
fn a_server_that_dies_while_the_cluster_runs_is_reported_once_and_can_be_restarted() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    let pid = Pid::from_raw(i32::try_from(fixture.pid("coordinator2")).unwrap()).unwrap();

    kill_process(pid, Signal::KILL).unwrap();

    up.wait_for("warning: coordinator2 ended: signal: 9");
    assert!(fixture.run(&["status"]).stdout.contains("down"));
    fixture.run(&["restart", "coordinator2"]).assert_success();
    assert!(!fixture.run(&["status"]).stdout.contains("down"));
}

#[test]
fn a_server_that_dies_at_its_restart_is_reported_to_the_command() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    // It does not find it any more.
    std::fs::remove_dir_all(fixture.path("usr")).unwrap();

    let failed = fixture.run(&["restart", "coordinator1"]);

    assert_eq!(failed.code, Some(1));
    assert!(
        failed.stderr.contains("coordinator1 ended") && failed.stderr.contains("no JavaScript"),
        "{}",
        failed.stderr
    );
    wait_until("the others still run", || fixture.run(&["status"]).code == Some(0));
}
