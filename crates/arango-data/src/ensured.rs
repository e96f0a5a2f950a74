//! What came of ensuring that something exists.

use std::fmt;

use crate::property_difference::PropertyDifference;

/// Something that exists, since it was ensured: a collection, an index, a view, an analyzer, or a graph.
///
/// It was created, existed as expected, or exists and differs. Nothing that existed is changed. [`Display`](fmt::Display) says
/// in one line which it was, such as `collection books exists and differs: writeConcern is 1, expected 2`.
///
/// ```
/// # fn example(ensured: arango_data::Ensured<arango_data::CollectionProperties>) -> Result<(), arango_data::EnsureError> {
/// println!("{ensured}"); // such as `collection books created`
/// let properties = ensured.into_result()?; // an error if it differs
/// println!("{:?} shards", properties.number_of_shards);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "what existed may differ from what was expected: see `into_result`"]
#[non_exhaustive]
pub struct Ensured<T> {
    /// What exists.
    pub actual: T,
    /// Whether it existed before.
    ///
    /// Also `true` if it was created by a request whose response was lost.
    pub existed: bool,
    /// The properties whose values differ from the expected ones; empty if it was created.
    ///
    /// Properties that were not set are not compared.
    pub differences: Vec<PropertyDifference>,
    subject: String,
}

impl<T> Ensured<T> {
    /// `subject` says what it is, such as `collection books`.
    pub(crate) fn created(subject: String, actual: T) -> Self {
        Self { actual, existed: false, differences: Vec::new(), subject }
    }

    pub(crate) fn existed(subject: String, actual: T, differences: Vec<PropertyDifference>) -> Self {
        Self { actual, existed: true, differences, subject }
    }

    /// Adds what differs in something that belongs to it, such as an index.
    #[doc(hidden)] // for the crate `arango`
    pub fn with_differences_of<U>(mut self, part: Ensured<U>) -> Self {
        let of_part = |mut difference: PropertyDifference| {
            difference.property = format!("{} {}", part.subject, difference.property).into();
            difference
        };
        self.differences.extend(part.differences.into_iter().map(of_part));
        self
    }

    /// Returns whether it is as expected.
    pub fn matches(&self) -> bool {
        self.differences.is_empty()
    }

    /// Returns what exists, if it is as expected.
    ///
    /// # Errors
    ///
    /// If it differs. The error prints the differences.
    pub fn into_result(self) -> Result<T, EnsureError> {
        if self.matches() {
            return Ok(self.actual);
        }
        Err(EnsureError { subject: self.subject, differences: self.differences })
    }
}

impl<T> fmt::Display for Ensured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.existed, self.matches()) {
            (false, true) => write!(f, "{} created", self.subject),
            (true, true) => write!(f, "{} existed as expected", self.subject),
            (_, false) => write_differences(f, &self.subject, &self.differences),
        }
    }
}

/// What was ensured exists, differs from what was expected, and was not changed.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureError {
    subject: String,
    differences: Vec<PropertyDifference>,
}

impl EnsureError {
    /// Returns what differs.
    pub fn differences(&self) -> &[PropertyDifference] {
        &self.differences
    }
}

impl fmt::Display for EnsureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_differences(f, &self.subject, &self.differences)?;
        f.write_str("; it was not changed")
    }
}

impl std::error::Error for EnsureError {}

fn write_differences(
    f: &mut fmt::Formatter<'_>,
    subject: &str,
    differences: &[PropertyDifference],
) -> fmt::Result {
    write!(f, "{subject} exists and differs: ")?;
    for (index, difference) in differences.iter().enumerate() {
        write!(f, "{}{difference}", if index == 0 { "" } else { "; " })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(property: &'static str) -> PropertyDifference {
        PropertyDifference::fixed(property, 3.into(), 1.into())
    }

    #[test]
    fn it_says_in_one_line_whether_it_was_created_existed_or_differs() {
        let subject = || "collection books".to_owned();
        assert_eq!(Ensured::created(subject(), ()).to_string(), "collection books created");
        let existed = Ensured::existed(subject(), 7, Vec::new());
        assert_eq!(existed.to_string(), "collection books existed as expected");
        assert_eq!(existed.into_result(), Ok(7));
        let differs = Ensured::existed(subject(), 7, vec![difference("a"), difference("b")]);
        let text = "collection books exists and differs: a is 1, expected 3; b is 1, expected 3";
        assert_eq!(differs.to_string(), text);
        assert!(!differs.matches());
        let error = differs.into_result().unwrap_err();
        assert_eq!(error.to_string(), format!("{text}; it was not changed"));
        assert_eq!(error.differences().len(), 2);
    }
}
