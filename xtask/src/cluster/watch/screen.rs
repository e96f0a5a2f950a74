//! The terminal in full-screen mode, and its keys.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::{DefaultTerminal, Frame};
use tokio::sync::mpsc;

/// How long the thread that reads keys waits before it checks whether it is still needed.
const POLL: Duration = Duration::from_millis(100);

/// A key, as far as it has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    /// Any other key, and a new size.
    Other,
}

/// The terminal. On drop, and after a panic, it is as it was before.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    keys: mpsc::Receiver<Key>,
}

impl Screen {
    /// Changes to full-screen mode, and begins to read keys.
    ///
    /// # Errors
    /// If the terminal refuses.
    pub(super) fn open() -> Result<Self> {
        // This also installs the panic hook that restores the terminal.
        let opened = ratatui::try_init().inspect_err(|_| ratatui::restore());
        let terminal = opened.context("cannot use the terminal")?;
        let (sender, keys) = mpsc::channel(16);
        thread::spawn(move || read_keys(&sender));
        Ok(Self { terminal, keys })
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        self.terminal.draw(draw).map(drop).context("cannot draw on the terminal")
    }

    /// Waits for the next key. A terminal that is gone ends the view.
    pub(super) async fn key(&mut self) -> Key {
        self.keys.recv().await.unwrap_or(Key::Quit)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Prints an error by itself; there is nothing else to be done with it here.
        ratatui::restore();
    }
}

/// Reads keys until the receiver or the terminal is gone.
fn read_keys(sender: &mpsc::Sender<Key>) {
    while !sender.is_closed() {
        match event::poll(POLL) {
            Ok(false) => continue,
            Ok(true) => {}
            Err(_) => return,
        }
        let Ok(event) = event::read() else { return };
        if let Some(key) = meaning(&event)
            && sender.blocking_send(key).is_err()
        {
            return;
        }
    }
}

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) => {
            let is_control_c = *code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
            let quits = is_control_c || matches!(code, KeyCode::Char('q') | KeyCode::Esc);
            Some(if quits { Key::Quit } else { Key::Other })
        }
        Event::Resize(..) => Some(Key::Other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_escape_and_control_c_end_the_view() {
        let key = |code, modifiers| meaning(&Event::Key(KeyEvent::new(code, modifiers)));

        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Some(Key::Quit));
        assert_eq!(key(KeyCode::Esc, KeyModifiers::NONE), Some(Key::Quit));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Quit));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Some(Key::Other));
        assert_eq!(meaning(&Event::Resize(80, 24)), Some(Key::Other));
        assert_eq!(meaning(&Event::FocusLost), None);
    }
}
