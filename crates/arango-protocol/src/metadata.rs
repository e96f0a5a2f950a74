//! Static metadata of an operation.

use std::time::Duration;

use http::Method;
use http::uri::PathAndQuery;

use crate::version::ServerVersion;

/// Whether a request may be retried if its outcome is unknown.
///
/// Decided before the first attempt, never guessed after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestClass {
    /// Has no effect on the server.
    Safe,
    /// A second copy, however late, never overwrites or removes newer data.
    ///
    /// Such as a write under a key that the client chose, with the expected revision or a higher version, or a removal
    /// by id. So it may be repeated even while its first copy may still run. The copy may bring back what was removed
    /// meanwhile.
    Fenced,
    /// Repeating it ends in the same state; only the response may differ.
    ///
    /// A copy that runs late may overwrite what was written meanwhile.
    Idempotent,
    /// Everything else: a second execution is a second effect.
    NonIdempotent,
}

impl RequestClass {
    /// All classes, those that may be repeated more often first.
    pub const ALL: [Self; 4] = [Self::Safe, Self::Fenced, Self::Idempotent, Self::NonIdempotent];

    /// Returns the class of a request when only its method is known.
    ///
    /// `GET`, `HEAD` and `OPTIONS` are [`Safe`](Self::Safe); all others count as
    /// [`NonIdempotent`](Self::NonIdempotent).
    #[must_use]
    pub fn of_method(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Safe,
            _ => Self::NonIdempotent,
        }
    }
}

/// What an operation acts on, and so where it may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole cluster: any coordinator may serve it.
    Cluster,
    /// One database: any coordinator may serve it, under the database's path.
    Database,
    /// The coordinator that receives it.
    ///
    /// An operation that changes something there is never sent to another one.
    Coordinator,
}

/// The permission that the caller needs, as documented by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// No login is needed.
    None,
    /// Any logged-in user.
    Authenticated,
    /// Write access to the database or collection that it acts on.
    Write,
    /// Write access to the database `_system`, or a superuser token.
    Admin,
    /// A token signed with the cluster's secret, without a user.
    Superuser,
}

/// The oldest supported server version.
const OLDEST_SUPPORTED: &str = "3.10.0";

/// Static metadata of an operation, known before it is sent.
///
/// Created by one of the constructors named after the method, and refined by the other methods:
///
/// ```
/// use arango_protocol::{Metadata, Permission, RequestClass};
/// use std::time::Duration;
///
/// const METADATA: Metadata = Metadata::put("cluster.set_maintenance", "/_admin/cluster/maintenance")
///     .idempotent()
///     .server_timeout(Duration::from_secs(150))
///     .permission(Permission::Admin);
/// assert_eq!(METADATA.class, RequestClass::Idempotent);
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
#[non_exhaustive]
pub struct Metadata {
    /// The name in errors and spans, such as `cluster.health`.
    pub name: &'static str,
    /// The method of the request.
    pub method: Method,
    /// The path without host and database; `{name}` is a path parameter.
    pub path: &'static str,
    /// Whether it may be retried; [`Operation::properties`](crate::Operation::properties) may refine it.
    pub class: RequestClass,
    /// What it acts on.
    pub scope: Scope,
    /// How long the server itself may block.
    ///
    /// An attempt may take at least this long, and the whole call this much longer. `None`: the server responds at
    /// once.
    pub server_timeout: Option<Duration>,
    /// Statuses of 400 and above that count as successes.
    pub success_statuses: &'static [u16],
    /// The first server version that has it; `None`: every supported version.
    pub since: Option<&'static str>,
    /// Patch releases of earlier release lines that have it too.
    ///
    /// `3.11.11` means 3.11 from there on.
    pub backported_to: &'static [&'static str],
    /// The first server version that no longer has it.
    pub removed_in: Option<&'static str>,
    /// The permission that the caller needs.
    pub permission: Permission,
    /// Whether the server accepts it only in the database `_system`.
    ///
    /// That holds regardless of the handle's database.
    pub system_only: bool,
    /// Whether it shuts down the server that executes it.
    pub stops_server: bool,
    /// Whether the coordinator relays it to the server that the request names.
    pub relayed: bool,
    /// Whether the body names the collections that it is about, and the path does not.
    pub collections_in_body: bool,
    /// The path again, validated at compile time instead of with each request.
    checked: PathAndQuery,
    /// Whether the path has parameters; also determined at compile time.
    pub(crate) has_params: bool,
    /// Whether the request has a body.
    pub(crate) has_body: bool,
}

impl Metadata {
    /// Describes a `GET`: [`Safe`](RequestClass::Safe).
    #[must_use]
    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::GET, path, RequestClass::Safe)
    }

    /// Describes a `HEAD`: [`Safe`](RequestClass::Safe).
    #[must_use]
    pub const fn head(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Method::HEAD, path, RequestClass::Safe)
    }

    /// Describes a `POST` with a body: [`NonIdempotent`](RequestClass::NonIdempotent) by default.
    #[must_use]
    pub const fn post(name: &'static str, path: &'static str) -> Self {
        let mut metadata = Self::new(name, Method::POST, path, RequestClass::NonIdempotent);
        metadata.has_body = true;
        metadata
    }

    /// Describes a `PUT` with a body: [`NonIdempotent`](RequestClass::NonIdempotent) by default.
    #[must_use]
    pub const fn put(name: &'static str, path: &'static str) -> Self {
        let mut metadata = Self::new(name, Method::PUT, path, RequestClass::NonIdempotent);
        metadata.has_body = true;
        metadata
    }

    /// Describes a `PATCH` with a body: [`NonIdempotent`](RequestClass::NonIdempotent) by default.
    #[must_use]
    pub const fn patch(name: &'static str, path: &'static str) -> Self {
        let mut metadata = Self::new(name, Method::PATCH, path, RequestClass::NonIdempotent);
        metadata.has_body = true;
        metadata
    }

    /// Describes a `DELETE`: [`NonIdempotent`](RequestClass::NonIdempotent) by default.
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
            collections_in_body: false,
            success_statuses: &[],
            since: None,
            backported_to: &[],
            removed_in: None,
            permission: Permission::Authenticated,
            system_only: false,
            stops_server: false,
            checked: PathAndQuery::from_static(path),
            has_params: has_params(path),
            has_body: false,
        }
    }

    /// Returns whether some supported server versions lack it; 3.10.0 is the oldest.
    #[must_use]
    pub const fn is_version_dependent(&self) -> bool {
        match self.since {
            _ if self.removed_in.is_some() => true,
            Some(since) => !is_same(since.as_bytes(), OLDEST_SUPPORTED.as_bytes()),
            None => false,
        }
    }

    /// Returns whether a server of this version certainly lacks it.
    ///
    /// For a pre-release build of the version that adds or removes it, nothing is certain.
    #[must_use]
    pub fn is_unsupported_by(&self, version: &ServerVersion) -> bool {
        version.is_unsupported(self.since, self.backported_to, self.removed_in)
    }

    /// Returns whether every request is the same: the path has no parameters, and there is no body.
    pub(crate) const fn has_constant_request(self) -> bool {
        let constant = !self.has_params && !self.has_body;
        // A constant function cannot drop `self`.
        std::mem::forget(self);
        constant
    }

    /// Returns the method and the path; the path is only valid to send if it has no parameters.
    pub(crate) fn into_method_and_path(self) -> (Method, PathAndQuery) {
        (self.method, self.checked)
    }

    /// Declares that it has no effect on the server.
    ///
    /// This holds regardless of its method.
    #[must_use]
    pub const fn safe(mut self) -> Self {
        self.class = RequestClass::Safe;
        self
    }

    /// Declares that a second copy, however late, never overwrites or removes newer data.
    #[must_use]
    pub const fn fenced(mut self) -> Self {
        self.class = RequestClass::Fenced;
        self
    }

    /// Declares that repeating it ends in the same state.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.class = RequestClass::Idempotent;
        self
    }

    /// Declares that the request has no body.
    ///
    /// For a `POST`, `PUT` or `PATCH`.
    #[must_use]
    pub const fn without_body(mut self) -> Self {
        self.has_body = false;
        self
    }

    /// Declares what it acts on.
    #[must_use]
    pub const fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Declares how long the server itself may block before it responds.
    #[must_use]
    pub const fn server_timeout(mut self, timeout: Duration) -> Self {
        self.server_timeout = Some(timeout);
        self
    }

    /// Declares statuses of 400 and above that count as successes.
    ///
    /// They are passed to [`Operation::output`](crate::Operation::output) instead of being returned as errors.
    #[must_use]
    pub const fn accept_statuses(mut self, statuses: &'static [u16]) -> Self {
        self.success_statuses = statuses;
        self
    }

    /// Declares that the coordinator relays it to a named server.
    ///
    /// The request names the server. The coordinator responds 503 with error 1478 if it knows no such server.
    #[must_use]
    pub const fn relayed(mut self) -> Self {
        self.relayed = true;
        self
    }

    /// Declares that the body names the collections that it is about, and the path does not.
    ///
    /// A collection that the client has just created is then looked for in the body if a coordinator does not know it yet.
    #[must_use]
    pub const fn collections_in_body(mut self) -> Self {
        self.collections_in_body = true;
        self
    }

    /// Declares the first server version that has it.
    #[must_use]
    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = Some(version);
        self
    }

    /// Declares patch releases of earlier release lines that have it too.
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

    /// Declares that the server accepts it only in the database `_system`.
    ///
    /// A client sends it there even if it was called through a handle on another database.
    #[must_use]
    pub const fn system_only(mut self) -> Self {
        self.system_only = true;
        self
    }

    /// Declares that it shuts down the server that executes it.
    ///
    /// A client drains that server.
    #[must_use]
    pub const fn stops_server(mut self) -> Self {
        self.stops_server = true;
        self
    }

    /// Declares the permission that the caller needs.
    #[must_use]
    pub const fn permission(mut self, permission: Permission) -> Self {
        self.permission = permission;
        self
    }
}

/// Returns whether two texts are the same; `==` is not constant.
const fn is_same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, rest @ ..], [second, other_rest @ ..]) = (one, other)
        && *first == *second
    {
        (one, other) = (rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}

/// Returns whether a path contains a `{`.
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
    fn an_operation_that_every_version_has_is_not_version_dependent() {
        const METADATA: Metadata = Metadata::get("t.t", "/t");
        assert!(!METADATA.is_version_dependent() && !METADATA.since("3.10.0").is_version_dependent());
        assert!(
            METADATA.since("3.10.1").is_version_dependent()
                && METADATA.removed_in("4.0.0").is_version_dependent()
        );
        assert!(!METADATA.since("3.10.1").is_unsupported_by(&"3.10.1".parse().unwrap()));
    }

    #[test]
    fn only_reading_methods_are_safe_by_default() {
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
