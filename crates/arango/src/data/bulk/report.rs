//! The results of a bulk write.

use std::collections::BTreeMap;
use std::fmt;

use arango_data::ItemError;
use arango_transport::protocol::ErrorNumber;

/// The results of a bulk write: one for each item, in the order of the items.
///
/// Some may have failed although the call succeeded. [`into_result`](Self::into_result) makes that an error.
#[derive(Debug, Clone)]
#[must_use = "items may have failed although the call succeeded"]
pub struct BulkReport<T> {
    items: Vec<Result<T, ItemError>>,
}

impl<T> BulkReport<T> {
    pub(super) fn new(items: Vec<Result<T, ItemError>>) -> Self {
        Self { items }
    }

    /// Returns the result of each item.
    pub fn items(&self) -> &[Result<T, ItemError>] {
        &self.items
    }

    /// Returns the result of each item.
    pub fn into_items(self) -> Vec<Result<T, ItemError>> {
        self.items
    }

    /// Returns the items that failed, with their places.
    pub fn failed(&self) -> impl Iterator<Item = (usize, &ItemError)> {
        let items = self.items.iter().enumerate();
        items.filter_map(|(place, item)| Some((place, item.as_ref().err()?)))
    }

    /// Returns the number of failed items by the server's error number; `None` for those without a response.
    pub fn by_number(&self) -> BTreeMap<Option<ErrorNumber>, usize> {
        let mut counts = BTreeMap::new();
        for (_, error) in self.failed() {
            *counts.entry(error.number()).or_insert(0) += 1;
        }
        counts
    }

    /// Returns the output of each item.
    ///
    /// # Errors
    ///
    /// If an item failed. The error has the whole report, with the items that succeeded.
    pub fn into_result(self) -> Result<Vec<T>, BulkError<T>> {
        if self.failed().next().is_some() {
            return Err(BulkError { report: self });
        }
        Ok(self.items.into_iter().filter_map(Result::ok).collect())
    }
}

/// Items of a bulk write have failed; others may have succeeded.
#[derive(Clone)]
pub struct BulkError<T> {
    report: BulkReport<T>,
}

impl<T> BulkError<T> {
    /// Returns the results of all items.
    pub fn report(&self) -> &BulkReport<T> {
        &self.report
    }

    /// Returns the results of all items.
    pub fn into_report(self) -> BulkReport<T> {
        self.report
    }
}

impl<T> fmt::Display for BulkError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} items failed", self.report.failed().count(), self.report.items.len())?;
        match self.report.failed().next() {
            Some((place, error)) => write!(f, ", such as item {place}: {error}"),
            None => Ok(()),
        }
    }
}

// Without the outputs, which may contain documents.
impl<T> fmt::Debug for BulkError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BulkError({self})")
    }
}

impl<T> std::error::Error for BulkError<T> {}
