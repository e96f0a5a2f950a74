//! Who asks, written on each attempt.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_protocol::{ApiResponse, LogIn, Operation};
use http::header::AUTHORIZATION;
use pin_project_lite::pin_project;
use secrecy::SecretString;
use tokio::time::{Instant, timeout, timeout_at};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt};

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::credentials::Kind;
use crate::failed_attempt::Phase;
use crate::outgoing::Incoming;
use crate::retry::{Retry, RetryLayer};
use crate::session::{LoginError, LoginFailed, LoginFuture, Session};
use crate::template::Template;
use crate::token::Token;
use crate::{BoxError, Call, Error, ErrorKind, Outcome, Outgoing, meters, rejection};

/// Makes [`Auth`] services.
#[derive(Debug, Clone)]
pub(crate) struct AuthLayer {
    retry: RetryLayer,
}

impl AuthLayer {
    /// `retry` is how logins are sent again.
    pub(crate) fn new(retry: RetryLayer) -> Self {
        Self { retry }
    }
}

/// What is below, erased: only calls with a login pay for that.
type Below = BoxCloneSyncService<Outgoing, Incoming, AttemptError>;

impl<S> Layer<S> for AuthLayer
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let below = Below::new(inner.clone());
        // Logins go the way of all requests, but for this layer.
        let login = Login { login: self.retry.layer(below.clone()), below };
        Auth { inner, login: Arc::new(login) }
    }
}

/// Adds the credentials of the call, else those of the client, unless the request brings its own.
#[derive(Debug, Clone)]
pub(crate) struct Auth<S> {
    inner: S,
    login: Arc<Login>,
}

impl<S> Service<Outgoing> for Auth<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError>,
{
    type Response = Incoming;
    type Error = AttemptError;
    // With a login it awaits twice, the token and the answer; without one nothing is boxed.
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut outgoing: Outgoing) -> Self::Future {
        let record = &outgoing.plan().record;
        match &record.credentials().0 {
            _ if outgoing.request().headers().contains_key(AUTHORIZATION) => {}
            Kind::None => {
                let response = self.inner.call(outgoing);
                return ResponseFuture { state: State::Plain { response, anonymous: true } };
            }
            Kind::Fixed(value) => {
                let value = value.clone();
                outgoing.request_mut().headers_mut().insert(AUTHORIZATION, value);
            }
            Kind::Token(token) => {
                let token = Arc::clone(token);
                outgoing.wears(token);
            }
            Kind::Session(session) => {
                let plan = outgoing.plan();
                let token = session.current(plan.began).filter(|_| plan.refused.is_none());
                let Some(token) = token else {
                    let session = Arc::clone(session);
                    let response = Box::pin(Arc::clone(&self.login).attempt(session, outgoing));
                    return ResponseFuture { state: State::LoggedIn { response } };
                };
                outgoing.wears(token);
            }
        }
        ResponseFuture { state: State::Plain { response: self.inner.call(outgoing), anonymous: false } }
    }
}

/// How requests with a login are sent, and the logins themselves.
#[derive(Debug)]
struct Login {
    below: Below,
    login: Retry<Below>,
}

impl Login {
    /// Makes an attempt once there is a token for it.
    async fn attempt(
        self: Arc<Self>,
        session: Arc<Session>,
        mut outgoing: Outgoing,
    ) -> Result<Incoming, AttemptError> {
        let plan = outgoing.plan();
        let token = self.token(&session, plan.refused, plan.until).await?;
        outgoing.wears(token);
        self.below.clone().oneshot(outgoing).await
    }

    async fn token(
        self: &Arc<Self>,
        session: &Arc<Session>,
        refused: Option<u64>,
        until: Instant,
    ) -> Result<Arc<Token>, AttemptError> {
        let chance = self.login.chance();
        let login = {
            let (login, session) = (Arc::clone(self), Arc::clone(session));
            move || log_in(Arc::clone(&login), Arc::clone(&session))
        };
        let token = session.token(refused, chance, login);
        let failed = |kind| AttemptError::new(kind, Outcome::NotExecuted, Phase::Waiting);
        match timeout_at(until, token).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(LoginFailed { kind, error, coordinator })) => {
                let mut failed = failed(kind).caused_by(error);
                failed.attempt().coordinator = coordinator;
                failed.attempt().message = logging_in(session);
                Err(failed)
            }
            // The login goes on; what ran out is the time of this attempt alone.
            Err(_) => {
                let mut late = failed(ErrorKind::AttemptTimeout);
                late.attempt().message = logging_in(session);
                Err(late.because("the login took longer than the limit of the attempt"))
            }
        }
    }
}

/// Who logs in, for errors.
fn logging_in(session: &Session) -> Option<String> {
    session.source.user().map(|user| format!("logging in as {user:?}"))
}

/// The longest that a source of tokens may take, so that one that hangs is asked again.
const SOURCE_WITHIN: Duration = Duration::from_secs(60);

/// One login, over as many coordinators as it takes.
fn log_in(login: Arc<Login>, session: Arc<Session>) -> LoginFuture {
    Box::pin(async move {
        let result = fetch(&login, &session).await;
        login.login.rules.counts.login(result.is_ok());
        meters::logged_in(result.as_ref().err().map(LoginError::name));
        result
    })
}

/// What a login comes to.
///
/// An answer that is not ArangoDB's proves nothing: the login goes on to another coordinator, as any safe request does.
async fn fetch(login: &Login, session: &Session) -> Result<Option<SecretString>, LoginError> {
    let operation = match session.source.log_in() {
        Ok(operation) => operation,
        Err(source) => {
            let token = timeout(SOURCE_WITHIN, source.token()).await;
            let token = token.unwrap_or_else(|_| Err(format!("no token came in {SOURCE_WITHIN:?}").into()));
            return token.map(Some).map_err(LoginError::Source);
        }
    };
    let facts = LogIn::METADATA;
    let mut call = Call::of(&facts, operation.class());
    call.is_read = true;
    let request = match operation.request() {
        Ok(request) => Template::of(request),
        Err(error) => {
            return Err(LoginError::Call(Error::request(&call, facts.method, facts.path, error)));
        }
    };
    let mut record = login.login.record(call, request);
    loop {
        let answer = login.login.send(Arc::clone(&record), None, record.started).await;
        let (parts, mut body) = answer.map_err(LoginError::Call)?.into_parts();
        let body = body.take_whole().expect("the answer of a login was read");
        match operation.output(ApiResponse::new(parts.status, parts.headers, body)) {
            Ok(token) => {
                login.login.rules.accept(&record);
                return Ok(token.map(Into::into));
            }
            Err(error) if rejection::is_foreign(&record, &error) => {
                record = login.login.rules.resume(&record, error);
            }
            Err(error) => return Err(LoginError::Call(Error::decode(&record, error))),
        }
    }
}

/// Says that no credentials were set, if they are what a coordinator wants.
fn explain_missing_credentials(mut answer: Incoming) -> Incoming {
    if let Some(Refusal(failed)) = answer.extensions_mut().get_mut::<Refusal>()
        && failed.kind == ErrorKind::NotAuthorized
        && failed.number.is_some()
    {
        let missing: BoxError = NO_CREDENTIALS.into();
        failed.source = Some(missing.into());
    }
    answer
}

/// What is said of a request without credentials that is refused for the lack of them.
const NO_CREDENTIALS: &str =
    "no credentials were set, neither for the client nor for this call: see basic_auth and jwt_auth";

pin_project! {
    /// Response future of [`Auth`].
    pub(crate) struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        Plain { #[pin] response: F, anonymous: bool },
        LoggedIn { response: BoxFuture<'static, Result<Incoming, AttemptError>> },
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Incoming, AttemptError>>,
{
    type Output = Result<Incoming, AttemptError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Plain { response, anonymous: false } => response.poll(cx),
            Projected::Plain { response, .. } => response.poll(cx).map_ok(explain_missing_credentials),
            Projected::LoggedIn { response } => response.as_mut().poll(cx),
        }
    }
}
