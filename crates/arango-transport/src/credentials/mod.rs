//! Credentials: passwords, tokens and token sources.

pub(crate) mod pending_login;
pub(crate) mod secret_file;
pub(crate) mod session;
#[cfg(feature = "jwt-sign")]
pub(crate) mod superuser;
pub(crate) mod token_file;
pub(crate) mod token_source;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;

use crate::credentials::session::{Session, Source};
use crate::credentials::token_source::TokenSource;
use crate::types::token::{Token, bearer, sensitive};

/// The credentials of a client or a call.
///
/// Their content is never printed. Clones of a [login](Self::jwt) share one token. They are sent only to the
/// coordinators that the user listed and to those that [discovery](crate::Discovery) found.
#[derive(Clone, Default)]
pub struct Credentials(pub(crate) Kind);

#[derive(Clone, Default)]
pub(crate) enum Kind {
    #[default]
    None,
    /// A constant value of the `Authorization` header.
    Fixed(HeaderValue),
    /// A token supplied by the caller.
    Token(Arc<Token>),
    /// A token that is fetched or created, and renewed.
    Session(Arc<Session>),
}

impl Credentials {
    /// Returns empty credentials, for servers without authentication.
    pub const fn none() -> Self {
        Self(Kind::None)
    }

    /// Creates credentials from a user and a password, sent with every request.
    ///
    /// The user name must not contain a colon, which separates user and password. Otherwise the server
    /// rejects the credentials.
    pub fn basic(user: &str, password: &str) -> Self {
        let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let value = HeaderValue::try_from(format!("Basic {login}"));
        Self(Kind::Fixed(sensitive(value.expect("base64 is a valid header value"))))
    }

    /// Creates credentials from a user and a password, exchanged for a token.
    ///
    /// The first call logs in. All calls wait for the login and then send only the token. The token is renewed in
    /// the background before it expires, and once when a coordinator rejects it. If authentication is
    /// disabled on the server, requests are sent without a token.
    pub fn jwt(user: &str, password: &str) -> Self {
        let source = Source::Login { user: user.to_owned(), password: password.into() };
        Self(Kind::Session(Arc::new(Session::new(source))))
    }

    /// Creates credentials from an existing user or superuser token.
    ///
    /// The token is never renewed.
    ///
    /// # Errors
    ///
    /// If the token contains characters that an HTTP header cannot contain.
    pub fn token(token: &str) -> Result<Self, InvalidToken> {
        let value = bearer(token).map_err(|_| InvalidToken(()))?;
        Ok(Self(Kind::Token(Arc::new(Token::fixed(value)))))
    }

    /// Creates credentials from a token source, such as `Superuser` (feature `jwt-sign`).
    ///
    /// Tokens are renewed like those of a [login](Self::jwt): before they expire, and once when a coordinator
    /// rejects one.
    pub fn from_source(source: impl TokenSource) -> Self {
        Self(Kind::Session(Arc::new(Session::new(Source::Source(Arc::new(source))))))
    }

    /// Creates superuser credentials from the cluster's JWT secret; see [`Superuser`](crate::Superuser).
    #[cfg(feature = "jwt-sign")]
    pub fn superuser(secret: &str) -> Self {
        Self::from_source(superuser::Superuser::from_secret(secret))
    }
}

impl Credentials {
    /// Returns the user name, if known; it is not known for tokens.
    pub(crate) fn user(&self) -> Option<String> {
        match &self.0 {
            Kind::None | Kind::Token(_) => None,
            Kind::Fixed(value) => {
                let login = value.to_str().ok()?.strip_prefix("Basic ")?;
                let login = String::from_utf8(BASE64_STANDARD.decode(login).ok()?).ok()?;
                login.split_once(':').map(|(user, _)| user.to_owned())
            }
            Kind::Session(session) => match &session.source {
                Source::Login { user, .. } => Some(user.clone()),
                Source::Source(_) => None,
            },
        }
    }
}

/// The error of a token that an HTTP header cannot contain.
///
/// The token is not displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token holds characters that an HTTP header cannot hold, such as a line break")]
pub struct InvalidToken(());

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::None => "Credentials(none)",
            Kind::Fixed(_) => "Credentials(fixed)",
            Kind::Token(_) => "Credentials(token)",
            Kind::Session(_) => "Credentials(session)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    #[test]
    fn credentials_are_not_printed() {
        for credentials in [
            Credentials::basic("root", "s3cret"),
            Credentials::jwt("root", "s3cret"),
            Credentials::token("s3cret").unwrap(),
            #[cfg(feature = "jwt-sign")]
            Credentials::superuser("s3cret"),
        ] {
            let call = Call::with_name("x").credentials(credentials.clone());
            let printed = format!("{credentials:?} {call:?}");
            assert!(!printed.contains("s3cret") && !printed.contains("cm9vdDpzM2NyZXQ="), "{printed}");
        }
        let Kind::Fixed(value) = Credentials::basic("root", "s3cret").0 else { panic!("it is fixed") };
        assert_eq!(value, "Basic cm9vdDpzM2NyZXQ=");
        assert!(value.is_sensitive());
        assert!(Credentials::token("a\nb").is_err());
    }

    #[test]
    fn the_user_is_known_for_logins_only() {
        for (credentials, user) in [
            (Credentials::basic("anna", "a:b"), Some("anna")),
            (Credentials::jwt("anna", "b"), Some("anna")),
            (Credentials::token("abc").unwrap(), None),
            (Credentials::none(), None),
        ] {
            assert_eq!(credentials.user().as_deref(), user);
        }
    }
}
