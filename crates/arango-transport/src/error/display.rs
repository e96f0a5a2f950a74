//! Error texts: one line, report and debug dump.

use std::fmt;
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome, database_of_path, document_of_path};

use super::wording::{self, ServerDetails};
use super::{Error, Report, StoppedBy, advice, causes};
use crate::error::attempt::{Attempt, FIRST_ATTEMPTS_KEPT, Phase};
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
            kind = format!("{kind} of {:?}{phase}", rounded(self.0.limit));
        }
        if let Some(causes) = self.causes_by_coordinator() {
            return format!("{kind}: {causes}");
        }
        // The server's message is about its internal server ids.
        let message = self.server_message().filter(|_| self.0.kind != ErrorKind::UnknownServer);
        let headline = wording::headline(kind, message, wording::shown_cause(self.0.kind, self.cause()));
        let headline = wording::without_number(headline, self.error_number());
        let is_about_document =
            matches!(self.0.kind, ErrorKind::DocumentNotFound | ErrorKind::PreconditionFailed);
        match document_of_path(&self.0.path).filter(|_| is_about_document) {
            Some(document) => {
                format!("{headline}: `{document}` in the database `{}`", database_of_path(&self.0.path))
            }
            None => headline,
        }
    }

    /// Returns the coordinators that failed as the headline says: all that failed in the same way.
    fn coordinators(&self) -> Vec<&Coordinator> {
        if self.unsupported().is_some() || self.causes_by_coordinator().is_some() {
            // The headline already names the coordinators.
            return Vec::new();
        }
        let decisive = self.coordinator();
        // If the call ended because of a time limit, the last attempt may have ended with the call, and earlier ones before.
        let is_timeout = |kind| matches!(kind, ErrorKind::AttemptTimeout | ErrorKind::DeadlineExceeded);
        let is_same = |attempt: &&Attempt| match self.0.kind {
            ErrorKind::NoCoordinatorAvailable => true,
            kind if is_timeout(kind) => attempt.status.is_none() && is_timeout(attempt.kind),
            kind => attempt.kind == kind && attempt.number == self.error_number(),
        };
        let same = self.0.attempts.iter().filter(is_same).filter_map(|attempt| attempt.coordinator.as_ref());
        let mut coordinators = distinct(same);
        if let Some(decisive) = decisive.filter(|decisive| !coordinators.contains(decisive)) {
            coordinators.insert(0, decisive);
        }
        coordinators
    }

    /// Returns why each coordinator could not be reached, if the causes differ.
    fn causes_by_coordinator(&self) -> Option<String> {
        if self.0.kind != ErrorKind::NoCoordinatorAvailable {
            return None;
        }
        let mut causes: Vec<(String, Vec<&Coordinator>)> = Vec::new();
        for coordinator in distinct(self.0.attempts.iter().filter_map(|attempt| attempt.coordinator.as_ref()))
        {
            let of_coordinator = |attempt: &&Attempt| attempt.coordinator.as_ref() == Some(coordinator);
            let Some(last) = self.0.attempts.iter().rfind(of_coordinator) else { continue };
            let cause = last.source.as_ref().map(|source| causes::in_one_line(&**source));
            let cause = cause.unwrap_or_else(|| last.kind.to_string());
            match causes.iter_mut().find(|(other, _)| *other == cause) {
                Some((_, coordinators)) => coordinators.push(coordinator),
                None => causes.push((cause, vec![coordinator])),
            }
        }
        if causes.len() < 2 {
            return None;
        }
        let listed =
            causes.iter().map(|(cause, coordinators)| format!("{cause} at {}", Listed(coordinators)));
        let mut listed: Vec<_> = listed.take(MAX_COORDINATORS).collect();
        if let more @ 1.. = causes.len() - listed.len() {
            listed.push(format!("{more} more causes"));
        }
        Some(listed.join("; "))
    }

    /// Returns the attempt because of which the call may have been executed, if the decisive one was not executed.
    fn ambiguous(&self) -> Option<&Attempt> {
        let is_proved = self.decisive().is_none_or(|decisive| decisive.outcome == self.0.outcome);
        if is_proved || self.0.outcome == Outcome::NotExecuted {
            return None;
        }
        self.0.attempts.iter().find(|attempt| attempt.outcome == self.0.outcome)
    }

    fn write_details(&self, f: &mut fmt::Formatter<'_>, headline: &str) -> fmt::Result {
        // If the login failed, the details are those of the login; the outcome is always that of the call.
        let error = self.login().unwrap_or(self);
        f.write_str(" (")?;
        let retry_after = error.decisive().and_then(|attempt| attempt.retry_after);
        ServerDetails { status: error.status(), number: error.error_number(), retry_after }
            .write(f, headline)?;
        let coordinators = error.coordinators();
        if !coordinators.is_empty() {
            write!(f, "{}, ", Listed(&coordinators))?;
        }
        write!(f, "{}", self.0.outcome)?;
        if let Some(ambiguous) = self.ambiguous() {
            f.write_str(" because ")?;
            if let Some(coordinator) = &ambiguous.coordinator {
                write!(f, "at {coordinator} ")?;
            }
            write!(f, "{}", ambiguous.kind)?;
        }
        let attempts = error.0.attempts.len() + usize::try_from(error.0.dropped).unwrap_or(usize::MAX);
        if attempts > 1 {
            write!(f, ", {attempts} attempts")?;
            let tried = distinct(error.0.attempts.iter().filter_map(|attempt| attempt.coordinator.as_ref()));
            if !coordinators.is_empty() && tried.len() > coordinators.len() {
                write!(f, " at {} coordinators", tried.len())?;
            }
        }
        if error.0.stopped_by == StoppedBy::Budget {
            f.write_str(", retry budget used up")?;
        }
        f.write_str(")")
    }
}

/// Coordinators, separated by commas, and the number of those that are left out.
struct Listed<'a>(&'a [&'a Coordinator]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, coordinator) in self.0.iter().take(MAX_COORDINATORS).enumerate() {
            write!(f, "{}{coordinator}", if index == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(MAX_COORDINATORS) {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

/// Returns a time limit as people write it: without what is left of it after earlier steps.
fn rounded(limit: Duration) -> Duration {
    let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
    let unit = if micros >= 10_000_000 {
        100_000
    } else if micros >= 10_000 {
        1000
    } else {
        1
    };
    Duration::from_micros(micros.saturating_add(unit / 2) / unit * unit)
}

/// Returns each coordinator once, in order.
fn distinct<'a>(all: impl Iterator<Item = &'a Coordinator>) -> Vec<&'a Coordinator> {
    let mut distinct = Vec::new();
    for coordinator in all {
        if !distinct.contains(&coordinator) {
            distinct.push(coordinator);
        }
    }
    distinct
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_rounded_for_people() {
        for (nanos, text) in [
            (299_994_081, "300ms"),
            (59_999_812_345, "60s"),
            (1_500_000_000, "1.5s"),
            (2_345_678_901, "2.346s"),
            (700_000_000, "700ms"),
            (1_234_567, "1.234ms"),
            (0, "0ns"),
        ] {
            assert_eq!(format!("{:?}", rounded(Duration::from_nanos(nanos))), text);
        }
    }
}
