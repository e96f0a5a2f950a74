//! Whatever ends xtask, no process and no directory is left.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use rustix::process::Signal;

use crate::support::{Fixture, Running, read, wait_until};

/// A stage in the life of a cluster: the command line, the faults that hold it there, and how it is recognised.
struct Stage {
    name: &'static str,
    faults: &'static str,
    line: &'static [&'static str],
    reached: fn(&Fixture, &mut Running),
}

const UP: [&str; 3] = ["up", "--backend", "process"];

/// A command that has started another process, and waits.
const WAITING: &str = "sleep 600 & echo the command runs; wait";

const STAGES: [Stage; 7] = [
    Stage {
        name: "while agents start",
        faults: "agent3=never-ready",
        line: &UP,
        reached: |_, up| _ = up.wait_for("waiting for agent3: status 503"),
    },
    Stage {
        name: "while DB-Servers start",
        faults: "dbserver3=never-ready",
        line: &UP,
        reached: |_, up| _ = up.wait_for("waiting for dbserver3: status 503"),
    },
    Stage {
        name: "while coordinators start",
        faults: "coordinator3=never-ready",
        line: &UP,
        reached: |_, up| _ = up.wait_for("waiting for coordinator3: status 503"),
    },
    Stage {
        name: "while the cluster runs",
        faults: "",
        line: &UP,
        reached: |_, up| _ = up.wait_for("coordinator"),
    },
    Stage {
        name: "while a command runs",
        faults: "",
        line: &["run", "--backend", "process", "--", "sh", "-c", WAITING],
        reached: |_, run| _ = run.wait_for("the command runs"),
    },
    Stage {
        name: "while servers end",
        faults: "dbserver2=ignore-term",
        line: &["run", "--backend", "process", "--", "true"],
        reached: |fixture, _| {
            wait_until("a server ignores SIGTERM", || {
                fixture.events().iter().any(|event| event == "terminate dbserver2")
            });
        },
    },
    Stage {
        name: "while a command runs with an embedded cluster over TLS",
        faults: "",
        line: &["run", "--tls", "--", "sh", "-c", WAITING],
        reached: |fixture, run| {
            run.wait_for("the command runs");
            let directory = fixture.directories().pop().unwrap();
            assert!(read(directory.join("ca.pem")).contains("CERTIFICATE"));
        },
    },
];

fn end_at(stage: &Stage, signal: Signal) -> Fixture {
    let fixture = Fixture::new().faults(stage.faults);
    let mut running = fixture.start(stage.line);
    (stage.reached)(&fixture, &mut running);
    assert!(!fixture.processes().is_empty() && !fixture.directories().is_empty(), "{}", stage.name);
    running.signal(signal);
    running.code();
    fixture
}

#[test]
fn after_ctrl_c_nothing_is_left() {
    for stage in &STAGES {
        end_at(stage, Signal::INT).assert_nothing_is_left();
    }
}

#[test]
fn after_sigterm_nothing_is_left() {
    for stage in &STAGES {
        end_at(stage, Signal::TERM).assert_nothing_is_left();
    }
}

#[test]
fn after_sigkill_the_servers_end_by_themselves_and_down_removes_the_rest() {
    for stage in &STAGES {
        let fixture = end_at(stage, Signal::KILL);
        wait_until(stage.name, || fixture.processes().iter().all(|command| command.starts_with("sleep")));

        let down = fixture.run(&["down"]);

        assert!(down.assert_success().stdout.contains("1 left over"), "{}: {}", stage.name, down.stdout);
        fixture.assert_nothing_is_left();
    }
}

#[test]
fn the_next_start_removes_what_a_killed_one_has_left() {
    let fixture = end_at(&STAGES[4], Signal::KILL);

    fixture.run(&["run", "--", "true"]).assert_success();

    fixture.assert_nothing_is_left();
}

#[test]
fn what_belongs_to_a_running_cluster_is_never_removed() {
    let fixture = Fixture::new();
    let mut first = fixture.start(&["up", "--json"]);
    first.info();
    let directories = fixture.directories();

    fixture.run(&["run", "--", "true"]).assert_success();

    assert_eq!(fixture.directories(), directories);
    first.signal(Signal::TERM);
    assert_eq!(first.code(), Some(0));
    fixture.assert_nothing_is_left();
}

#[test]
fn what_only_looks_like_a_directory_of_a_cluster_is_left_alone() {
    let fixture = Fixture::new();
    let (folder, elsewhere) = (fixture.path("tmp/arango-test-cluster-notes"), fixture.path("elsewhere"));
    for folder in [&folder, &elsewhere] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("notes"), "mine").unwrap();
    }
    // As a cluster's directory would be, behind a link.
    fs::write(elsewhere.join(".xtask-test-cluster"), "").unwrap();
    symlink(&elsewhere, fixture.path("tmp/arango-test-cluster-link")).unwrap();

    let down = fixture.run(&["down"]);

    assert!(down.assert_success().stdout.contains("0 left over"), "{}", down.stdout);
    assert_eq!([&folder, &elsewhere].map(|folder| read(folder.join("notes"))), ["mine", "mine"]);
}

#[test]
fn a_directory_that_was_never_marked_is_removed() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("tmp/arango-test-cluster-new")).unwrap();

    fixture.run(&["down"]).assert_success();

    fixture.assert_nothing_is_left();
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_a_server_that_ignores_the_first() {
    let fixture = Fixture::new().faults("coordinator2=ignore-term");
    let mut up = fixture.start(&[&UP[..], &["--json", "--stop-limit", "10m"]].concat());
    up.info();
    up.signal(Signal::INT);
    wait_until("the server ignores SIGTERM", || {
        fixture.events().iter().any(|event| event == "terminate coordinator2")
    });

    up.signal(Signal::INT);

    up.code();
    fixture.assert_nothing_is_left();
}

#[test]
fn a_command_that_is_not_found_or_not_executable_has_the_codes_of_the_shell() {
    let fixture = Fixture::new();

    let missing = fixture.run(&["run", "--", "no-such-command"]);
    assert_eq!(missing.code, Some(127));
    assert!(missing.stderr.contains("cannot run `no-such-command`: command not found"), "{}", missing.stderr);
    assert_eq!(fixture.run(&["run", "--", "/etc/passwd"]).code, Some(126));
}

#[test]
fn the_hidden_mode_refuses_a_parent_that_is_not_the_expected_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["__end-with-parent", "1", "kill", "echo", "started"])
        .output()
        .unwrap();

    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
}
