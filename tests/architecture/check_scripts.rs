//! The scripts below `.ci`, as far as they decide whether the checks have passed.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output};

/// Runs a script of bash in the root of the repository.
fn bash(script: &str) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new("bash").args(["-c", script]).current_dir(root).output().unwrap()
}

/// Runs steps as `.ci/run` does.
fn steps(script: &str) -> (bool, String) {
    let output = bash(&format!("set -euo pipefail\nsource .ci/step.sh\n{script}\necho end"));
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_step_fails_with_its_first_failing_command_and_ends_the_run() {
    for failing in ["false", "true | false | true", "echo $unset_variable", "(exit 7)"] {
        let (success, output) = steps(&format!("two() {{ {failing}; echo more; }}\nstep \"a name\" two"));
        assert!(!success, "{failing}: {output}");
        assert!(output.contains("== a name: FAILED after"), "{output}");
        assert!(!output.contains("more") && !output.contains("end"), "{failing}: {output}");
    }
}

#[test]
fn after_a_step_that_succeeds_the_run_goes_on() {
    let (success, output) =
        steps("two() { if false; then return 1; fi; echo more; }\nstep \"a name\" two\nstep other true");
    assert!(success, "{output}");
    assert!(output.contains("== a name: ok, ") && output.contains("== other: ok, "), "{output}");
    assert!(output.ends_with("end\n"), "{output}");
}

/// Returns whether `check-skips` accepts the log of a run, with these steps named.
fn accepts(log: &str, named: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, log).unwrap();
    bash(&format!("bash .ci/check-skips '{}' {named}", path.display())).status.success()
}

#[test]
fn a_skipped_step_is_accepted_only_if_it_is_named() {
    let log = "\n== first\nskipped: first, no tool\n== first: ok, 0 s\n\n== the second\n== the second: ok, 2 s\n\n\
               ci: all steps ok\n";
    assert!(!accepts(log, ""));
    assert!(!accepts(log, "'the second'"));
    assert!(accepts(log, "'the second' first"));
    let without = log.replace("skipped: first, no tool\n", "");
    assert!(accepts(&without, ""));
    assert!(!accepts(&without.replace("ci: all steps ok\n", ""), ""), "the run is not complete");
}
