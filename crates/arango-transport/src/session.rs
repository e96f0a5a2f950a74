//! A session: one token for all calls, fetched once however many ask for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::{ErrorNumber, LogIn};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::connect::BoxFuture;
use crate::pending_login::{Ending, Panicked, UnderWay, caught};
use crate::token::Token;
use crate::token_source::TokenSource;
use crate::{BoxError, Coordinator, Error, ErrorKind};

/// The first time for which a wrong password, or a source that panicked, is not tried again; for a wrong password it
/// doubles up to [`HOLD_OFF_CAP`].
const HOLD_OFF: Duration = Duration::from_secs(1);
const HOLD_OFF_CAP: Duration = Duration::from_secs(30);

/// Where tokens come from, and the one that came last.
pub(crate) struct Session {
    pub(crate) source: Source,
    state: Mutex<State>,
}

/// Where a session's tokens come from.
pub(crate) enum Source {
    /// A user who logs in.
    Login { user: String, password: SecretString },
    /// Something that makes them here.
    Made(Arc<dyn TokenSource>),
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// The login that is under way.
    login: Option<Arc<UnderWay>>,
    /// Until when an early renewal that failed is not tried again.
    rests_until: Option<Instant>,
    /// Why no login is tried, until when, and for how long after the next wrong password.
    refused: Option<(LoginFailed, Instant, Duration)>,
}

/// What a login came to; all who waited for it are told the same.
pub(crate) type LoggedIn = Result<Arc<Token>, LoginFailed>;

/// What one login is made with: a token, none if the server wants none, or why there is none.
pub(crate) type LoginFuture = BoxFuture<'static, Result<Option<SecretString>, LoginError>>;

/// Why a login came to nothing.
pub(crate) enum LoginError {
    /// No coordinator could be made to give a token.
    Call(Error),
    /// The source made none.
    Source(BoxError),
}

impl LoginError {
    /// What is told of it where there is no room for more.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(error) if refuses_password(error) => "BadCredentials",
            Self::Call(_) => "Login",
            Self::Source(_) => "TokenSource",
        }
    }
}

/// Whether a coordinator has said so of a login, whatever else went wrong with others, which may explain more.
///
/// Only ArangoDB knows its passwords: a 401 without its error object is another's.
fn refuses_password(login: &Error) -> bool {
    login.attempts().iter().any(|attempt| {
        attempt.status == Some(StatusCode::UNAUTHORIZED)
            && matches!(attempt.number, Some(ErrorNumber::HTTP_UNAUTHORIZED | ErrorNumber::FORBIDDEN))
    })
}

/// What is said of a token that no header can hold. The token itself is not shown.
const UNSENDABLE: &str =
    "the token holds characters that an HTTP header cannot hold, such as a line break: it was not sent";

/// Why there is no token.
#[derive(Clone)]
pub(crate) struct LoginFailed {
    pub(crate) kind: ErrorKind,
    pub(crate) error: Arc<dyn std::error::Error + Send + Sync>,
    /// The coordinator that refused the login, or answered last.
    pub(crate) coordinator: Option<Coordinator>,
}

impl LoginFailed {
    fn of(kind: ErrorKind, error: Error) -> Self {
        let coordinator = error.coordinator().cloned();
        Self { kind, error: Arc::new(error), coordinator }
    }

    fn because(kind: ErrorKind, error: impl Into<BoxError>) -> Self {
        Self { kind, error: error.into().into(), coordinator: None }
    }

    fn panicked() -> Self {
        Self::because(ErrorKind::Login, "the login task panicked")
    }

    fn abandoned() -> Self {
        Self::because(ErrorKind::Login, "the runtime that ran the login is gone")
    }

    fn no_runtime() -> Self {
        Self::because(ErrorKind::NoRuntime, "the login needs a tokio runtime")
    }
}

/// What a call finds when it needs a token.
enum Found {
    Token(Arc<Token>),
    /// The login that was waited for went away with its runtime.
    Abandoned {
        /// It was begun by this call.
        own: bool,
    },
}

impl Session {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// The current token, if it need not even be thought of renewing it.
    pub(crate) fn current(&self, now: Instant) -> Option<Arc<Token>> {
        let state = self.state();
        state.token.as_ref().filter(|token| token.renew_at.is_none_or(|at| now < at)).cloned()
    }

    /// The token to send: the current one, or that of a login, for which all wait together.
    ///
    /// With `refused` a newer one than that generation; `chance` spreads its renewal. `login` makes the request; it
    /// is called only if no login is under way, and runs in a task of its own, so that nobody's going away ends it.
    ///
    /// A call begins at most one login. If the task of another's login goes away with its runtime, it looks once more.
    pub(crate) async fn token(
        self: &Arc<Self>,
        refused: Option<u64>,
        chance: f64,
        login: impl Fn() -> LoginFuture,
    ) -> LoggedIn {
        match self.token_once(refused, chance, &login).await? {
            Found::Token(token) => return Ok(token),
            Found::Abandoned { own: true } => return Err(LoginFailed::abandoned()),
            Found::Abandoned { own: false } => {}
        }
        match self.token_once(refused, chance, &login).await? {
            Found::Token(token) => Ok(token),
            Found::Abandoned { .. } => Err(LoginFailed::abandoned()),
        }
    }

    /// The token to send, of a login that is waited for if there is none.
    async fn token_once(
        self: &Arc<Self>,
        refused: Option<u64>,
        chance: f64,
        login: &impl Fn() -> LoginFuture,
    ) -> Result<Found, LoginFailed> {
        let (token, wait) = {
            let now = Instant::now();
            let mut state = self.state();
            let wanted = state.token.clone().filter(|token| match refused {
                Some(generation) => token.generation > generation,
                None => token.ends_at.is_none_or(|end| now < end),
            });
            let held_off = state.refused.as_ref().filter(|(_, until, _)| now < *until);
            match (wanted, held_off, &state.login) {
                (Some(token), held_off, under_way) => {
                    let due = token.renew_at.is_some_and(|at| now >= at);
                    let due = due && state.rests_until.is_none_or(|until| now >= until);
                    let begins = due && held_off.is_none() && under_way.is_none();
                    (Some(token), begins.then(|| (Self::begin(&mut state), true)))
                }
                (None, Some((failed, ..)), _) => return Err(failed.clone()),
                (None, None, Some(under_way)) => (None, Some((Arc::clone(under_way), false))),
                (None, None, None) => (None, Some((Self::begin(&mut state), true))),
            }
        };
        // Not under the lock: a runtime that is shutting down drops the task here and now.
        let begun = match &wait {
            Some((under_way, true)) => self.run(under_way, chance, login),
            _ => Ok(()),
        };
        if let Some(token) = token {
            return Ok(Found::Token(token));
        }
        begun?;
        let (under_way, own) = wait.expect("without a token there is a login");
        match under_way.ended().await {
            Some(result) => result.map(Found::Token),
            None => Ok(Found::Abandoned { own }),
        }
    }

    /// Announces a login, which is [run](Self::run) next.
    fn begin(state: &mut State) -> Arc<UnderWay> {
        let under_way = Arc::new(UnderWay::default());
        state.login = Some(Arc::clone(&under_way));
        under_way
    }

    /// Runs a login in a task of its own.
    fn run(
        self: &Arc<Self>,
        under_way: &Arc<UnderWay>,
        chance: f64,
        login: &impl Fn() -> LoginFuture,
    ) -> Result<(), LoginFailed> {
        let ending = Ending { session: Arc::clone(self), login: Arc::clone(under_way) };
        let Ok(runtime) = Handle::try_current() else { return Err(LoginFailed::no_runtime()) };
        let login = login();
        runtime.spawn(async move {
            let session = &ending.session;
            let result = match caught(login).await {
                Ok(answer) => session.ended(answer, chance),
                Err(Panicked) => session.panicked(),
            };
            ending.with(result);
        });
        Ok(())
    }

    /// Lets another login begin, if this is the one that is under way.
    pub(crate) fn forget(&self, login: &Arc<UnderWay>) {
        let mut state = self.state();
        if state.login.as_ref().is_some_and(|other| Arc::ptr_eq(other, login)) {
            state.login = None;
        }
    }

    /// Takes note of a login that panicked.
    fn panicked(&self) -> LoggedIn {
        let until = Instant::now() + HOLD_OFF;
        let failed = LoginFailed::panicked();
        let mut state = self.state();
        state.login = None;
        let next = state.refused.as_ref().map_or(HOLD_OFF, |(.., next)| *next);
        state.refused = Some((failed.clone(), until, next));
        Err(failed)
    }

    /// Takes note of what a login came to.
    fn ended(&self, answer: Result<Option<SecretString>, LoginError>, chance: f64) -> LoggedIn {
        let now = Instant::now();
        // Not under the lock: it is the program's own.
        let Ok(fresh) = catch_unwind(AssertUnwindSafe(|| self.source.fresh_for())) else {
            return self.panicked();
        };
        let answer = answer.and_then(|token| {
            let token = token.as_ref().map(SecretString::expose_secret);
            Token::received(token, now, chance, fresh).map_err(|_| LoginError::Source(UNSENDABLE.into()))
        });
        let mut state = self.state();
        state.login = None;
        match answer {
            Ok(token) => {
                let token = match state.token.take() {
                    None => Arc::new(token),
                    Some(older) => {
                        let token = token.unless_again(&older);
                        if token.generation != older.generation {
                            older.supersede();
                        }
                        Arc::new(token)
                    }
                };
                state.token = Some(Arc::clone(&token));
                state.rests_until = None;
                state.refused = None;
                Ok(token)
            }
            Err(LoginError::Call(error)) if refuses_password(&error) => {
                let delay = state.refused.as_ref().map_or(HOLD_OFF, |(_, _, delay)| *delay);
                let failed = LoginFailed::of(ErrorKind::BadCredentials, error);
                state.refused = Some((failed.clone(), now + delay, (delay * 2).min(HOLD_OFF_CAP)));
                Err(failed)
            }
            Err(error) => {
                state.rests_until = Some(now + HOLD_OFF);
                Err(match error {
                    LoginError::Call(error) => LoginFailed::of(ErrorKind::Login, error),
                    LoginError::Source(error) => LoginFailed::because(ErrorKind::Login, error),
                })
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// For how long its tokens are not doubted.
    fn fresh_for(&self) -> Option<Duration> {
        match self {
            Self::Login { .. } => None,
            Self::Made(source) => source.fresh_for(),
        }
    }

    /// The user who logs in, if one does.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::Login { user, .. } => Some(user),
            Self::Made(_) => None,
        }
    }

    /// The login, if it is one.
    pub(crate) fn log_in(&self) -> Result<LogIn<'_>, &Arc<dyn TokenSource>> {
        match self {
            Self::Login { user, password } => Ok(LogIn { user, password: password.expose_secret() }),
            Self::Made(source) => Err(source),
        }
    }
}

#[cfg(test)]
mod tests;
