//! A session: one token for all calls, fetched once however many ask for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arango_protocol::LogIn;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::connect::BoxFuture;
use crate::token::Token;
use crate::token_source::TokenSource;
use crate::{BoxError, Error, ErrorKind};

/// The first time for which a wrong password is not tried again; it doubles up to [`HOLD_OFF_CAP`].
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
    /// A password that was refused, until when it is not tried again, and for how long the next time.
    refused: Option<(LoginFailed, Instant, Duration)>,
}

/// A login that is under way, and those who wait for it.
///
/// They are woken in the order in which they came, so that tests repeat exactly.
#[derive(Default)]
struct UnderWay {
    result: OnceLock<LoggedIn>,
    has_ended: AtomicBool,
    end: Notify,
}

impl UnderWay {
    /// Waits for what it comes to; `None` if its task went away with its runtime.
    async fn ended(&self) -> Option<LoggedIn> {
        // It hears of an end from here on, so none is missed after the look.
        let end = self.end.notified();
        if !self.has_ended.load(Ordering::SeqCst) {
            end.await;
        }
        self.result.get().cloned()
    }
}

/// Wakes all who wait for a login when its task is over, in whatever way.
struct Ending(Arc<UnderWay>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.has_ended.store(true, Ordering::SeqCst);
        self.0.end.notify_waiters();
    }
}

/// What a login came to; all who waited for it are told the same.
type LoggedIn = Result<Arc<Token>, LoginFailed>;

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
fn refuses_password(login: &Error) -> bool {
    login.attempts().iter().any(|attempt| attempt.kind == ErrorKind::NotAuthorized)
}

/// Why there is no token.
#[derive(Clone)]
pub(crate) struct LoginFailed {
    pub(crate) kind: ErrorKind,
    pub(crate) error: Arc<dyn std::error::Error + Send + Sync>,
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
    pub(crate) async fn token(
        self: &Arc<Self>,
        refused: Option<u64>,
        chance: f64,
        login: impl Fn() -> LoginFuture,
    ) -> LoggedIn {
        loop {
            let login = {
                let now = Instant::now();
                let mut state = self.state();
                let wanted = state.token.clone().filter(|token| match refused {
                    Some(generation) => token.generation > generation,
                    None => token.ends_at.is_none_or(|end| now < end),
                });
                let held_off = state.refused.as_ref().filter(|(_, until, _)| now < *until);
                if let Some(token) = wanted {
                    let due = token.renew_at.is_some_and(|at| now >= at);
                    let due = due && state.rests_until.is_none_or(|until| now >= until);
                    if due && held_off.is_none() && state.login.is_none() {
                        self.begin(&mut state, chance, login());
                    }
                    return Ok(token);
                }
                if let Some((failed, ..)) = held_off {
                    return Err(failed.clone());
                }
                match &state.login {
                    Some(login) => Arc::clone(login),
                    None => self.begin(&mut state, chance, login()),
                }
            };
            if let Some(result) = login.ended().await {
                return result;
            }
            // The runtime on which the login ran is gone: it is begun anew on this one.
            let mut state = self.state();
            if state.login.as_ref().is_some_and(|other| Arc::ptr_eq(other, &login)) {
                state.login = None;
            }
        }
    }

    fn begin(self: &Arc<Self>, state: &mut State, chance: f64, login: LoginFuture) -> Arc<UnderWay> {
        let under_way = Arc::new(UnderWay::default());
        let ending = Ending(Arc::clone(&under_way));
        let session = Arc::clone(self);
        tokio::spawn(async move {
            let result = session.ended(login.await, chance);
            // Nobody else sets it.
            ending.0.result.set(result).ok();
        });
        state.login = Some(Arc::clone(&under_way));
        under_way
    }

    /// Takes note of what a login came to.
    fn ended(&self, answer: Result<Option<SecretString>, LoginError>, chance: f64) -> LoggedIn {
        let now = Instant::now();
        let mut state = self.state();
        state.login = None;
        match answer {
            Ok(token) => {
                let token = token.as_ref().map(SecretString::expose_secret);
                let token = Token::received(token, now, chance, self.source.fresh_for());
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
                let failed = LoginFailed { kind: ErrorKind::BadCredentials, error: Arc::new(error) };
                state.refused = Some((failed.clone(), now + delay, (delay * 2).min(HOLD_OFF_CAP)));
                Err(failed)
            }
            Err(error) => {
                state.rests_until = Some(now + HOLD_OFF);
                let error = match error {
                    LoginError::Call(error) => Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>,
                    LoginError::Source(error) => error.into(),
                };
                Err(LoginFailed { kind: ErrorKind::Login, error })
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

    /// The login, if it is one.
    pub(crate) fn log_in(&self) -> Result<LogIn<'_>, &Arc<dyn TokenSource>> {
        match self {
            Self::Login { user, password } => Ok(LogIn { user, password: password.expose_secret() }),
            Self::Made(source) => Err(source),
        }
    }
}
