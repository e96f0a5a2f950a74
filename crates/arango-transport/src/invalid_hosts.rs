//! Hosts that cannot be used, and what is said of them.

use std::fmt;

/// What was written where a host was expected, fit to be shown: a query may hold a password, and so
/// may all that stands before an `@`.
pub(crate) fn without_secrets(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{}", host.split(['?', '#']).next().unwrap_or_default()),
        None => text.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

/// A list of hosts that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHosts {
    pub(crate) faults: Vec<InvalidHost>,
}

impl InvalidHosts {
    /// The items that cannot be used; none if the list is empty.
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

/// One item of a list of hosts that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHost {
    pub(crate) number: usize,
    pub(crate) text: String,
    pub(crate) fault: HostFault,
}

impl InvalidHost {
    /// A bad host in a text that holds credentials: any of it may be part of a password.
    pub(crate) fn secret(number: usize, text: &str) -> Self {
        let text = if text.contains('@') { without_secrets(text.trim()) } else { "…".to_owned() };
        Self { number, text, fault: HostFault::Credentials }
    }

    /// Its place in the list, counted from one.
    pub fn number(&self) -> usize {
        self.number
    }

    /// What is wrong with it.
    pub fn fault(&self) -> &HostFault {
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

/// What can be wrong with a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostFault {
    /// There is nothing.
    #[error("is empty")]
    Empty,
    /// It does not begin with a scheme.
    #[error("has no scheme: write http://host:port")]
    MissingScheme,
    /// It begins with a scheme that is none of ours.
    #[error("has the unknown scheme `{0}`")]
    UnknownScheme(String),
    /// It asks for TLS, and the library was built without.
    #[error(
        "asks for TLS, which needs the feature `rustls-ring` of `arango`, or `ring` of `arango-transport`"
    )]
    Tls,
    /// It names no absolute path where it should name a Unix socket.
    #[error("has no absolute path of a Unix socket: write unix:///run/arangodb.sock")]
    SocketPath,
    /// It names a Unix socket, and this system has none.
    #[error("names a Unix socket, and this system has none")]
    Socket,
    /// The host is missing or holds what no host name can.
    #[error("has no valid host name or address")]
    Host,
    /// An IPv6 address without brackets, or with one only.
    #[error("needs brackets around its IPv6 address")]
    Brackets,
    /// The port is no number between 1 and 65535.
    #[error("has the bad port `{0}`")]
    Port(String),
    /// The zone of an IPv6 address is missing or holds what no zone can.
    #[error("has no valid zone after the `%` of its address")]
    Zone,
    /// Something other than a comma stands between hosts.
    #[error("holds a `;` or a blank; hosts are separated by commas")]
    Separator,
    /// There is a path of ArangoDB's own, though the client makes all of those.
    #[error("has a path of ArangoDB's; give the host alone")]
    Path,
    /// There is a path that cannot be put before every other.
    #[error("has a path that cannot be a prefix: write it plainly, as in https://example.com:443/arango")]
    Prefix,
    /// There is a query.
    #[error("has a query; give the host alone")]
    Query,
    /// There is a fragment.
    #[error("has a fragment; give the host alone")]
    Fragment,
    /// There is a user or a password, which would end up wherever the address is shown.
    #[error("holds credentials; give them to the client on their own")]
    Credentials,
}
