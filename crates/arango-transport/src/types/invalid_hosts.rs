//! Errors of host lists.

use std::fmt;

/// Removes from a host's text the parts that may contain a password.
///
/// These are the query, the fragment, and everything before an `@`.
pub(crate) fn without_secrets(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{}", host.split(['?', '#']).next().unwrap_or_default()),
        None => text.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

/// The error of a list of hosts that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHosts {
    pub(crate) faults: Vec<InvalidHost>,
}

impl InvalidHosts {
    /// Returns the invalid items; empty if the list itself was empty.
    pub fn faults(&self) -> &[InvalidHost] {
        &self.faults
    }
}

impl fmt::Display for InvalidHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.len() {
            0 => return f.write_str("no hosts were given: name at least one coordinator"),
            1 => f.write_str("one of the hosts cannot be used: ")?,
            many => write!(f, "{many} of the hosts cannot be used: ")?,
        }
        for (index, fault) in self.faults.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidHosts {}

/// An invalid item of a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHost {
    pub(crate) number: usize,
    pub(crate) text: String,
    pub(crate) fault: InvalidHostReason,
}

impl InvalidHost {
    /// Creates the error of an item of a text that contains credentials.
    ///
    /// Any part of that text may belong to a password, so it is not displayed.
    pub(crate) fn with_credentials(number: usize, text: &str) -> Self {
        let text = if text.contains('@') { without_secrets(text.trim()) } else { "…".to_owned() };
        Self { number, text, fault: InvalidHostReason::Credentials }
    }

    /// Returns its position in the list, counted from one.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns what is wrong with it.
    pub fn fault(&self) -> &InvalidHostReason {
        &self.fault
    }
}

impl fmt::Display for InvalidHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            return write!(f, "number {} {}", self.number, self.fault);
        }
        write!(f, "number {}, `{}`, {}", self.number, self.text, self.fault)
    }
}

/// The reason why a host is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHostReason {
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It does not begin with a scheme.
    #[error("has no scheme: write http://host:port")]
    MissingScheme,
    /// Its scheme is not supported.
    #[error("has the unknown scheme `{0}`")]
    UnknownScheme(String),
    /// It requires TLS, and the library was built without TLS support.
    #[error("requires TLS, which needs the feature `rustls-ring` of `arango` or of `arango-transport`")]
    Tls,
    /// The path of the Unix socket is missing or not absolute.
    #[error("has no absolute path of a Unix socket: write unix:///run/arangodb.sock")]
    SocketPath,
    /// It is a Unix socket, which this system does not support.
    #[error("names a Unix socket, which this system does not support")]
    Socket,
    /// The host is missing or contains invalid characters.
    ///
    /// These are characters that a host name cannot contain.
    #[error("has no valid host name or address")]
    Host,
    /// Its IPv6 address has no brackets, or only one.
    #[error("needs brackets around its IPv6 address")]
    Brackets,
    /// The port is not a number between 1 and 65535.
    #[error("has the invalid port `{0}`")]
    Port(String),
    /// The zone of the IPv6 address is missing or contains invalid characters.
    #[error("has no valid zone after the `%` of its address")]
    Zone,
    /// Hosts are separated by something other than a comma.
    #[error("contains a `;` or a blank; hosts are separated by commas")]
    Separator,
    /// It has a path of the ArangoDB API.
    ///
    /// The client adds those paths itself.
    #[error("has a path of the ArangoDB API; give the host alone")]
    Path,
    /// Its path cannot be used as a prefix of request paths.
    #[error("has a path that cannot be a prefix: write it plainly, as in https://example.com:443/arango")]
    Prefix,
    /// It has a query.
    #[error("has a query; give the host alone")]
    Query,
    /// It has a fragment.
    #[error("has a fragment; give the host alone")]
    Fragment,
    /// It contains a user or a password.
    ///
    /// These would be displayed along with the address.
    #[error("contains credentials; pass them to the client separately")]
    Credentials,
}
