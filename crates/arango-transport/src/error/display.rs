//! Error texts: one line, report and debug dump.

use std::fmt;

use arango_protocol::{ErrorKind, database_of_path, document_of_path};

use super::wording::{self, ServerDetails};
use super::{Error, Report, StoppedBy, advice};
use crate::error::attempt::{FIRST_ATTEMPTS_KEPT, Phase};
use crate::types::coordinator::Coordinator;

/// The maximum number of coordinators listed on one line.
const MAX_COORDINATORS: usize = 4;

impl Error {
    /// Returns what failed and why, without the operation and the details.
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
        // The server's message is about its internal server ids.
        let message = self.server_message().filter(|_| self.0.kind != ErrorKind::UnknownServer);
        let headline = wording::headline(kind, message, self.cause());
        match document_of_path(&self.0.path).filter(|_| self.0.kind == ErrorKind::DocumentNotFound) {
            Some(document) => {
                format!("{headline}: `{document}` in the database `{}`", database_of_path(&self.0.path))
            }
            None => headline,
        }
    }

    /// Returns the coordinators of the failure; all that were tried if none was available.
    fn coordinators(&self) -> Vec<&Coordinator> {
        if self.unsupported().is_some() {
            // The headline already names the coordinator.
            return Vec::new();
        }
        if self.0.kind != ErrorKind::NoCoordinatorAvailable {
            return self.coordinator().into_iter().collect();
        }
        let mut tried: Vec<_> = Vec::new();
        for coordinator in self.0.attempts.iter().filter_map(|attempt| attempt.coordinator.as_ref()) {
            if !tried.contains(&coordinator) {
                tried.push(coordinator);
            }
        }
        tried
    }

    fn write_details(&self, f: &mut fmt::Formatter<'_>, headline: &str) -> fmt::Result {
        // If the login failed, the details are those of the login; the outcome is always that of the call.
        let error = self.login().unwrap_or(self);
        f.write_str(" (")?;
        let retry_after = error.decisive().and_then(|attempt| attempt.retry_after);
        ServerDetails { status: error.status(), number: error.error_number(), retry_after }
            .write(f, headline)?;
        let coordinators = error.coordinators();
        for coordinator in coordinators.iter().take(MAX_COORDINATORS) {
            write!(f, "{coordinator}, ")?;
        }
        if coordinators.len() > MAX_COORDINATORS {
            write!(f, "and {} more, ", coordinators.len() - MAX_COORDINATORS)?;
        }
        write!(f, "{}", self.0.outcome)?;
        let attempts = error.0.attempts.len() + usize::try_from(error.0.dropped).unwrap_or(usize::MAX);
        if attempts > 1 {
            write!(f, ", {attempts} attempts")?;
        }
        if error.0.stopped_by == StoppedBy::Budget {
            f.write_str(", retry budget used up")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headline = self.headline();
        write!(f, "{}: {headline}", self.0.name)?;
        self.write_details(f, &headline)?;
        if let Some(resolution) = self.resolution() {
            return write!(f, "; {resolution}");
        }
        match advice::advice(self).or_else(|| advice::advice(self.login()?)) {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    /// Writes the same text as [`report`](Self::report), because a `main` that returns an error prints this form.
    ///
    /// The alternate form, `{:#?}`, is a dump of most fields.
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
        for line in repr.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            write!(f, "\n  | {line}")?;
        }
        for (index, attempt) in repr.attempts.iter().enumerate() {
            // Those that are not kept were between the first and the last ones.
            let dropped = if index < FIRST_ATTEMPTS_KEPT {
                0
            } else {
                usize::try_from(repr.dropped).unwrap_or(usize::MAX)
            };
            if index == FIRST_ATTEMPTS_KEPT && dropped > 0 {
                write!(f, "\n  {} more attempts", repr.dropped)?;
            }
            let number = index + 1 + dropped;
            write!(f, "\n  {number}. {attempt}")?;
            // The only attempt of a login is already displayed with the attempt of the call.
            let login = wording::login(attempt.source.as_deref())
                .map(Error::attempts)
                .filter(|login| login.len() > 1);
            for (index, attempt) in login.into_iter().flatten().enumerate() {
                write!(f, "\n     {number}.{}. login: {attempt}", index + 1)?;
            }
        }
        if let Some((_, Some(failed))) = &repr.resolution {
            write!(f, "\n  then {failed}")?;
        }
        Ok(())
    }
}
