//! Records a cluster of any back end.

use anyhow::Result;

use crate::cli::Record;
use crate::contract::answer::Finding;
use crate::contract::recorder::Recorder;
use crate::contract::recording::Recording;
use crate::contract::script::Effect;
use crate::interruption::{Interruptions, unless_interrupted};
use crate::out_file::OutFile;

/// Starts the cluster, records it, and ends it.
///
/// # Errors
/// If the cluster cannot start or does not respond, or the file cannot be written.
pub(crate) async fn record(command: Record) -> Result<()> {
    let recorder = Recorder::read(command.slow)?;
    if command.list {
        for (effect, id, request) in recorder.requests() {
            let effect = match effect {
                Effect::Reads => "reads",
                Effect::Own => "own",
                Effect::Destructive => "destructive",
            };
            anstream::println!("{effect}\t{id}\t{request}");
        }
        return Ok(());
    }
    let is_external = command.cluster.is_external();
    command.consent.check_backend(is_external)?;
    // Before anything is sent: a recording takes minutes.
    let out = command.out.map(OutFile::open).transpose()?;
    let mut running = unless_interrupted(command.cluster.start()).await?;
    let info = running.info().clone();
    let result = tokio::select! {
        result = async {
            if is_external {
                recorder.record_external(&info, &command.consent).await
            } else {
                recorder.record(&info).await
            }
        } => result,
        never = running.serve() => match never {},
    };
    running.stop(&mut Interruptions::listen()?).await?;
    let recording = result?;
    print_summary(&recording);
    let text = recording.to_text()?;
    if let Some(out) = out {
        return out.write(&text);
    }
    anstream::print!("{text}");
    Ok(())
}

/// Prints to stderr what was found out, since the recording may go to stdout.
fn print_summary(recording: &Recording) {
    for (id, answer) in &recording.questions {
        let finding = match answer.finding {
            Finding::AsBelieved => "as believed",
            Finding::Different => "different",
            Finding::NotChecked => "not checked",
        };
        let separator = if answer.found.is_empty() { "" } else { ": " };
        anstream::eprintln!("question {id}: {finding}{separator}{}", answer.found);
    }
    for (id, reason) in &recording.skipped {
        anstream::eprintln!("skipped {id}: {reason}");
    }
    anstream::eprintln!("{} requests were recorded", recording.ids().count());
}
