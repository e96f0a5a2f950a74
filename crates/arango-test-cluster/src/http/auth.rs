//! Who asks, and what they may see.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::request::Request;
use crate::state::sessions::Sessions;
use crate::state::users::{Level, Users};

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody that is known; the reasons are never told.
    Anonymous,
    /// A user, by password, access token or JSON web token.
    User(String),
    /// The bearer of a token without a user, or anybody when authentication is off.
    Superuser,
}

impl Caller {
    /// Reads the `Authorization` header; it never fails, it only identifies or does not.
    ///
    /// `coordinator` is the index of the one that was asked: each verifies with its own secrets.
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
            return Self::by_password(credentials.trim(), users, now).unwrap_or(Self::Anonymous);
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

    fn by_password(credentials: &str, users: &Users, now: u64) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        users.verify(user, password, now).map(Self::User)
    }

    /// What the caller may do in a database.
    pub(crate) fn level(&self, database: &str, users: &Users) -> Level {
        match self {
            Self::Anonymous => Level::None,
            Self::User(user) => users.level(user, database),
            Self::Superuser => Level::ReadWrite,
        }
    }

    /// Whether the caller may administrate the cluster: writing to `_system`.
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

/// The token of an `Authorization` header, if it holds one.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
