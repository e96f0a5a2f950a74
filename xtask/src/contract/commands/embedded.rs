//! Checks the embedded cluster against what is documented, and against the snapshot.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::check::report;
use crate::cli::Embedded;
use crate::contract::compare::{self, Difference};
use crate::contract::documented::{Documented, KnownDifferences, operation_names};
use crate::contract::embedded_clusters::{SNAPSHOT, SNAPSHOT_VERSION, VERSIONS, record_embedded};
use crate::contract::recorder::Recorder;
use crate::contract::recording::Recording;
use crate::contract::script::{Script, path};

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    differences: Vec<Difference>,
    /// What is wrong besides, one line each.
    faults: Vec<String>,
}

/// Records embedded clusters of each version, and compares them.
///
/// # Errors
/// If a cluster cannot be recorded, or a file cannot be read or written.
pub(crate) async fn embedded(command: &Embedded) -> Result<ExitCode> {
    let recordings = Box::pin(record_all()).await?;
    let snapshot = recordings.iter().find(|recording| recording.cluster.version == SNAPSHOT_VERSION);
    let snapshot = snapshot.context("the version of the snapshot is one of the versions")?;
    let mut findings = Findings::default();
    findings.compare_with_documented(&recordings)?;
    if command.write {
        fs::write(path(SNAPSHOT), snapshot.to_text()?).with_context(|| format!("cannot write {SNAPSHOT}"))?;
        anstream::eprintln!("written to xtask/contract/{SNAPSHOT}");
    } else {
        findings.compare_with_snapshot(snapshot)?;
    }
    for fault in &findings.faults {
        anstream::eprintln!("{fault}");
    }
    let code = report(findings.differences, &command.report)?;
    Ok(if findings.faults.is_empty() { code } else { ExitCode::from(1) })
}

/// Records all versions beside each other: they mostly wait.
async fn record_all() -> Result<[Recording; 4]> {
    let recorder = Recorder::read(false)?;
    let [one, two, three, four] = VERSIONS.map(|version| record_embedded(&recorder, version));
    Ok(tokio::try_join!(one, two, three, four)?.into())
}

impl Findings {
    fn compare_with_documented(&mut self, recordings: &[Recording]) -> Result<()> {
        let documented = Documented::read()?;
        let mut known = KnownDifferences::read()?;
        for recording in recordings {
            let unknown = known.unknown(documented.compare(recording)?);
            let version = &recording.cluster.version;
            anstream::eprintln!("{version}: {} differences from what is documented", unknown.len());
            // Several versions often have the same difference.
            let more: Vec<_> = unknown.into_iter().filter(|one| !self.differences.contains(one)).collect();
            self.differences.extend(more);
        }
        let unused =
            known.unused().map(|one| format!("known-differences.json: this difference was not found: {one}"));
        self.faults.extend(unused);
        self.faults.extend(documented.uncovered(&Script::read()?, &operation_names()?));
        Ok(())
    }

    fn compare_with_snapshot(&mut self, found: &Recording) -> Result<()> {
        let expected = Recording::read(&path(SNAPSHOT))?;
        let changed = compare::recordings(&expected, found);
        anstream::eprintln!("{SNAPSHOT_VERSION}: {} differences from the snapshot", changed.len());
        let answers =
            found.questions.iter().filter(|(id, answer)| expected.questions.get(*id) != Some(*answer));
        let answers: Vec<_> = answers
            .map(|(id, answer)| format!("question {id}: {:?} {}", answer.finding, answer.found))
            .collect();
        if !changed.is_empty() || !answers.is_empty() {
            self.faults.push("If the changes are wanted: `cargo xtask contract embedded --write`".to_owned());
        }
        self.faults.extend(answers);
        self.differences.extend(changed);
        Ok(())
    }
}
