//! Recordings of embedded clusters.

use anyhow::{Context as _, Result};

use super::recorder::Recorder;
use super::recording::Recording;
use crate::cluster::Flags;
use crate::interruption::Interruptions;

/// The versions that are checked: the newest patches that are simulated.
pub(crate) const VERSIONS: [&str; 4] = ["3.10.14", "3.11.14", SNAPSHOT_VERSION, "4.0.0"];

/// The version of the snapshot.
pub(crate) const SNAPSHOT_VERSION: &str = "3.12.10";

/// The file of the snapshot, in `xtask/contract`.
pub(crate) const SNAPSHOT: &str = "embedded/3.12.json";

/// Records an embedded cluster of this version.
///
/// # Errors
/// If it does not start, or cannot be recorded.
pub(crate) async fn record_embedded(recorder: &Recorder, version: &str) -> Result<Recording> {
    let running = Flags::embedded(version).start().await?;
    let recording = recorder.record(running.info()).await;
    running.stop(&mut Interruptions::listen()?).await?;
    recording.with_context(|| format!("version {version}"))
}
