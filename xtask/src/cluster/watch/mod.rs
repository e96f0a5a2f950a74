//! A live view of a running cluster, from its control address.

mod lines;
mod observation;
mod screen;
mod snapshot;
mod view;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::time::{MissedTickBehavior, interval};

use self::observation::Observation;
use self::screen::{Key, Screen};
use self::snapshot::{History, Snapshot};
use super::http_client::HttpClient;
use super::state_file::{self, State};
use crate::cli::Watch;
use crate::interruption::Interruptions;

/// Time limit for one request to the control address.
const LIMIT: Duration = Duration::from_secs(2);

/// Shows a cluster until it ends or the user ends the view: full screen on a terminal, as lines elsewhere.
///
/// # Errors
/// If no cluster runs, it has no control address, it does not respond at first, or the output cannot be written.
pub(crate) async fn watch(command: Watch) -> Result<ExitCode> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    let source = Source::new(&cluster.state)?;
    // The first one outside the loop: whatever is wrong from the beginning is an error.
    let first = source.observe().await?;
    let mut interruptions = Interruptions::listen()?;
    if command.once || !std::io::stdout().is_terminal() {
        return print_lines(&command, &cluster.directory, &source, first, &mut interruptions).await;
    }
    let mut screen = Screen::open()?;
    let ended = show(&command, &cluster.directory, &source, first, &mut screen, &mut interruptions).await;
    drop(screen);
    if ended? == Ended::Cluster {
        anstream::println!("the cluster has ended");
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a view has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    User,
    Cluster,
}

async fn print_lines(
    command: &Watch,
    directory: &Path,
    source: &Source,
    first: Observation,
    interruptions: &mut Interruptions,
) -> Result<ExitCode> {
    let mut history = History::new(first);
    let mut ticks = interval(command.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = interruptions.next() => return Ok(ExitCode::SUCCESS),
        }
        let Some(snapshot) = source.next(&mut history, directory).await else {
            anstream::println!("the cluster has ended");
            return Ok(ExitCode::SUCCESS);
        };
        // Not with a macro, which would panic when the reader has closed the pipe.
        let mut stdout = anstream::stdout();
        let written = stdout.write_all(lines::lines(&snapshot).as_bytes()).and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            written => written.context("cannot write to stdout")?,
        }
        if command.once {
            return Ok(if snapshot.problem.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
}

async fn show(
    command: &Watch,
    directory: &Path,
    source: &Source,
    first: Observation,
    screen: &mut Screen,
    interruptions: &mut Interruptions,
) -> Result<Ended> {
    let mut history = History::new(first);
    let mut snapshot = history.begin(source.backend.clone());
    let mut ticks = interval(command.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        screen.draw(|frame| view::draw(frame, &snapshot))?;
        tokio::select! {
            _ = ticks.tick() => match source.next(&mut history, directory).await {
                Some(next) => snapshot = next,
                None => return Ok(Ended::Cluster),
            },
            key = screen.key() => match key {
                Key::Quit => return Ok(Ended::User),
                // Drawn again at once, for example in another size.
                Key::Other => {}
            },
            _ = interruptions.next() => return Ok(Ended::User),
        }
    }
}

/// The control address of one cluster.
struct Source {
    client: HttpClient,
    control: String,
    backend: String,
    begin: Instant,
}

impl Source {
    fn new(state: &State) -> Result<Self> {
        let control = state.info.control.clone();
        Ok(Self {
            client: HttpClient::new(None)?.limit(LIMIT),
            control: control.context("an external cluster has no control address")?,
            backend: state.info.backend.clone(),
            begin: Instant::now(),
        })
    }

    async fn observe(&self) -> Result<Observation> {
        observation::observe(&self.client, &self.control, self.begin).await
    }

    /// Observes the cluster once more. `None` if it has ended.
    async fn next(&self, history: &mut History, directory: &Path) -> Option<Snapshot> {
        match self.observe().await {
            Ok(present) => Some(history.next(self.backend.clone(), present)),
            Err(_) if !directory.exists() => None,
            Err(error) => {
                Some(history.failed(self.backend.clone(), format!("{error:#}"), self.begin.elapsed()))
            }
        }
    }
}
