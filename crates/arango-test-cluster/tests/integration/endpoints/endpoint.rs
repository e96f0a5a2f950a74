//! An endpoint, as a row of the table.

use http::Method;

/// The least permission that an endpoint needs. A higher one always suffices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Anonymous,
    /// Any user who has access to the database.
    User,
    /// Any user who can write to `_system`.
    Admin,
    Superuser,
}

/// The form of a successful response. Its keys are complete.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// `error`, `code` and these keys.
    Flat(&'static [&'static str]),
    /// `error`, `code`, and `result` with these keys.
    Result(&'static [&'static str]),
    /// `error`, `code` and any `result`: a value, an array, or an object whose keys are names.
    AnyResult,
    /// Only `error` and `code`.
    NoResult,
    /// These keys and no others.
    Raw(&'static [&'static str]),
    /// These keys among others, which depend on the version or are names.
    RawWith(&'static [&'static str]),
    /// Text, not JSON.
    Text,
    /// An error with this number, for every caller with permission.
    Refused(u64),
    /// This exact body.
    Body(&'static str),
}

/// The response of a server that does not have an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// An empty 404, and the connection is closed.
    NoHandler,
    /// `invalid command`.
    Command,
    /// The handler has other paths.
    Path,
    /// The path has other methods.
    Method,
}

/// Major, minor, patch and hotfix.
type Patch = (u32, u32, u32, u32);

/// An endpoint, with a request that succeeds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) body: &'static str,
    pub(super) access: Access,
    pub(super) status: u16,
    pub(super) shape: Shape,
    /// The first patch of each line that has it, and the response before.
    pub(super) since: Option<(&'static [Patch], Absent)>,
    /// The response from 4.0 on, if it was removed.
    pub(super) removed_in_4: Option<Absent>,
    /// Whether it refuses all other methods.
    pub(super) has_own_methods: bool,
}

impl Endpoint {
    pub(super) const fn new(
        method: &'static str,
        path: &'static str,
        may: Access,
        status: u16,
        shape: Shape,
    ) -> Self {
        Self {
            method,
            path,
            body: "",
            access: may,
            status,
            shape,
            since: None,
            removed_in_4: None,
            has_own_methods: true,
        }
    }

    pub(super) const fn with_body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    pub(super) const fn since(mut self, patches: &'static [Patch], before: Absent) -> Self {
        self.since = Some((patches, before));
        self
    }

    pub(super) const fn removed_in_4(mut self, after: Absent) -> Self {
        self.removed_in_4 = Some(after);
        self
    }

    /// Marks an endpoint that accepts methods that the table does not list, in some versions or with other responses.
    pub(super) const fn any_method(mut self) -> Self {
        self.has_own_methods = false;
        self
    }

    pub(super) fn method(&self) -> Method {
        Method::from_bytes(self.method.as_bytes()).expect("a method")
    }

    pub(super) fn bare_path(&self) -> &'static str {
        self.path.split_once('?').map_or(self.path, |(path, _)| path)
    }

    pub(super) fn absent_in(&self, version: &str) -> Option<Absent> {
        let version = numbers(version);
        let (line, is_4) = ((version.0, version.1), version.0 >= 4);
        if let Some(removed) = self.removed_in_4.filter(|_| is_4) {
            return Some(removed);
        }
        let (patches, before) = self.since?;
        let own = patches.iter().find(|patch| (patch.0, patch.1) == line);
        let is_there = match own {
            Some(patch) => version >= *patch,
            None => patches.iter().all(|patch| (patch.0, patch.1) < line),
        };
        (!is_there).then_some(before)
    }

    /// Returns the status and error number for a method that it does not have.
    pub(super) fn wrong_method(&self) -> (u16, u64) {
        match self.bare_path() {
            "/_admin/metrics" | "/_admin/metrics/v2" | "/_admin/usage-metrics" => (400, 405),
            "/_admin/server/tls" => (403, 11),
            _ => (405, 405),
        }
    }
}

fn numbers(version: &str) -> Patch {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next(), next())
}
