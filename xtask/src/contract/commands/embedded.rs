//! Checks the embedded cluster against what is documented, and against the snapshot.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::check::report;
use crate::cli::Embedded;
use crate::contract::compare;
use crate::contract::documented::{Documented, KnownDifferences, operation_names};
use crate::contract::embedded_clusters::{SNAPSHOT, SNAPSHOT_VERSION, VERSIONS, record_embedded};
use crate::contract::recorder::Recorder;
use crate::contract::recording::Recording;
use crate::contract::script::{Script, path};

/// Records embedded clusters of each version, and compares them.
///
/// # Errors
/// If a cluster cannot be recorded, or a file cannot be read or written.
pub(crate) async fn embedded(command: &Embedded) -> Result<ExitCode> {
    let recorder = Recorder::read(false)?;
    let [one, two, three, four] = VERSIONS.map(|version| record_embedded(&recorder, version));
    // Beside each other: they mostly wait.
    let recordings: [Recording; 4] = tokio::try_join!(one, two, three, four)?.into();
    let documented = Documented::read()?;
    let uncovered = documented.uncovered(&Script::read()?, &operation_names()?);
    for one in &uncovered {
        anstream::eprintln!("{one}");
    }
    let mut known = KnownDifferences::read()?;
    let mut differences = Vec::new();
    for recording in &recordings {
        let version = &recording.cluster.version;
        let unknown = known.unknown(documented.compare(recording)?);
        let count = unknown.len();
        if !command.report.json {
            anstream::println!("{version}: {count} differences from what is documented");
        }
        differences.extend(unknown.into_iter().filter(|one| !differences.contains(one)).collect::<Vec<_>>());
    }
    let unmet: Vec<_> = known.not_met().collect();
    for one in &unmet {
        anstream::eprintln!("known-differences.json has a difference that was not met: {one}");
    }
    let snapshot = recordings.iter().find(|recording| recording.cluster.version == SNAPSHOT_VERSION);
    let snapshot = snapshot.context("the version of the snapshot is one of the versions")?;
    if command.write {
        let text = snapshot.to_text()?;
        fs::write(path(SNAPSHOT), text).with_context(|| format!("cannot write {SNAPSHOT}"))?;
        anstream::eprintln!("written to xtask/contract/{SNAPSHOT}");
    } else {
        let expected = Recording::read(&path(SNAPSHOT))?;
        let changed = compare::recordings(&expected, snapshot);
        if !changed.is_empty() || expected.questions != snapshot.questions {
            anstream::eprintln!(
                "The embedded cluster responds otherwise than in the snapshot. If that is wanted: `cargo xtask contract embedded --write`"
            );
        }
        for (id, answer) in &snapshot.questions {
            if expected.questions.get(id) != Some(answer) {
                anstream::eprintln!("question {id}: {:?} {}", answer.finding, answer.found);
            }
        }
        let is_same = expected.questions == snapshot.questions;
        differences.extend(changed);
        let code = report(differences, &command.report)?;
        return Ok(if unmet.is_empty() && uncovered.is_empty() && is_same {
            code
        } else {
            ExitCode::from(1)
        });
    }
    let code = report(differences, &command.report)?;
    Ok(if unmet.is_empty() && uncovered.is_empty() { code } else { ExitCode::from(1) })
}
