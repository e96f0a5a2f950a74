//! One endpoint, as the table has it.

use http::Method;

/// Who may ask: no less will do, and more always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    Anybody,
    /// Who may enter the database.
    User,
    /// Who may write to `_system`.
    Admin,
    Superuser,
}

/// How a good answer looks. Keys are all that there are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// `error`, `code` and these.
    Flat(&'static [&'static str]),
    /// `error`, `code`, and `result` with these.
    Result(&'static [&'static str]),
    /// `error`, `code` and any `result`: a value, an array, or an object whose keys are names.
    AnyResult,
    /// `error` and `code` alone.
    Done,
    /// These and no others.
    Raw(&'static [&'static str]),
    /// These among others, which depend on the version or are names.
    RawWith(&'static [&'static str]),
    /// Text that does not pretend to be JSON.
    Text,
    /// A refusal with this error number, which everybody who may ask gets.
    Refused(u64),
    /// This, as it stands.
    Body(&'static str),
}

/// How an endpoint is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// 404 without a word, and the connection is closed.
    NoHandler,
    /// `invalid command`.
    Command,
    /// A handler that has other paths.
    Path,
    /// A path that has other methods.
    Method,
}

/// Major, minor, patch and hotfix.
type Patch = (u32, u32, u32, u32);

/// An endpoint with a request that succeeds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) body: &'static str,
    pub(super) may: May,
    pub(super) status: u16,
    pub(super) shape: Shape,
    /// The first patch of each line that has it, and how it is not there before.
    pub(super) since: Option<(&'static [Patch], Absent)>,
    /// How it is not there from 4.0 on.
    pub(super) gone_in_4: Option<Absent>,
    /// Whether it refuses the methods that it does not have.
    pub(super) has_own_methods: bool,
}

impl Row {
    pub(super) const fn new(
        method: &'static str,
        path: &'static str,
        may: May,
        status: u16,
        shape: Shape,
    ) -> Self {
        Self {
            method,
            path,
            body: "",
            may,
            status,
            shape,
            since: None,
            gone_in_4: None,
            has_own_methods: true,
        }
    }

    pub(super) const fn with(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    pub(super) const fn since(mut self, patches: &'static [Patch], before: Absent) -> Self {
        self.since = Some((patches, before));
        self
    }

    pub(super) const fn gone_in_4(mut self, after: Absent) -> Self {
        self.gone_in_4 = Some(after);
        self
    }

    /// Takes methods that the table does not name, in some versions or with answers of their own.
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
        if let Some(gone) = self.gone_in_4.filter(|_| is_4) {
            return Some(gone);
        }
        let (patches, before) = self.since?;
        let own = patches.iter().find(|patch| (patch.0, patch.1) == line);
        let is_there = match own {
            Some(patch) => version >= *patch,
            None => patches.iter().all(|patch| (patch.0, patch.1) < line),
        };
        (!is_there).then_some(before)
    }

    /// Status and error number for a method that it does not have.
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
