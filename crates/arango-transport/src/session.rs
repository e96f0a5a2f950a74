//! A login: one token for all calls, fetched once however many ask for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::{LogIn, token_lifetime};
use http::HeaderValue;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::connect::BoxFuture;
use crate::credentials::bearer;
use crate::{Error, ErrorKind};

/// The first time for which a wrong password is not tried again; it doubles up to [`HOLD_OFF_CAP`].
const HOLD_OFF: Duration = Duration::from_secs(1);
const HOLD_OFF_CAP: Duration = Duration::from_secs(30);
/// A token is renewed this long before it ends, or a tenth of its life, whichever is longer.
const EARLY: Duration = Duration::from_secs(30);

/// A user who logs in, and the token that came of it.
pub(crate) struct Session {
    user: String,
    password: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// The login that is under way.
    login: Option<watch::Receiver<Option<LoggedIn>>>,
    /// A password that was refused, until when it is not tried again, and for how long the next time.
    refused: Option<(LoginFailed, Instant, Duration)>,
    generation: u64,
}

/// What a login came to; all who waited for it are told the same.
type LoggedIn = Result<Arc<Token>, LoginFailed>;

/// What one login is made with: the answer of `/_open/auth`, or why there is none.
pub(crate) type LoginFuture = BoxFuture<'static, Result<Option<String>, Error>>;

/// A token and how long it holds.
pub(crate) struct Token {
    /// `None`: the server has authentication switched off.
    pub(crate) header: Option<HeaderValue>,
    /// Grows with each login, so that a refusal of an older token is told from one of this.
    pub(crate) generation: u64,
    renew_at: Option<Instant>,
    ends_at: Option<Instant>,
}

/// Why there is no token.
#[derive(Clone)]
pub(crate) struct LoginFailed {
    pub(crate) kind: ErrorKind,
    pub(crate) error: Arc<Error>,
}

impl Session {
    pub(crate) fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned(), state: Mutex::default() }
    }

    pub(crate) fn log_in(&self) -> LogIn<'_> {
        LogIn { user: &self.user, password: &self.password }
    }

    /// The current token, if it need not even be thought of renewing it.
    pub(crate) fn current(&self, now: Instant) -> Option<Arc<Token>> {
        let state = self.state();
        state.token.as_ref().filter(|token| token.renew_at.is_none_or(|at| now < at)).cloned()
    }

    /// The token to send: the current one, or that of a login, for which all wait together.
    ///
    /// With `refused` a newer one than that generation; `chance` spreads its renewal. `login` makes the request; it is called only if
    /// no login is under way, and runs in a task of its own, so that nobody's going away ends it.
    pub(crate) async fn token(
        self: &Arc<Self>,
        refused: Option<u64>,
        chance: f64,
        login: impl Fn() -> LoginFuture,
    ) -> LoggedIn {
        loop {
            let mut waiting = {
                let now = Instant::now();
                let mut state = self.state();
                let wanted = state.token.clone().filter(|token| match refused {
                    Some(generation) => token.generation > generation,
                    None => token.ends_at.is_none_or(|end| now < end),
                });
                let held_off = state.refused.as_ref().filter(|(_, until, _)| now < *until);
                if let Some(token) = wanted {
                    let due = token.renew_at.is_some_and(|at| now >= at);
                    if due && held_off.is_none() && state.login.is_none() {
                        self.begin(&mut state, chance, login());
                    }
                    return Ok(token);
                }
                if let Some((failed, ..)) = held_off {
                    return Err(failed.clone());
                }
                match &state.login {
                    Some(login) => login.clone(),
                    None => self.begin(&mut state, chance, login()),
                }
            };
            match waiting.wait_for(Option::is_some).await {
                Ok(result) => return result.clone().expect("it was waited for"),
                // The runtime on which the login ran is gone: it is begun anew on this one.
                Err(_) => self.state().login = None,
            }
        }
    }

    fn begin(
        self: &Arc<Self>,
        state: &mut State,
        chance: f64,
        login: LoginFuture,
    ) -> watch::Receiver<Option<LoggedIn>> {
        let (done, waiting) = watch::channel(None);
        let session = Arc::clone(self);
        tokio::spawn(async move {
            let result = session.ended(login.await, chance);
            done.send_replace(Some(result));
        });
        state.login = Some(waiting.clone());
        waiting
    }

    /// Takes note of what a login came to.
    fn ended(&self, answer: Result<Option<String>, Error>, chance: f64) -> LoggedIn {
        let now = Instant::now();
        let mut state = self.state();
        state.login = None;
        match answer {
            Ok(token) => {
                state.generation += 1;
                let token = Arc::new(Token::new(token.as_deref(), state.generation, now, chance));
                state.token = Some(Arc::clone(&token));
                state.refused = None;
                Ok(token)
            }
            Err(error) if error.kind() == ErrorKind::NotAuthorized => {
                let delay = state.refused.as_ref().map_or(HOLD_OFF, |(_, _, delay)| *delay);
                let failed = LoginFailed { kind: ErrorKind::BadCredentials, error: Arc::new(error) };
                state.refused = Some((failed.clone(), now + delay, (delay * 2).min(HOLD_OFF_CAP)));
                Err(failed)
            }
            Err(error) => Err(LoginFailed { kind: ErrorKind::Login, error: Arc::new(error) }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Token {
    fn new(token: Option<&str>, generation: u64, now: Instant, chance: f64) -> Self {
        let lifetime = token.and_then(token_lifetime);
        // Clients that logged in together do not come back together.
        let early =
            |lifetime: Duration| EARLY.max(lifetime / 10).mul_f64(1.0 + chance / 2.0).min(lifetime / 2);
        Self {
            // A token that no header can hold is no token; the server will say so.
            header: token.and_then(|token| bearer(token).ok()),
            generation,
            renew_at: lifetime.and_then(|lifetime| now.checked_add(lifetime.saturating_sub(early(lifetime)))),
            ends_at: lifetime.and_then(|lifetime| now.checked_add(lifetime)),
        }
    }
}
