//! The live view of a running cluster, as lines.

use rustix::process::Signal;

use crate::support::{Fixture, request};

#[test]
fn errors_and_states_are_printed_as_they_happen_until_the_cluster_ends() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    let info = up.info();
    let url = info["endpoints"][0].as_str().unwrap();
    let mut watch = fixture.start(&["watch", "--interval", "100ms"]);
    watch.wait_for("requests/s");

    request("GET", &format!("{url}/_api/nothing?password=hidden"));
    // No credentials.
    let line = watch.wait_for("error: ");
    assert_eq!(line.trim(), "error: coordinator1 GET /_api/nothing: 401");

    fixture.run(&["kill", "coordinator2"]).assert_success();
    while !watch.wait_for("coordinator2").contains("down") {}

    up.signal(Signal::TERM);
    watch.wait_for("the cluster has ended");
    assert_eq!((watch.code(), up.code()), (Some(0), Some(0)));
    fixture.assert_nothing_is_left();
}

#[test]
fn once_prints_one_block() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json"]);
    up.info();

    let once = fixture.run(&["watch", "--once", "--interval", "100ms"]);

    let text = &once.assert_success().stdout;
    let first_words: Vec<_> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(
        first_words,
        ["after", "COORDINATOR", "coordinator1", "coordinator2", "coordinator3"],
        "{text}"
    );
}

#[test]
fn of_real_servers_their_states_are_shown() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "process"]);
    up.info();
    fixture.run(&["kill", "coordinator3"]).assert_success();

    let once = fixture.run(&["watch", "--once", "--interval", "100ms"]);

    let lines: Vec<_> = once.assert_success().stdout.lines().map(str::trim).collect();
    assert!(lines[2].starts_with("coordinator1  up "), "{lines:#?}");
    assert!(lines[4].starts_with("coordinator3  down "), "{lines:#?}");
}

#[test]
fn without_a_cluster_or_with_no_interval_it_says_what_to_do() {
    let fixture = Fixture::new();

    let alone = fixture.run(&["watch", "--once"]);
    assert_eq!(alone.code, Some(1));
    assert!(alone.stderr.contains("`cargo xtask test-cluster up` starts one"), "{}", alone.stderr);
    let hasty = fixture.run(&["watch", "--interval", "1ms"]);
    assert!(hasty.stderr.contains("an interval is at least 100 ms"), "{}", hasty.stderr);
}
