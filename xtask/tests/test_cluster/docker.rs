//! The back end `docker`: what the program is given, and that no container and no network is left.

use rustix::process::Signal;

use crate::support::{Fixture, wait_until, with_script};

const DOCKER: [&str; 2] = ["--backend", "docker"];

/// The containers and networks that are there.
fn objects(fixture: &Fixture) -> Vec<String> {
    let names = |kind: &str| {
        let entries = std::fs::read_dir(fixture.path("record").join(kind)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    [names("containers"), names("networks")].concat()
}

#[test]
fn a_command_finds_a_cluster_of_containers_and_none_is_left() {
    let fixture = Fixture::new();
    let script = "case $ARANGO_ENDPOINTS in http://127.0.0.1:*,http://127.0.0.1:*,http://127.0.0.1:*) ;; *) false;; esac";

    let ended = fixture.run(&with_script(&DOCKER, script));

    ended.assert_success();
    let runs: Vec<_> =
        fixture.events().into_iter().filter(|event| event.starts_with("docker run ")).collect();
    assert_eq!(runs.len(), 9);
    assert!(runs.iter().all(|run| run.contains(" arangodb/enterprise:3.12 arangod ")), "{runs:?}");
    // Servers reach one another by name, and clients reach a coordinator by the port that it advertises.
    let arguments = fixture.arguments("coordinator1").join(" ");
    assert!(arguments.contains("--cluster.my-address tcp://arango-test-cluster-"), "{arguments}");
    assert!(arguments.contains("--cluster.my-advertised-endpoint tcp://127.0.0.1:"), "{arguments}");
    assert_eq!(objects(&fixture), Vec::<String>::new());
    fixture.assert_nothing_is_left();
}

#[test]
fn podman_is_used_where_there_is_no_docker() {
    let fixture = Fixture::new();
    std::fs::rename(fixture.path("bin/docker"), fixture.path("bin/podman")).unwrap();

    fixture.run(&with_script(&DOCKER, "true")).assert_success();

    assert_eq!(objects(&fixture), Vec::<String>::new());
    fixture.assert_nothing_is_left();
}

#[test]
fn each_version_has_its_image_and_its_options() {
    for (version, image) in
        [("3.10", "arangodb/arangodb:3.10"), ("4.0", "arangodb/enterprise-preview:4.0-nightly")]
    {
        let fixture = Fixture::new().version(version);

        fixture.run(&with_script(&[&DOCKER[..], &["--version", version]].concat(), "true")).assert_success();

        let is_used = fixture.events().iter().any(|event| event.contains(&format!(" {image} arangod ")));
        assert!(is_used, "{version}");
    }
}

#[test]
fn containers_get_the_certificate_of_their_names() {
    let fixture = Fixture::new();

    fixture.run(&with_script(&[&DOCKER[..], &["--tls"]].concat(), "true")).assert_success();

    let arguments = fixture.arguments("dbserver1").join(" ");
    assert!(arguments.contains("--ssl.keyfile /server.pem") && arguments.contains("ssl://"), "{arguments}");
}

#[test]
fn an_image_that_is_not_there_is_downloaded_once() {
    let fixture = Fixture::new().faults("image=elsewhere");

    let ended = fixture.run(&with_script(&DOCKER, "true"));

    assert!(
        ended.assert_success().stderr.contains("downloading arangodb/enterprise:3.12"),
        "{}",
        ended.stderr
    );
    assert_eq!(fixture.events().iter().filter(|event| event.starts_with("docker pull")).count(), 1);
}

#[test]
fn a_missing_image_is_named_with_the_reason_and_nothing_is_created() {
    let fixture = Fixture::new().faults("image=missing");

    let ended =
        fixture.run(&with_script(&[&DOCKER[..], &["--image", "arangodb/enterprise:3.99"]].concat(), "true"));

    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("the image arangodb/enterprise:3.99 is not there"), "{}", ended.stderr);
    assert!(ended.stderr.contains("manifest unknown"), "{}", ended.stderr);
    assert!(!fixture.events().iter().any(|event| event.contains("network create")));
    fixture.assert_nothing_is_left();
}

#[test]
fn a_slow_container_is_waited_for() {
    let fixture = Fixture::new().faults("dbserver3=slow:1500");

    let ended = fixture.run(&with_script(&DOCKER, "true"));

    assert!(ended.assert_success().stderr.contains("waiting for dbserver3: "), "{}", ended.stderr);
}

#[test]
fn a_container_that_ends_shows_its_command_and_the_end_of_its_log() {
    let fixture = Fixture::new().faults("dbserver2=die");

    let ended = fixture.run(&with_script(&DOCKER, "true"));

    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("dbserver2 ended: exit code 1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("docker run --detach --name"), "{}", ended.stderr);
    assert!(ended.stderr.contains("  FATAL it dies"), "{}", ended.stderr);
    assert_eq!(objects(&fixture), Vec::<String>::new());
    fixture.assert_nothing_is_left();
}

#[test]
fn a_container_that_ignores_sigterm_is_killed_after_the_limit() {
    let fixture = Fixture::new().faults("coordinator1=ignore-term");

    fixture.run(&with_script(&[&DOCKER[..], &["--stop-limit", "2s"]].concat(), "true")).assert_success();

    assert_eq!(objects(&fixture), Vec::<String>::new());
    fixture.assert_nothing_is_left();
}

#[test]
fn a_container_is_killed_restarted_paused_and_resumed() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--json", "--backend", "docker"]);
    up.info();
    let first = fixture.pid("coordinator1");

    for verb in ["pause", "resume", "kill", "restart"] {
        fixture.run(&[verb, "coordinator1"]).assert_success();
    }

    assert_ne!(fixture.pid("coordinator1"), first);
    assert!(fixture.run(&["logs", "coordinator1"]).stdout.contains("coordinator1 is ready"));
    let verbs = ["pause", "unpause", "kill", "restart"];
    let events = fixture.events();
    assert!(
        verbs.iter().all(|verb| events.iter().any(|event| event.starts_with(&format!("docker {verb} "))))
    );
    fixture.run(&["down"]).assert_success();
    assert_eq!(up.code(), Some(0));
    assert_eq!(objects(&fixture), Vec::<String>::new());
}

#[test]
fn after_ctrl_c_and_after_sigkill_containers_and_networks_are_removed() {
    for (signal, faults, line) in [
        (Signal::INT, "", "coordinator"),
        (Signal::INT, "dbserver1=never-ready", "waiting for dbserver1: status 503"),
        (Signal::KILL, "", "coordinator"),
        (Signal::KILL, "agent1=never-ready", "waiting for agent1: status 503"),
    ] {
        let fixture = Fixture::new().faults(faults);
        let mut up = fixture.start(&["up", "--backend", "docker"]);
        up.wait_for(line);
        assert!(objects(&fixture).len() > 3);
        up.signal(signal);
        up.code();

        if signal == Signal::KILL {
            // No process of ours is a parent of the containers.
            assert!(objects(&fixture).len() > 3);
            fixture.run(&["run", "--", "true"]).assert_success();
        }

        assert_eq!(objects(&fixture), Vec::<String>::new(), "{line}");
        fixture.assert_nothing_is_left();
    }
}

#[test]
fn a_container_that_is_being_created_during_ctrl_c_is_removed() {
    let fixture = Fixture::new().faults("docker=slow:500");
    let up = fixture.start(&["up", "--backend", "docker"]);
    wait_until("a container is being created", || {
        fixture.events().iter().any(|event| event.starts_with("docker run "))
    });

    up.signal(Signal::INT);
    up.code();

    // With what creates it, which goes on for a while.
    fixture.assert_nothing_is_left();
    assert_eq!(objects(&fixture), Vec::<String>::new());
}

#[test]
fn what_cannot_be_removed_is_tried_again_by_the_next_start() {
    let fixture = Fixture::new();
    let mut up = fixture.start(&["up", "--backend", "docker"]);
    up.wait_for("coordinator");
    up.signal(Signal::KILL);
    up.code();
    let (program, elsewhere) = (fixture.path("bin/docker"), fixture.path("bin/docker-elsewhere"));
    std::fs::rename(&program, &elsewhere).unwrap();

    let ended = fixture.run(&["run", "--", "true"]);
    assert!(ended.assert_success().stderr.contains("could not be removed"), "{}", ended.stderr);
    assert!(!objects(&fixture).is_empty());

    std::fs::rename(&elsewhere, &program).unwrap();
    fixture.run(&["run", "--", "true"]).assert_success();
    wait_until("the containers are removed", || objects(&fixture).is_empty());
    fixture.assert_nothing_is_left();
}
