//! A live view of a cluster, through the public API alone: servers, roles, status, shards, and for each coordinator how
//! fast it responds and what this client makes of it.
//!
//! ```text
//! cargo xtask test-cluster run --skewed -- cargo run -p arango --example health_watch
//! cargo xtask test-cluster run -- cargo run -p arango --example health_watch -- --once
//! ```
//!
//! `q` ends it. It only reads. While it runs, `cargo xtask test-cluster kill coordinator2` in another shell shows how a
//! coordinator is ejected, and `restart coordinator2` how it returns.

mod plain;
mod snapshot;
mod view;

use std::io::{IsTerminal, Write};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use arango::{ClientBuilder, Limits};
use clap::Parser;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::snapshot::Snapshot;

/// No request waits longer. A view that waits for a lost server shows nothing.
const LIMIT: Duration = Duration::from_secs(2);

/// Shows the servers of a cluster.
#[derive(Debug, Parser)]
struct Arguments {
    /// Print the servers once, as plain text.
    #[arg(long)]
    once: bool,

    /// Seconds between two looks at the cluster.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let client = ClientBuilder::from_env()?.limits(Limits::default().attempt(LIMIT).total(LIMIT)).build()?;
    if arguments.once || !std::io::stdout().is_terminal() {
        let snapshot = Snapshot::take(&client).await;
        write!(anstream::stdout(), "{}", plain::text(&snapshot)).context("cannot write to stdout")?;
        anyhow::ensure!(snapshot.problems.is_empty(), "not everything could be read");
        return Ok(());
    }

    let mut snapshot = Snapshot::take(&client).await;
    let mut ticks = interval(Duration::from_secs(arguments.interval));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // This also restores the terminal after a panic.
    let mut terminal = ratatui::try_init().context("cannot use the terminal")?;
    let mut keys = keys();
    let shown = loop {
        if let Err(error) = terminal.draw(|frame| view::draw(frame, &snapshot)) {
            break Err(error).context("cannot draw on the terminal");
        }
        tokio::select! {
            _ = ticks.tick() => snapshot = Snapshot::take(&client).await,
            key = keys.recv() => match key {
                Some(Key::Redraw) => {}
                Some(Key::Quit) | None => break Ok(()),
            },
        }
    };
    ratatui::restore();
    shown
}

/// What a key means.
enum Key {
    Quit,
    Redraw,
}

/// Reads keys in a thread, since reading from a terminal blocks.
fn keys() -> mpsc::Receiver<Key> {
    let (sender, keys) = mpsc::channel(16);
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            let key = match event {
                Event::Key(key) => match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Quit,
                    _ => Key::Redraw,
                },
                Event::Resize(..) => Key::Redraw,
                _ => continue,
            };
            if sender.blocking_send(key).is_err() {
                return;
            }
        }
    });
    keys
}
