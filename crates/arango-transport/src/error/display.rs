//! An error as text: in one line, as a report, and as a dump.

use std::fmt;

use super::wording::{self, ServerDetails};
use super::{Error, Report, StoppedBy, advice};
use crate::failed_attempt::Phase;
use crate::{Coordinator, ErrorKind};

/// The most coordinators that one line names.
const NAMED: usize = 4;

impl Error {
    /// What failed and why, without the operation and without facts.
    pub(crate) fn headline(&self) -> String {
        if let Some(unsupported) = self.unsupported() {
            return format!("{}: {unsupported}", self.0.kind);
        }
        let mut kind = self.0.kind.to_string();
        if self.0.kind == ErrorKind::DeadlineExceeded {
            let phase = self.decisive().map(|attempt| attempt.phase).filter(|&phase| phase != Phase::Waiting);
            let phase = phase.map(|phase| format!(" while {phase}")).unwrap_or_default();
            kind = format!("{kind} of {:?}{phase}", self.0.limit);
        }
        // What the server says of it speaks of its own servers.
        let message = self.server_message().filter(|_| self.0.kind != ErrorKind::UnknownServer);
        wording::headline(kind, message, self.cause())
    }

    /// The coordinators that the failure is about: all that were asked if none could be reached.
    fn coordinators(&self) -> Vec<&Coordinator> {
        if self.unsupported().is_some() {
            return Vec::new(); // it is named already
        }
        if self.0.kind != ErrorKind::NoCoordinatorAvailable {
            return self.coordinator().into_iter().collect();
        }
        let mut asked: Vec<_> = Vec::new();
        for coordinator in self.0.attempts.iter().filter_map(|attempt| attempt.coordinator.as_ref()) {
            if !asked.contains(&coordinator) {
                asked.push(coordinator);
            }
        }
        asked
    }

    fn write_facts(&self, f: &mut fmt::Formatter<'_>, headline: &str) -> fmt::Result {
        // Of a login that failed the facts are its own; what is known of the execution is the call's.
        let about = self.login().unwrap_or(self);
        f.write_str(" (")?;
        let retry_after = about.decisive().and_then(|attempt| attempt.retry_after);
        ServerDetails { status: about.status(), number: about.error_number(), retry_after }
            .write(f, headline)?;
        let coordinators = about.coordinators();
        for coordinator in coordinators.iter().take(NAMED) {
            write!(f, "{coordinator}, ")?;
        }
        if coordinators.len() > NAMED {
            write!(f, "and {} more, ", coordinators.len() - NAMED)?;
        }
        write!(f, "{}", self.0.outcome)?;
        if about.0.attempts.len() > 1 {
            write!(f, ", {} attempts", about.0.attempts.len())?;
        }
        if about.0.stopped_by == StoppedBy::Budget {
            f.write_str(", retry budget used up")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headline = self.headline();
        write!(f, "{}: {headline}", self.0.name)?;
        self.write_facts(f, &headline)?;
        match advice::advice(self).or_else(|| advice::advice(self.login()?)) {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    /// As [`report`](Self::report): a `main` that returns an error prints it so. The alternate form, `{:#?}`, is a dump of
    /// everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(&self.report(), f);
        }
        f.debug_struct("Error")
            .field("operation", &self.0.name)
            .field("request", &format_args!("{} {}", self.0.method, self.0.path))
            .field("class", &self.0.class)
            .field("kind", &self.0.kind)
            .field("outcome", &self.0.outcome)
            .field("stopped_by", &self.0.stopped_by)
            .field("attempts", &self.0.attempts)
            .field("elapsed", &self.0.elapsed)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = &*self.0.0;
        write!(f, "{}\n  {} {}", self.0, repr.method, repr.path)?;
        if !repr.elapsed.is_zero() {
            write!(f, ", after {:.1?}", repr.elapsed)?;
        }
        for (index, attempt) in repr.attempts.iter().enumerate() {
            let number = index + 1;
            write!(f, "\n  {number}. {attempt}")?;
            // One attempt of a login is told with the call's.
            let login = wording::login(attempt.source.as_deref())
                .map(Error::attempts)
                .filter(|login| login.len() > 1);
            for (index, attempt) in login.into_iter().flatten().enumerate() {
                write!(f, "\n     {number}.{}. login: {attempt}", index + 1)?;
            }
        }
        if repr.dropped > 0 {
            write!(f, "\n  and {} more, between the eighth and the ninth of these", repr.dropped)?;
        }
        Ok(())
    }
}
