//! What is known of an operation before it is sent.

use std::time::Duration;

use http::Method;
use http::uri::PathAndQuery;

use crate::ServerVersion;

/// Says whether a request may be sent again when nobody knows if it was executed.
///
/// Decided before the first attempt, never guessed after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestClass {
    /// Has no effect on the server.
    Safe,
    /// Ends in the same state however often it runs; only the answer may differ.
    Idempotent,
    /// Everything else: a second copy is a second effect.
    NonIdempotent,
}

impl RequestClass {
    /// The class of a request of which only the method is known.
    ///
    /// `GET`, `HEAD` and `OPTIONS` are [`Safe`](Self::Safe); all others are taken for
    /// [`NonIdempotent`](Self::NonIdempotent).
    #[must_use]
    pub fn of_method(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Safe,
            _ => Self::NonIdempotent,
        }
    }
}

/// Says on whom an operation acts, and so where it may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole cluster: any coordinator may answer.
    Cluster,
    /// One database: any coordinator may answer, under the database's path.
    Database,
    /// The coordinator that answers. What changes something there is never sent to another.
    Coordinator,
}

/// Says what a caller must be allowed, as the server documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Nobody needs to be logged in.
    None,
    /// Any user who is logged in.
    Authenticated,
    /// Write access to the database that it acts on, or to the collection.
    Write,
    /// Write access to the database `_system`, or a superuser token.
    Admin,
    /// A token made from the cluster's secret, without a user.
    Superuser,
}

/// The oldest version that is supported.
const OLDEST: &str = "3.10.0";

/// What is known of an operation before it is sent.
///
/// Made by one of the constructors named after the method and refined by the others:
///
/// ```
/// use arango_protocol::{Metadata, Permission, RequestClass};
/// use std::time::Duration;
///
/// const METADATA: Metadata = Metadata::put("cluster.set_maintenance", "/_admin/cluster/maintenance")
///     .idempotent()
///     .patience(Duration::from_secs(150))
///     .permission(Permission::Admin);
/// assert_eq!(METADATA.class, RequestClass::Idempotent);
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[non_exhaustive]
pub struct Metadata {
    /// What errors and spans call it, such as `cluster.health`.
    pub name: &'static str,
    /// The method of the request.
    pub method: Method,
    /// The path without host and database; `{name}` stands for a segment to be filled in.
    pub path: &'static str,
    /// Whether it may be sent again; [`Operation::class`](crate::Operation::class) may refine it.
    pub class: RequestClass,
    /// On whom it acts.
    pub scope: Scope,
    /// How long the server itself may block; raises the attempt and total timeouts to at least
    /// this. `None`: it answers at once.
    pub server_timeout: Option<Duration>,
    /// Statuses of 400 and above that are answers rather than errors.
    pub success_statuses: &'static [u16],
    /// The first server version that has it; `None`: all that are supported.
    pub since: Option<&'static str>,
    /// Versions of earlier lines that were given it later: `3.11.11` says that 3.11 has it from there on.
    pub backported_to: &'static [&'static str],
    /// The first server version that no longer has it.
    pub removed_in: Option<&'static str>,
    /// What the caller must be allowed.
    pub permission: Permission,
    /// Whether the server takes it in the database `_system` alone, whichever database a handle is of.
    pub system_only: bool,
    /// Whether the server that executes it is about to go.
    pub stops_server: bool,
    /// Whether the coordinator passes it on to the server that the request names.
    pub relayed: bool,
    /// The path once more, checked when the program is compiled rather than with each request.
    checked: PathAndQuery,
    /// Whether something is to be filled in; found out when the program is compiled, too.
    pub(crate) has_params: bool,
}

impl Metadata {
    /// A `GET`: [`Safe`](RequestClass::Safe).
    #[must_use]
    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::GET, path, RequestClass::Safe)
    }

    /// A `POST`: [`NonIdempotent`](RequestClass::NonIdempotent) unless said otherwise.
    #[must_use]
    pub const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::POST, path, RequestClass::NonIdempotent)
    }

    /// A `PUT`: [`NonIdempotent`](RequestClass::NonIdempotent) unless said otherwise.
    #[must_use]
    pub const fn put(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::PUT, path, RequestClass::NonIdempotent)
    }

    /// A `PATCH`: [`NonIdempotent`](RequestClass::NonIdempotent) unless said otherwise.
    #[must_use]
    pub const fn patch(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::PATCH, path, RequestClass::NonIdempotent)
    }

    /// A `DELETE`: [`NonIdempotent`](RequestClass::NonIdempotent) unless said otherwise.
    #[must_use]
    pub const fn delete(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::DELETE, path, RequestClass::NonIdempotent)
    }

    const fn new(name: &'static str, method: Method, path: &'static str, class: RequestClass) -> Self {
        Self {
            name,
            method,
            path,
            class,
            scope: Scope::Cluster,
            server_timeout: None,
            relayed: false,
            success_statuses: &[],
            since: None,
            backported_to: &[],
            removed_in: None,
            permission: Permission::Authenticated,
            system_only: false,
            stops_server: false,
            checked: PathAndQuery::from_static(path),
            has_params: has_params(path),
        }
    }

    /// Whether there are servers that lack it, among those that are supported: 3.10.0 is the oldest.
    #[must_use]
    pub fn is_version_dependent(&self) -> bool {
        self.removed_in.is_some() || self.since.is_some_and(|since| since != OLDEST)
    }

    /// Whether it is certain that a server of this version lacks it.
    ///
    /// Nothing is certain of a build on the way to the version that brings it, or drops it.
    #[must_use]
    pub fn is_unsupported_by(&self, version: &ServerVersion) -> bool {
        version.is_unsupported(self.since, self.backported_to, self.removed_in)
    }

    /// The path as it can be sent if there is nothing to be filled in.
    pub(crate) fn into_method_and_path(self) -> (Method, PathAndQuery) {
        (self.method, self.checked)
    }

    /// Declares that it has no effect on the server, whatever its method.
    #[must_use]
    pub const fn safe(mut self) -> Self {
        self.class = RequestClass::Safe;
        self
    }

    /// Declares that it ends in the same state however often it runs.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.class = RequestClass::Idempotent;
        self
    }

    /// Declares on whom it acts.
    #[must_use]
    pub const fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Declares how long the server itself may block before it answers.
    #[must_use]
    pub const fn server_timeout(mut self, patience: Duration) -> Self {
        self.server_timeout = Some(patience);
        self
    }

    /// Declares statuses of 400 and above to be answers, handed to
    /// [`Operation::output`](crate::Operation::output) rather than returned as errors.
    #[must_use]
    pub const fn accept_statuses(mut self, statuses: &'static [u16]) -> Self {
        self.success_statuses = statuses;
        self
    }

    /// Declares that the coordinator passes it on to the server that the request names, and answers 503 with error 1478
    /// if it knows no such server.
    #[must_use]
    pub const fn relayed(mut self) -> Self {
        self.relayed = true;
        self
    }

    /// Declares the first server version that has it.
    #[must_use]
    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = Some(version);
        self
    }

    /// Declares versions of earlier lines that were given it later.
    #[must_use]
    pub const fn backported_to(mut self, versions: &'static [&'static str]) -> Self {
        self.backported_to = versions;
        self
    }

    /// Declares the first server version that no longer has it.
    #[must_use]
    pub const fn removed_in(mut self, version: &'static str) -> Self {
        self.removed_in = Some(version);
        self
    }

    /// Declares that the server takes it in the database `_system` alone.
    ///
    /// A carrier sends it there also if it was asked under another database's path.
    #[must_use]
    pub const fn system_only(mut self) -> Self {
        self.system_only = true;
        self
    }

    /// Declares that the server that executes it is about to go, so that a carrier sends it nothing new.
    #[must_use]
    pub const fn stops_server(mut self) -> Self {
        self.stops_server = true;
        self
    }

    /// Declares what the caller must be allowed.
    #[must_use]
    pub const fn permission(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }
}

/// Whether a path has a `{`.
const fn has_params(path: &str) -> bool {
    let path = path.as_bytes();
    let mut at = 0;
    while at < path.len() {
        if path[at] == b'{' {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_oldest_server_has_and_none_dropped_is_everybodys() {
        const METADATA: Metadata = Metadata::get("t.t", "/t");
        assert!(!METADATA.is_version_dependent() && !METADATA.since("3.10.0").is_version_dependent());
        assert!(
            METADATA.since("3.10.1").is_version_dependent()
                && METADATA.removed_in("4.0.0").is_version_dependent()
        );
        assert!(!METADATA.since("3.10.1").is_unsupported_by(&"3.10.1".parse().unwrap()));
    }

    #[test]
    fn only_reading_methods_are_safe_when_nothing_else_is_known() {
        for (method, class) in [
            (Method::GET, RequestClass::Safe),
            (Method::HEAD, RequestClass::Safe),
            (Method::OPTIONS, RequestClass::Safe),
            (Method::PUT, RequestClass::NonIdempotent),
            (Method::DELETE, RequestClass::NonIdempotent),
            (Method::POST, RequestClass::NonIdempotent),
            (Method::PATCH, RequestClass::NonIdempotent),
        ] {
            assert_eq!(RequestClass::of_method(&method), class, "{method}");
        }
    }
}
