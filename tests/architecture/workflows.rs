//! The workflows of GitHub: what would let a failure pass unnoticed, or give away a token.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The workflows, each with its name.
fn workflows() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join(".github/workflows")).unwrap();
    let workflows: Vec<_> = folder
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    assert!(workflows.len() >= 4, "{}", workflows.len());
    workflows
}

/// The jobs of a workflow: the keys below `jobs`, which are indented by two spaces.
fn jobs(workflow: &str) -> BTreeSet<&str> {
    let (_, jobs) = workflow.split_once("\njobs:\n").unwrap();
    jobs.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.trim().strip_suffix(':'))
        .filter(|name| !name.starts_with('#'))
        .collect()
}

/// Without that, a step with a pipe has the exit code of its last command.
#[test]
fn every_step_has_a_shell_that_fails_with_the_first_command_of_a_pipe() {
    for (name, workflow) in workflows() {
        assert!(workflow.contains("\ndefaults:\n  run:\n    shell: bash\n"), "{name}");
        assert_eq!(workflow.matches("shell:").count(), 1, "{name}: a step has another shell");
    }
}

#[test]
fn no_checkout_keeps_its_token() {
    for (name, workflow) in workflows() {
        let mut steps = workflow.split("      - uses: actions/checkout@");
        steps.next();
        for step in steps {
            let step = step.split("\n      - ").next().unwrap();
            assert!(step.contains("\n          persist-credentials: false"), "{name}: {step}");
        }
    }
}

#[test]
fn every_job_of_a_scheduled_workflow_is_reported_if_it_fails() {
    let mut scheduled = 0;
    for (name, workflow) in workflows().iter().filter(|(_, workflow)| workflow.contains("\n  schedule:\n")) {
        scheduled += 1;
        let (_, report) = workflow.split_once("\n  report:\n").unwrap_or_else(|| panic!("{name}: no report"));
        let (_, needs) = report.split_once("needs: [").unwrap();
        let (needs, rest) = needs.split_once(']').unwrap();
        let reported: BTreeSet<_> = needs.split(", ").chain(["report"]).collect();
        assert_eq!(jobs(workflow), reported, "{name}");
        assert!(rest.contains("- run: bash .ci/report-failure\n"), "{name}");
    }
    assert!(scheduled >= 2, "{scheduled}");
}

#[test]
fn tools_have_fixed_versions() {
    let install = fs::read_to_string(root().join(".ci/install")).unwrap();
    let mut used = BTreeSet::new();
    for (name, workflow) in workflows() {
        assert!(!workflow.contains("cargo install"), "{name}: use .ci/install");
        for line in workflow.lines() {
            if let Some((_, tools)) = line.split_once("bash .ci/install ") {
                used.extend(tools.split(' ').map(str::to_owned));
            }
        }
    }
    let listed: BTreeSet<_> = install
        .lines()
        .filter_map(|line| line.trim().split_once(") echo "))
        .map(|(tool, _)| tool.to_owned())
        .collect();
    assert!(!used.is_empty());
    assert_eq!(used, listed);
}

#[test]
fn the_oldest_compiler_of_the_workflow_is_that_of_the_manifest() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, version) = manifest.split_once("rust-version = \"").unwrap();
    let version = version.split('"').next().unwrap();
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    assert!(workflow.contains(&format!("cargo +{version} check --workspace --locked\n")), "{version}");
}

/// The release builds more tools, and checks more, than the run for each push.
#[test]
fn a_release_has_more_time_for_all_checks_than_a_push() {
    let minutes = |name: &str| -> u32 {
        let workflow = fs::read_to_string(root().join(".github/workflows").join(name)).unwrap();
        let (before, _) = workflow.split_once("bash .ci/run ").unwrap();
        let (_, limit) = before.rsplit_once("timeout-minutes: ").unwrap();
        limit.lines().next().unwrap().parse().unwrap()
    };
    assert!(minutes("release.yml") > minutes("ci.yml"));
}

/// What may be skipped in a workflow is named there, by the names of steps.
#[test]
fn steps_that_may_be_skipped_exist() {
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    let mut named = 0;
    for (name, workflow) in workflows() {
        for line in workflow.lines().filter(|line| line.contains(".ci/check-skips \"")) {
            let steps = line.split('"').skip(3).step_by(2);
            for step in steps {
                named += 1;
                assert!(run.contains(&format!("\nstep \"{step}\" ")), "{name}: there is no step {step:?}");
            }
        }
    }
    assert!(named > 0);
}
