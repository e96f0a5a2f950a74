//! Options that older servers ignore in silence.

use crate::metadata::RequestClass;
use crate::version::ServerVersion;

/// An option of a request that older servers ignore in silence.
///
/// Before such a request is sent, the client reads the version of each coordinator that it may go to, once.
///
/// ```
/// use arango_protocol::{RequestClass, Requirement};
///
/// const VERSION_ATTRIBUTE: Requirement = Requirement::new("version", "3.12.0");
/// const ALLOW_RETRY: Requirement = Requirement::new("allow_retry", "3.11.0").or_class(RequestClass::NonIdempotent);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requirement {
    /// The name of the method that sets the option, for the error.
    pub option: &'static str,
    /// The first version that does not ignore it.
    pub since: &'static str,
    /// The class of the request if a coordinator ignores the option.
    ///
    /// `None`: the request is not sent to such a coordinator.
    pub class_without: Option<RequestClass>,
}

impl Requirement {
    /// Creates a requirement: the request is sent only to coordinators that support `option`.
    #[must_use]
    pub const fn new(option: &'static str, since: &'static str) -> Self {
        Self { option, since, class_without: None }
    }

    /// Returns whether a server of this version certainly ignores the option.
    #[must_use]
    pub fn is_ignored_by(&self, version: &ServerVersion) -> bool {
        version.is_unsupported(Some(self.since), &[], None)
    }

    /// Sends the request to any coordinator, but with this class if one of them may ignore the option.
    #[must_use]
    pub const fn or_class(mut self, class: RequestClass) -> Self {
        self.class_without = Some(class);
        self
    }
}
