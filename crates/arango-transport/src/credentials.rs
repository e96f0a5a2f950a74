//! Who asks.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use http::header::InvalidHeaderValue;

use crate::TokenSource;
use crate::session::{Session, Source};
use crate::token::Token;

/// Who asks.
///
/// Kept as it is sent where that never changes, and never printed. Clones of a [login](Self::jwt) share
/// one token. Sent to the coordinators that the user has named, to those that they list where others are
/// [looked for](crate::Discovery), and to nobody else.
#[derive(Clone, Default)]
pub struct Credentials(pub(crate) Kind);

#[derive(Clone, Default)]
pub(crate) enum Kind {
    #[default]
    None,
    /// The value of the `Authorization` header.
    Fixed(HeaderValue),
    /// A token that the caller has.
    Token(Arc<Token>),
    /// A token that is fetched or made, and renewed.
    Session(Arc<Session>),
}

impl Credentials {
    /// Nobody in particular: for servers without authentication.
    pub const fn none() -> Self {
        Self(Kind::None)
    }

    /// A user and a password, sent with every request.
    ///
    /// A colon in the user's name would move the border between the two, so the server could not
    /// tell them apart; such a login simply fails there.
    pub fn basic(user: &str, password: &str) -> Self {
        let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let value = HeaderValue::try_from(format!("Basic {login}"));
        Self(Kind::Fixed(sensitive(value.expect("base64 holds only what a header may"))))
    }

    /// A user and a password, exchanged for a token.
    ///
    /// The first call logs in; all others wait for it and then send the token alone. It is renewed in
    /// the background before it ends, and once when a coordinator refuses it. A server with
    /// authentication switched off is asked without a token.
    pub fn jwt(user: &str, password: &str) -> Self {
        let source = Source::Login { user: user.to_owned(), password: password.into() };
        Self(Kind::Session(Arc::new(Session::new(source))))
    }

    /// A token that the caller has, of a user or of the cluster itself. It is never renewed.
    ///
    /// # Errors
    ///
    /// If it holds what no header may.
    pub fn token(token: &str) -> Result<Self, InvalidToken> {
        let value = bearer(token).map_err(|_| InvalidToken(()))?;
        Ok(Self(Kind::Token(Arc::new(Token::fixed(value)))))
    }

    /// Tokens that the program makes or finds by itself, such as those that `Superuser` signs (feature
    /// `jwt-sign`).
    ///
    /// Renewed like those of a [login](Self::jwt): before they end, and once when a coordinator refuses one.
    pub fn made_by(source: impl TokenSource) -> Self {
        Self(Kind::Session(Arc::new(Session::new(Source::Made(Arc::new(source))))))
    }

    /// Superuser tokens, signed with this secret of the cluster's: see [`Superuser`](crate::Superuser).
    #[cfg(feature = "jwt-sign")]
    pub fn superuser(secret: &str) -> Self {
        Self::made_by(crate::Superuser::from_secret(secret))
    }
}

impl Credentials {
    /// The user, where that is known: of a token it is not.
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
                Source::Made(_) => None,
            },
        }
    }
}

/// A token that no header can hold. It is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token holds characters that an HTTP header cannot hold, such as a line break")]
pub struct InvalidToken(());

/// The value of the `Authorization` header for a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::try_from(format!("bearer {token}")).map(sensitive)
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

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
    use crate::Call;

    #[test]
    fn credentials_are_not_printed() {
        for credentials in [
            Credentials::basic("root", "s3cret"),
            Credentials::jwt("root", "s3cret"),
            Credentials::token("s3cret").unwrap(),
            #[cfg(feature = "jwt-sign")]
            Credentials::superuser("s3cret"),
        ] {
            let call = Call::named("x").credentials(&credentials);
            let printed = format!("{credentials:?} {call:?}");
            assert!(!printed.contains("s3cret") && !printed.contains("cm9vdDpzM2NyZXQ="), "{printed}");
        }
        let Kind::Fixed(value) = Credentials::basic("root", "s3cret").0 else { panic!("it is fixed") };
        assert_eq!(value, "Basic cm9vdDpzM2NyZXQ=");
        assert!(value.is_sensitive());
        assert!(Credentials::token("a\nb").is_err());
    }

    #[test]
    fn the_user_is_known_where_there_is_a_login() {
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
