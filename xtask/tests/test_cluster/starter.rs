//! The back end `starter`.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Fixture, state_of, wait_until, with_script};

const STARTER: [&str; 2] = ["--backend", "starter"];

/// The process of the starter.
fn starter_of(fixture: &Fixture) -> i32 {
    let event = fixture.events().into_iter().find(|event| event.starts_with("the starter is ")).unwrap();
    event.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_command_finds_the_cluster_of_a_starter() {
    for tls in [&[][..], &["--tls"]] {
        let fixture = Fixture::new();
        let script = "case $ARANGO_ENDPOINTS in http*://127.0.0.1:*,http*,http*) ;; *) false;; esac";

        fixture.run(&with_script(&[&STARTER[..], tls].concat(), script)).assert_success();

        let ends = fixture.events().iter().filter(|event| event.starts_with("terminate ")).count();
        assert_eq!(ends, 9, "the starter ends its servers");
        fixture.assert_nothing_is_left();
    }
}

#[test]
fn a_starter_that_dies_shows_its_command_and_its_output() {
    let fixture = Fixture::new().faults("starter=die");

    let ended = fixture.run(&with_script(&STARTER, "true"));

    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("the starter ended: exit status: 1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--starter.local --starter.mode=cluster"), "{}", ended.stderr);
    assert!(ended.stderr.contains("  FATAL the starter dies"), "{}", ended.stderr);
    fixture.assert_nothing_is_left();
}

#[test]
fn a_killed_server_stays_down_until_it_is_restarted() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "starter"]);
    up.info();
    let starts = || fixture.events().iter().filter(|event| *event == "start coordinator2").count();

    fixture.run(&["kill", "coordinator2"]).assert_success();
    // The starter is stopped, so it cannot start the server again, however long this takes.
    wait_until("the starter is stopped", || state_of(starter_of(&fixture).into()) == Some('T'));
    assert_eq!(starts(), 1);
    fixture.run(&["restart", "coordinator2"]).assert_success();
    assert_eq!(starts(), 2);

    fixture.run(&["pause", "dbserver1"]).assert_success();
    fixture.run(&["resume", "dbserver1"]).assert_success();
    fixture.run(&["restart", "agent1"]).assert_success();
    assert!(fixture.run(&["logs", "coordinator3"]).stdout.contains("coordinator3 is ready"));
    up.signal(Signal::TERM);
    assert_eq!(up.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn a_cluster_with_a_killed_server_ends() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "starter"]);
    up.info();
    fixture.run(&["kill", "coordinator2"]).assert_success();

    up.signal(Signal::TERM);

    assert_eq!(up.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn after_sigkill_the_starter_ends_its_servers() {
    for (faults, line) in
        [("", "coordinator"), ("dbserver1=never-ready", "waiting for dbserver1: status 503")]
    {
        let fixture = Fixture::new().faults(faults);
        let mut up = fixture.start(&["up", "--backend", "starter"]);
        up.wait_for(line);
        up.signal(Signal::KILL);
        up.code();

        wait_until("the servers have ended", || fixture.processes().is_empty());

        fixture.run(&["down"]).assert_success();
        fixture.assert_nothing_is_left();
    }
}

#[test]
fn a_starter_that_is_killed_leaves_servers_which_the_next_start_removes() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "starter"]);
    up.info();
    kill_process(Pid::from_raw(starter_of(&fixture)).unwrap(), Signal::KILL).unwrap();
    up.signal(Signal::KILL);
    up.code();
    assert!(!fixture.processes().is_empty());

    fixture.run(&["run", "--", "true"]).assert_success();

    fixture.assert_nothing_is_left();
}
