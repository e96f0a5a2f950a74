//! One attempt at one coordinator: its response, and the signal for the coordinator's health.

pub(crate) mod receive;
pub(crate) mod refusal;
pub(crate) mod report;
pub(crate) mod signal;
mod streamed_attempt;

use std::sync::Arc;

use http::HeaderValue;
use tower::Layer;

use crate::call::attempt_request::AttemptRequest;
use crate::call::context::CallContext;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::report::{Reporter, RunningAttempt};
use crate::pool::body::AttemptResponse;
use crate::telemetry::trace;
use crate::types::boxed::BoxFuture;
use crate::types::queue_time::QUEUE_TIME;

/// Makes [`SingleAttempt`] services for one coordinator.
#[derive(Debug, Clone)]
pub(crate) struct AttemptLayer(Arc<Reporter>);

impl AttemptLayer {
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self(Arc::new(reporter))
    }
}

impl<S> Layer<S> for AttemptLayer {
    type Service = SingleAttempt<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SingleAttempt { inner, reporter: Arc::clone(&self.0) }
    }
}

/// Sends one attempt, reads its response, and reports to the member's health.
///
/// It converts redirects and responses with a status of 400 or more into errors, and adds the coordinator to errors. It
/// is above the middleware around attempts, so that middleware that replaces an error cannot remove the coordinator.
/// The layers below end the attempt at its deadline: the pool with the timer of its connection, middleware with one of
/// the attempt.
#[derive(Debug, Clone)]
pub(crate) struct SingleAttempt<S> {
    inner: S,
    reporter: Arc<Reporter>,
}

impl<S: SendAttempt> SingleAttempt<S> {
    /// Sends an attempt.
    ///
    /// The only box of an attempt: the future below is large, and the layers above move theirs.
    pub(crate) fn start(
        &self,
        mut request: AttemptRequest,
    ) -> BoxFuture<'static, Result<AttemptResponse, AttemptError>> {
        let member = &self.reporter.member;
        let token = request.take_token();
        // Behind a shared address, a pooled connection leads to the coordinator that has just failed.
        if request.plan().number > 1 && member.is_shared() {
            request.use_new_connection();
        }
        set_queue_limit_header(&mut request);
        let plan = request.plan();
        let (context, number, started) = (Arc::clone(&plan.context), plan.number, plan.started);
        let sent_before = context.begin(member.key(), started);
        let span = trace::attempt(&context, member.key(), number);
        let is_timed = member.is_load_measured() && context.call.properties.is_measured;
        let reporter = Arc::clone(&self.reporter);
        let mut attempt = RunningAttempt {
            context,
            number,
            sent_before,
            started,
            token,
            is_timed,
            has_ended: false,
            reporter,
        };
        let inner = self.inner.clone();
        // A block and no async function, which stores its arguments twice: each waiting call has this future.
        let run = async move {
            let responses_before = attempt.reporter.pool.responses();
            let received = match inner.send(request, &attempt.context).await {
                Ok(response) => {
                    attempt.reporter.record_queue_time(response.headers());
                    receive::read(&attempt.context, response).await
                }
                Err(error) => Err(error),
            };
            report::end(&mut attempt, received, responses_before)
        };
        if span.is_disabled() { Box::pin(run) } else { Box::pin(trace::attempted(span, run)) }
    }
}

/// Sends an attempt at one coordinator.
///
/// Like a tower service that is always ready, but its future has no name: so the future of the whole attempt is one.
pub(crate) trait SendAttempt: Clone + Send + Sync + 'static {
    /// Sends the attempt, until the head of its response has arrived or its deadline has passed. `context` is that of
    /// its plan.
    fn send(
        self,
        request: AttemptRequest,
        context: &CallContext,
    ) -> impl Future<Output = Result<AttemptResponse, AttemptError>> + Send;
}

/// Sets the header that limits the time in the server's queue, if there is a limit.
fn set_queue_limit_header(request: &mut AttemptRequest) {
    let plan = request.plan();
    let Some(limit) = plan.context.call.queue_limit().or(plan.context.settings.limits.queue) else {
        return;
    };
    let limit = limit.min(plan.deadline.saturating_duration_since(plan.started));
    let seconds = HeaderValue::try_from(format!("{:.3}", limit.as_secs_f64()));
    let seconds = seconds.expect("a number is a valid header value");
    request.request_mut().headers_mut().insert(QUEUE_TIME, seconds);
}
