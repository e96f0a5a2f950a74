//! The totals of an import.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::Duration;

use arango_data::ItemError;
use arango_transport::Error;
use arango_transport::protocol::{ErrorNumber, Outcome};

/// The totals of an import, and the items that failed.
///
/// Items may have failed although the call succeeded. [`into_result`](Self::into_result) makes that an error.
#[derive(Debug, Default)]
#[must_use = "items may have failed although the call succeeded"]
#[non_exhaustive]
pub struct ImportReport {
    /// Items that were read, valid or not. Blank lines do not count.
    pub items: u64,
    /// Items that were stored, or kept as the overwrite mode says.
    pub stored: u64,
    /// Items of `stored` whose response was lost, and whose documents were found.
    pub found_out: u64,
    /// Items that failed, those of unknown outcome included.
    pub failed: u64,
    /// Items of `failed` that may have been executed.
    pub unknown: u64,
    /// Items that were read and not sent, because the import has stopped.
    pub not_sent: u64,
    /// Lines without a document.
    pub blank_lines: u64,
    /// Bytes of JSON in the requests.
    pub bytes: u64,
    /// How long the import took.
    pub elapsed: Duration,
    /// The number of failed items by the server's error number; `None` for those without a response.
    pub by_number: BTreeMap<Option<ErrorNumber>, u64>,
    /// The failed items that were noticed first, as many as are [kept](crate::data::Import::keep_failures), in the order of
    /// their positions.
    pub failures: Vec<ImportFailure>,
    /// Why the import ended before its last item, if it did.
    pub stopped: Option<ImportStop>,
}

/// An item of an import that failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImportFailure {
    /// The place of the item, from 0; of JSON lines the number of the line, from 1.
    pub position: u64,
    /// Why it failed.
    pub error: ItemError,
}

/// Why an import ended before its last item.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportStop {
    /// As many items have failed as the import [allows](crate::data::Import::stop_after).
    Failures,
    /// A request was refused for a reason that is not transient.
    Refused(Error),
    /// The lines could not be read.
    Read(io::Error),
}

impl fmt::Display for ImportStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures => f.write_str("too many items have failed"),
            Self::Refused(error) => error.fmt(f),
            Self::Read(error) => write!(f, "the lines could not be read: {error}"),
        }
    }
}

impl ImportReport {
    /// Returns the report if no item failed and the import has come to its end.
    ///
    /// # Errors
    ///
    /// If an item failed, or if the import has stopped before. The error has the report.
    #[inline]
    pub fn into_result(self) -> Result<Self, ImportFailures> {
        if self.failed == 0 && self.stopped.is_none() {
            Ok(self)
        } else {
            Err(ImportFailures(Box::new(self)))
        }
    }

    #[inline]
    pub(super) fn record_failure(&mut self, position: u64, error: ItemError, kept: usize) {
        self.failed += 1;
        self.unknown += u64::from(error.outcome() != Outcome::NotExecuted);
        *self.by_number.entry(error.number()).or_insert(0) += 1;
        if self.failures.len() < kept {
            self.failures.push(ImportFailure { position, error });
        }
    }
}

/// One line with the numbers and the time, and why the import has stopped.
impl fmt::Display for ImportReport {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} items stored in {:.1?}", self.stored, self.items, self.elapsed)?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        if self.unknown > 0 {
            write!(f, ", of which {} may have been stored", self.unknown)?;
        }
        if self.not_sent > 0 {
            write!(f, ", {} not sent", self.not_sent)?;
        }
        match &self.stopped {
            Some(stop) => write!(f, "; the import has stopped: {stop}"),
            None => Ok(()),
        }
    }
}

/// Items of an import have failed, or it has stopped before its last item.
pub struct ImportFailures(Box<ImportReport>);

impl ImportFailures {
    /// Returns the report.
    pub fn report(&self) -> &ImportReport {
        &self.0
    }

    /// Returns the report.
    pub fn into_report(self) -> ImportReport {
        *self.0
    }
}

impl fmt::Display for ImportFailures {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} items failed", self.0.failed, self.0.items)?;
        if let Some(stop) = &self.0.stopped {
            write!(f, ", and the import has stopped: {stop}")?;
        }
        match self.0.failures.first() {
            Some(first) => write!(f, "; the first, {}: {}", first.position, first.error),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ImportFailures {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImportFailures({self})")
    }
}

impl std::error::Error for ImportFailures {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line() {
        let elapsed = Duration::from_millis(7_480);
        let mut report = ImportReport { items: 100, stored: 100, elapsed, ..ImportReport::default() };
        assert_eq!(report.to_string(), "100 of 100 items stored in 7.5s");
        (report.stored, report.failed, report.unknown, report.not_sent) = (90, 4, 1, 6);
        report.stopped = Some(ImportStop::Failures);
        let line = "90 of 100 items stored in 7.5s, 4 failed, of which 1 may have been stored, 6 not sent; the import has \
                    stopped: too many items have failed";
        assert_eq!(report.to_string(), line);
    }
}
