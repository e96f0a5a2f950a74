//! Sessions: one token shared by all calls, fetched once for all waiting calls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::{ErrorKind, ErrorNumber, LogIn};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::credentials::pending_login::{LoginEnd, Panicked, PendingLogin, catch_panic};
use crate::credentials::token_source::TokenSource;
use crate::error::Error;
use crate::types::boxed::{BoxError, BoxFuture};
use crate::types::coordinator::Coordinator;
use crate::types::token::Token;

/// The initial delay before another login after a wrong password or a panic.
///
/// After a wrong password it doubles up to [`HOLD_OFF_CAP`].
const HOLD_OFF: Duration = Duration::from_secs(1);
const HOLD_OFF_CAP: Duration = Duration::from_secs(30);

/// A token source and its current token.
pub(crate) struct Session {
    pub(crate) source: Source,
    state: Mutex<State>,
}

/// The source of a session's tokens.
pub(crate) enum Source {
    /// Logs in with user and password.
    Login { user: String, password: SecretString },
    /// Calls a token source of the program.
    Source(Arc<dyn TokenSource>),
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// The running login.
    login: Option<Arc<PendingLogin>>,
    /// The earliest time of the next early renewal, after one has failed.
    next_renewal: Option<Instant>,
    /// The last failure, the time until which no login is tried, and the delay after the next wrong password.
    failed: Option<(LoginFailed, Instant, Duration)>,
}

/// The result of a login, shared by all its waiters.
pub(crate) type LoginResult = Result<Arc<Token>, LoginFailed>;

/// A login in progress; its result is `None` if the server requires no token.
pub(crate) type LoginFuture = BoxFuture<'static, Result<Option<SecretString>, LoginError>>;

/// The reason why a login failed.
pub(crate) enum LoginError {
    /// No coordinator returned a token.
    Call(Error),
    /// The token source failed.
    Source(BoxError),
}

impl LoginError {
    /// Returns the name of the error for metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(error) if is_wrong_password(error) => "BadCredentials",
            Self::Call(_) => "Login",
            Self::Source(_) => "TokenSource",
        }
    }
}

/// Returns whether any attempt of a login was rejected for a wrong password.
///
/// All attempts are checked, because a different one may be decisive. A 401 without an ArangoDB error object does not
/// count: only ArangoDB can check its passwords.
fn is_wrong_password(login: &Error) -> bool {
    login.attempts().iter().any(|attempt| {
        attempt.status == Some(StatusCode::UNAUTHORIZED)
            && matches!(attempt.number, Some(ErrorNumber::HTTP_UNAUTHORIZED | ErrorNumber::FORBIDDEN))
    })
}

/// The error text for a token that a header cannot hold. The token itself is not displayed.
const INVALID_TOKEN_TEXT: &str =
    "the token holds characters that an HTTP header cannot hold, such as a line break: it was not sent";

/// A failed login, shared by all its waiters.
#[derive(Clone)]
pub(crate) struct LoginFailed {
    pub(crate) kind: ErrorKind,
    pub(crate) error: Arc<dyn std::error::Error + Send + Sync>,
    /// The coordinator of the decisive attempt of the login.
    pub(crate) coordinator: Option<Coordinator>,
}

impl LoginFailed {
    fn of(kind: ErrorKind, error: Error) -> Self {
        let coordinator = error.coordinator().cloned();
        Self { kind, error: Arc::new(error), coordinator }
    }

    fn with_source(kind: ErrorKind, error: impl Into<BoxError>) -> Self {
        Self { kind, error: error.into().into(), coordinator: None }
    }

    fn panicked() -> Self {
        Self::with_source(ErrorKind::Login, "the login task panicked")
    }

    fn abandoned() -> Self {
        Self::with_source(ErrorKind::Login, "the runtime of the login was shut down")
    }

    fn no_runtime() -> Self {
        Self::with_source(ErrorKind::NoRuntime, "the login needs a tokio runtime")
    }
}

/// The result of one lookup of a token.
enum TokenLookup {
    Token(Arc<Token>),
    /// The runtime of the awaited login was dropped.
    Abandoned {
        /// Whether this call started the login.
        own: bool,
    },
}

impl Session {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// Returns the current token, if no renewal is due.
    pub(crate) fn current(&self, now: Instant) -> Option<Arc<Token>> {
        let state = self.state();
        state.token.as_ref().filter(|token| token.renew_at.is_none_or(|at| now < at)).cloned()
    }

    /// Returns the current token, or waits for a shared login.
    ///
    /// `rejected` is the generation of a rejected token; then the returned token is newer. `random` (0 to 1) spreads
    /// the renewal. `login` is called only if no login is running. Its future runs in a separate task, so dropping
    /// this future does not cancel it.
    ///
    /// A call starts at most one login. If the login of another call is dropped with its runtime, the lookup is
    /// repeated once.
    pub(crate) async fn token(
        self: &Arc<Self>,
        rejected: Option<u64>,
        random: f64,
        login: impl Fn() -> LoginFuture,
    ) -> LoginResult {
        match self.token_once(rejected, random, &login).await? {
            TokenLookup::Token(token) => return Ok(token),
            TokenLookup::Abandoned { own: true } => return Err(LoginFailed::abandoned()),
            TokenLookup::Abandoned { own: false } => {}
        }
        match self.token_once(rejected, random, &login).await? {
            TokenLookup::Token(token) => Ok(token),
            TokenLookup::Abandoned { .. } => Err(LoginFailed::abandoned()),
        }
    }

    /// Looks the token up once, and waits for a login if there is none.
    async fn token_once(
        self: &Arc<Self>,
        rejected: Option<u64>,
        random: f64,
        login: &impl Fn() -> LoginFuture,
    ) -> Result<TokenLookup, LoginFailed> {
        let (token, wait) = {
            let now = Instant::now();
            let mut state = self.state();
            let usable = state.token.clone().filter(|token| match rejected {
                Some(generation) => token.generation > generation,
                None => token.ends_at.is_none_or(|end| now < end),
            });
            let held_off = state.failed.as_ref().filter(|(_, until, _)| now < *until);
            match (usable, held_off, &state.login) {
                (Some(token), held_off, running) => {
                    let due = token.renew_at.is_some_and(|at| now >= at);
                    let due = due && state.next_renewal.is_none_or(|until| now >= until);
                    let starts = due && held_off.is_none() && running.is_none();
                    (Some(token), starts.then(|| (Self::register_login(&mut state), true)))
                }
                (None, Some((failed, ..)), _) => return Err(failed.clone()),
                (None, None, Some(running)) => (None, Some((Arc::clone(running), false))),
                (None, None, None) => (None, Some((Self::register_login(&mut state), true))),
            }
        };
        // Not under the lock: a runtime that is shutting down drops the task immediately, which takes the lock.
        let started = match &wait {
            Some((running, true)) => self.spawn_login(running, random, login),
            _ => Ok(()),
        };
        if let Some(token) = token {
            return Ok(TokenLookup::Token(token));
        }
        started?;
        let (running, own) = wait.expect("without a token there is a login");
        match running.wait().await {
            Some(result) => result.map(TokenLookup::Token),
            None => Ok(TokenLookup::Abandoned { own }),
        }
    }

    /// Registers a login, which must be [run](Self::spawn_login) next.
    fn register_login(state: &mut State) -> Arc<PendingLogin> {
        let pending = Arc::new(PendingLogin::default());
        state.login = Some(Arc::clone(&pending));
        pending
    }

    /// Runs a login in a separate task.
    fn spawn_login(
        self: &Arc<Self>,
        pending: &Arc<PendingLogin>,
        random: f64,
        login: &impl Fn() -> LoginFuture,
    ) -> Result<(), LoginFailed> {
        let ending = LoginEnd { session: Arc::clone(self), login: Arc::clone(pending) };
        let Ok(runtime) = Handle::try_current() else { return Err(LoginFailed::no_runtime()) };
        let login = login();
        let task: BoxFuture<'static, ()> = Box::pin(async move {
            let session = &ending.session;
            let result = match catch_panic(login).await {
                Ok(result) => session.record_result(result, random),
                Err(Panicked) => session.record_panic(),
            };
            ending.finish(result);
        });
        runtime.spawn(task);
        Ok(())
    }

    /// Allows the next login, if this is the running one.
    pub(crate) fn remove_login(&self, login: &Arc<PendingLogin>) {
        let mut state = self.state();
        if state.login.as_ref().is_some_and(|other| Arc::ptr_eq(other, login)) {
            state.login = None;
        }
    }

    /// Records that a login panicked.
    fn record_panic(&self) -> LoginResult {
        let until = Instant::now() + HOLD_OFF;
        let failed = LoginFailed::panicked();
        let mut state = self.state();
        state.login = None;
        let next = state.failed.as_ref().map_or(HOLD_OFF, |(.., next)| *next);
        state.failed = Some((failed.clone(), until, next));
        Err(failed)
    }

    /// Records the result of a login.
    fn record_result(&self, result: Result<Option<SecretString>, LoginError>, random: f64) -> LoginResult {
        let now = Instant::now();
        // Not under the lock, because it calls code of the program.
        let Ok(fresh_for) = catch_unwind(AssertUnwindSafe(|| self.source.fresh_for())) else {
            return self.record_panic();
        };
        let result = result.and_then(|token| {
            let token = token.as_ref().map(SecretString::expose_secret);
            Token::received(token, now, random, fresh_for)
                .map_err(|_| LoginError::Source(INVALID_TOKEN_TEXT.into()))
        });
        let mut state = self.state();
        state.login = None;
        match result {
            Ok(token) => {
                let token = match state.token.take() {
                    None => Arc::new(token),
                    Some(older) => {
                        let token = token.inherit_if_same(&older);
                        if token.generation != older.generation {
                            older.supersede();
                        }
                        Arc::new(token)
                    }
                };
                state.token = Some(Arc::clone(&token));
                state.next_renewal = None;
                state.failed = None;
                Ok(token)
            }
            Err(LoginError::Call(error)) if is_wrong_password(&error) => {
                let delay = state.failed.as_ref().map_or(HOLD_OFF, |(_, _, delay)| *delay);
                let failed = LoginFailed::of(ErrorKind::BadCredentials, error);
                state.failed = Some((failed.clone(), now + delay, (delay * 2).min(HOLD_OFF_CAP)));
                Err(failed)
            }
            Err(error) => {
                state.next_renewal = Some(now + HOLD_OFF);
                Err(match error {
                    LoginError::Call(error) => LoginFailed::of(ErrorKind::Login, error),
                    LoginError::Source(error) => LoginFailed::with_source(ErrorKind::Login, error),
                })
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// Returns how long its tokens are used before a renewal; `None` if not limited.
    fn fresh_for(&self) -> Option<Duration> {
        match self {
            Self::Login { .. } => None,
            Self::Source(source) => source.fresh_for(),
        }
    }

    /// Returns the user name of a login; `None` for a token source.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::Login { user, .. } => Some(user),
            Self::Source(_) => None,
        }
    }

    /// Returns the login operation, or the token source as an error.
    pub(crate) fn log_in(&self) -> Result<LogIn<'_>, &Arc<dyn TokenSource>> {
        match self {
            Self::Login { user, password } => Ok(LogIn { user, password: password.expose_secret() }),
            Self::Source(source) => Err(source),
        }
    }
}

#[cfg(test)]
mod tests;
