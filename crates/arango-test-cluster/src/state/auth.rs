//! Authentication of requests, and the caller's permissions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::request::Request;
use crate::state::grants::{Grants, Level};
use crate::state::sessions::Sessions;
use crate::state::users::Users;

/// The caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Not authenticated. The reason is never reported.
    Anonymous,
    /// A user, by password, access token or JSON web token.
    User(String),
    /// The bearer of a token without a user, or any caller without authentication.
    Superuser,
}

impl Caller {
    /// Reads the `Authorization` header. Invalid credentials give an anonymous caller, not an error.
    ///
    /// `coordinator` is the index of the receiving coordinator: each verifies with its own secrets.
    pub(crate) fn identify(
        request: &Request,
        sessions: &Sessions,
        coordinator: usize,
        users: &Users,
        now: u64,
    ) -> Self {
        let header = request.header("authorization").unwrap_or_default();
        let (scheme, credentials) = header.split_once(' ').unwrap_or_default();
        if scheme.eq_ignore_ascii_case("basic") {
            return Self::authenticate_basic(credentials.trim(), users, now).unwrap_or(Self::Anonymous);
        }
        let Some(token) = bearer(header) else { return Self::Anonymous };
        match sessions.verify(coordinator, token, now) {
            Some(claims)
                if claims.allowed_paths.as_ref().is_some_and(|paths| !paths.contains(&request.path)) =>
            {
                Self::Anonymous
            }
            Some(claims) => match claims.user {
                Some(user) if users.is_active(&user) => Self::User(user),
                Some(_) => Self::Anonymous,
                None => Self::Superuser,
            },
            None => Self::Anonymous,
        }
    }

    fn authenticate_basic(credentials: &str, users: &Users, now: u64) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        users.verify(user, password, now).map(Self::User)
    }

    /// Returns the caller's access level in a database.
    pub(crate) fn level(&self, database: &str, users: &Users) -> Level {
        self.level_of(users, |grants| grants.database_level(database))
    }

    /// Returns the caller's access level in databases without a grant.
    pub(crate) fn default_level(&self, users: &Users) -> Level {
        self.level_of(users, Grants::default_level)
    }

    /// Returns the caller's access level in a collection.
    pub(crate) fn collection_level(&self, database: &str, collection: &str, users: &Users) -> Level {
        self.level_of(users, |grants| grants.collection_level(database, collection))
    }

    fn level_of(&self, users: &Users, level: impl FnOnce(&Grants) -> Level) -> Level {
        match self {
            Self::Anonymous => Level::None,
            Self::User(user) => users.grants(user).map_or(Level::None, level),
            Self::Superuser => Level::ReadWrite,
        }
    }

    /// Returns whether the caller is an administrator. This takes write access to `_system`.
    pub(crate) fn is_admin(&self, users: &Users) -> bool {
        self.level("_system", users) == Level::ReadWrite
    }

    pub(crate) fn is_superuser(&self) -> bool {
        matches!(self, Self::Superuser)
    }

    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(user),
            Self::Anonymous | Self::Superuser => None,
        }
    }
}

/// Returns the token of an `Authorization` header, if it has one.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
