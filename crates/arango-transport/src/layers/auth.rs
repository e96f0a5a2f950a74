//! Authentication of each attempt.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_protocol::{ApiResponse, ErrorKind, LogIn, Operation, Outcome};
use http::header::AUTHORIZATION;
use pin_project_lite::pin_project;
use secrecy::SecretString;
use tokio::time::{Instant, timeout, timeout_at};
use tower::{Layer, Service, ServiceExt};

use crate::call::Call;
use crate::call::attempt_request::AttemptRequest;
use crate::call::call_request::CallRequest;
use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::call::settings::SharedSettings;
use crate::call::untracked_requests::UntrackedRequests;
use crate::credentials::Kind;
use crate::credentials::session::{LoginError, LoginFailed, LoginFuture, Session};
use crate::error::Error;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::layers::response_check;
use crate::layers::retry::{AttemptServiceStack, Retry, RetryLayer, RetryState};
use crate::pool::body::AttemptResponse;
use crate::telemetry::{metrics, trace};
use crate::types::boxed::BoxFuture;
use crate::types::token::Token;

/// Makes [`Auth`] services.
#[derive(Debug, Clone)]
pub(crate) struct AuthLayer {
    retry: RetryLayer,
    settings: SharedSettings,
    untracked: UntrackedRequests,
}

impl AuthLayer {
    /// Creates the layer. `retry` sends the logins, with the limits of the `settings`.
    pub(crate) fn new(retry: RetryLayer, settings: SharedSettings, untracked: UntrackedRequests) -> Self {
        Self { retry, settings, untracked }
    }
}

impl<S> Layer<S> for AuthLayer
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let login = Login {
            service: self.retry.layer(Auth { inner: inner.clone(), login: None }),
            inner: inner.clone(),
            retry: Arc::clone(&self.retry.0),
            settings: self.settings.clone(),
            untracked: self.untracked.clone(),
        };
        Auth { inner, login: Some(Arc::new(login)) }
    }
}

/// Adds the credentials of the call or the client, unless the request has an `Authorization` header.
#[derive(Debug, Clone)]
pub(crate) struct Auth<S> {
    inner: S,
    /// `None` below the retries of logins, which pass this layer unchanged: so that there is one type of retry.
    login: Option<Arc<Login<S>>>,
}

impl<S> Service<AttemptRequest> for Auth<S>
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    type Response = AttemptResponse;
    type Error = AttemptError;
    // With a login the future awaits the token and the response. Without one it is not boxed.
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut outgoing: AttemptRequest) -> Self::Future {
        let Some(login) = &self.login else {
            let response = self.inner.call(outgoing);
            return ResponseFuture { state: State::Plain { response, anonymous: false } };
        };
        let context = &outgoing.plan().context;
        match &context.credentials().0 {
            // A request has few headers, and most have none, so comparing them is cheaper than looking one up.
            _ if outgoing.request().headers().keys().any(|name| name == AUTHORIZATION) => {}
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
                outgoing.set_token(token);
            }
            Kind::Session(session) => {
                let plan = outgoing.plan();
                let token = session.current(plan.started).filter(|_| plan.rejected_token.is_none());
                let Some(token) = token else {
                    let session = Arc::clone(session);
                    let response = Box::pin(Arc::clone(login).attempt(session, outgoing));
                    return ResponseFuture { state: State::LoggedIn { response } };
                };
                outgoing.set_token(token);
            }
        }
        ResponseFuture { state: State::Plain { response: self.inner.call(outgoing), anonymous: false } }
    }
}

/// The services for requests with a login, and for the logins.
#[derive(Debug)]
struct Login<S> {
    inner: S,
    service: Retry<Auth<S>>,
    retry: Arc<RetryState>,
    settings: SharedSettings,
    untracked: UntrackedRequests,
}

impl<S> Login<S>
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    /// Sends an attempt once a token is available.
    async fn attempt(
        self: Arc<Self>,
        session: Arc<Session>,
        mut outgoing: AttemptRequest,
    ) -> Result<AttemptResponse, AttemptError> {
        let plan = outgoing.plan();
        let token = self.token(&session, plan.rejected_token, plan.deadline).await?;
        outgoing.set_token(token);
        self.inner.clone().oneshot(outgoing).await
    }

    async fn token(
        self: &Arc<Self>,
        session: &Arc<Session>,
        rejected: Option<u64>,
        until: Instant,
    ) -> Result<Arc<Token>, AttemptError> {
        let random = self.retry.facts.random.next_f64();
        let login = {
            let (login, session) = (Arc::clone(self), Arc::clone(session));
            move || log_in(Arc::clone(&login), Arc::clone(&session))
        };
        let token = session.token(rejected, random, login);
        let failed = |kind| AttemptError::new(kind, Outcome::NotExecuted, Phase::Waiting);
        match timeout_at(until, token).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(LoginFailed { kind, error, coordinator })) => {
                let mut failed = failed(kind).with_shared_source(error);
                failed.attempt_mut().coordinator = coordinator;
                failed.attempt_mut().message = login_message(session);
                Err(failed)
            }
            // The login continues. Only the time of this attempt has run out.
            Err(_) => {
                let mut late = failed(ErrorKind::AttemptTimeout);
                late.attempt_mut().message = login_message(session);
                Err(late.with_source("the login took longer than the limit of the attempt"))
            }
        }
    }
}

/// Returns the user of the login, for errors.
fn login_message(session: &Session) -> Option<String> {
    session.source.user().map(|user| format!("logging in as {user:?}"))
}

/// Time limit of a token source, so that one that hangs is called again.
const TOKEN_SOURCE_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs one login, with as many attempts as needed.
fn log_in<S>(login: Arc<Login<S>>, session: Arc<Session>) -> LoginFuture
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    Box::pin(async move {
        let result = fetch(&login, &session).await;
        login.retry.counts.login(result.is_ok());
        metrics::logged_in(result.as_ref().err().map(LoginError::name));
        result
    })
}

/// Returns the token of a login.
///
/// A response that is not from ArangoDB proves nothing. The login then continues at another coordinator, as
/// any safe request does.
async fn fetch<S>(login: &Login<S>, session: &Session) -> Result<Option<SecretString>, LoginError>
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    let operation = match session.source.log_in() {
        Ok(operation) => operation,
        Err(source) => {
            let token = timeout(TOKEN_SOURCE_TIMEOUT, source.token()).await;
            let late = || format!("the token source returned no token within {TOKEN_SOURCE_TIMEOUT:?}");
            let token = token.unwrap_or_else(|_| Err(late().into()));
            return token.map(Some).map_err(LoginError::Source);
        }
    };
    let metadata = LogIn::METADATA;
    let mut call = Call::new(&metadata, operation.properties());
    call.has_body = true;
    let request = match operation.request() {
        Ok(request) => ReplayableRequest::from(request),
        Err(error) => {
            return Err(LoginError::Call(Error::request(&call, metadata.method, metadata.path, error)));
        }
    };
    let mut context = CallContext::new(call, request, login.settings.load(), &login.untracked);
    loop {
        let response = login.service.clone().oneshot(CallRequest::new(Arc::clone(&context)));
        let response = trace::call(trace::span(&context), response).await;
        let (parts, mut body) = response.map_err(LoginError::Call)?.into_parts();
        let body = body.take_buffered().expect("the response to a login is buffered");
        match operation.output(ApiResponse::new(parts.status, parts.headers, body)) {
            Ok(token) => {
                response_check::accept(&login.retry.facts.members, &context);
                return Ok(token.map(Into::into));
            }
            Err(error) if response_check::is_foreign(&context, &error) => {
                context = response_check::resume(&login.retry.facts.members, &context, error);
            }
            Err(error) => return Err(LoginError::Call(response_check::decode_error(&context, error))),
        }
    }
}

/// Adds to a rejection the explanation that no credentials were set.
fn explain_missing_credentials(error: AttemptError) -> AttemptError {
    if error.kind() == ErrorKind::NotAuthorized && error.attempt().number.is_some() {
        error.with_source(NO_CREDENTIALS)
    } else {
        error
    }
}

/// The explanation of a rejection when no credentials were set.
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
        LoggedIn { response: BoxFuture<'static, Result<AttemptResponse, AttemptError>> },
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<AttemptResponse, AttemptError>>,
{
    type Output = Result<AttemptResponse, AttemptError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Plain { response, anonymous: false } => response.poll(cx),
            Projected::Plain { response, .. } => response.poll(cx).map_err(explain_missing_credentials),
            Projected::LoggedIn { response } => response.as_mut().poll(cx),
        }
    }
}
