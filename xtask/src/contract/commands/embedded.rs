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
        let answers = answered_otherwise(&expected, found);
        let skipped = skipped_otherwise(&expected, found);
        if !changed.is_empty() || !answers.is_empty() || !skipped.is_empty() {
            self.faults.push("If the changes are wanted: `cargo xtask contract embedded --write`".to_owned());
        }
        self.faults.extend(answers);
        self.faults.extend(skipped);
        self.differences.extend(changed);
        Ok(())
    }
}

/// Questions with another answer, and those that are asked in only one of two recordings.
fn answered_otherwise(expected: &Recording, found: &Recording) -> Vec<String> {
    let other = found.questions.iter().filter(|(id, answer)| expected.questions.get(*id) != Some(*answer));
    let other = other.map(|(id, answer)| format!("question {id}: {:?} {}", answer.finding, answer.found));
    let gone = expected.questions.keys().filter(|id| !found.questions.contains_key(*id));
    other.chain(gone.map(|id| format!("question {id}: not asked any more"))).collect()
}

/// Steps that are skipped in only one of two recordings, or for another reason. In a comparison of responses a step that
/// is skipped is no difference.
fn skipped_otherwise(expected: &Recording, found: &Recording) -> Vec<String> {
    let new = found.skipped.iter().filter(|(id, reason)| expected.skipped.get(*id) != Some(*reason));
    let new = new.map(|(id, reason)| format!("{id}: skipped: {reason}"));
    let gone = expected.skipped.keys().filter(|id| !found.skipped.contains_key(*id));
    new.chain(gone.map(|id| format!("{id}: not skipped any more"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::answer::{Answer, Finding};

    fn recording() -> Recording {
        Recording::read(&path(SNAPSHOT)).unwrap()
    }

    #[test]
    fn a_step_that_is_skipped_differs_from_the_snapshot() {
        let mut found = recording();
        found.skipped.insert("server.id: of a coordinator".to_owned(), "why".to_owned());
        let mut findings = Findings::default();

        findings.compare_with_snapshot(&found).unwrap();

        assert_eq!(findings.faults[1..], ["server.id: of a coordinator: skipped: why"]);
        assert_eq!(
            skipped_otherwise(&found, &recording()),
            ["server.id: of a coordinator: not skipped any more"]
        );
    }

    #[test]
    fn another_answer_and_a_question_that_is_gone_differ_from_the_snapshot() {
        let mut found = recording();
        found.questions.remove("checksum");
        let other = Answer { finding: Finding::Different, found: "why".to_owned() };
        found.questions.insert("metrics-as-json".to_owned(), other);

        let expected = ["question metrics-as-json: Different why", "question checksum: not asked any more"];
        assert_eq!(answered_otherwise(&recording(), &found), expected);
    }
}
