//! Finding out whether a write was executed whose response was lost.

use std::time::Duration;

use arango_transport::protocol::{Conclusion, CreatedResource, Failure, Outcome, Resolution, Resolve};
use arango_transport::{Error, Transport};
use tokio::time::Instant;

use crate::handles::database::Database;
use crate::handles::pauses::{Pauses, pause_and_pay};
use crate::handles::unix_time::unix_millis;

/// How often a question is asked that needs no time until the answer is decisive.
const QUESTIONS: u32 = 2;
/// The pauses before a question is asked again.
const PAUSES: Pauses = Pauses::from_millis(100, 2000);

impl Database {
    /// Executes a write, and finds out whether it was executed if its response is lost.
    ///
    /// A success that had to be found out is a success. It looks within the time limit of the call, at most as long as the
    /// operation [says](Resolve::resolution_timeout).
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute). The error [reports](Error::resolution) what was found out, and one of unknown outcome
    /// has a [ticket](Error::ticket) if it can be found out later.
    pub async fn execute_resolving<O: Resolve>(&self, operation: O) -> Result<O::Output, Error> {
        match self.execute(&operation).await {
            Ok(output) => Ok(output),
            // Boxed: rare and large, so it should not enlarge the future of every call.
            Err(error) => Box::pin(self.find_out(&operation, error)).await,
        }
    }

    /// Finds out whether a write was executed that has failed. An error of unknown outcome gets a ticket.
    async fn find_out<O: Resolve>(&self, operation: &O, error: Error) -> Result<O::Output, Error> {
        let began = Instant::now();
        self.ask_until_decided(operation, error).await.map_err(|error| {
            let error = error.with_further_time(began.elapsed());
            let database = self.name.as_ref().ok().filter(|_| error.outcome() == Outcome::Unknown);
            match database.and_then(|database| operation.ticket_text(database, unix_millis())) {
                Some(ticket) => error.with_ticket(ticket),
                None => error,
            }
        })
    }

    /// Asks the question of an operation that has failed, until the answer is decisive or the time is up.
    async fn ask_until_decided<O: Resolve>(&self, operation: &O, error: Error) -> Result<O::Output, Error> {
        let failure = error.failure();
        let left = error.time_left();
        let mut schedule = Schedule::new(&self.transport, left, operation.resolution_timeout());
        let mut otherwise = None;
        let mut undecided = (Resolution::Failed, None);
        let Some(mut question) = operation.question(&failure) else { return Err(error) };
        while let Some(limit) = schedule.next().await {
            match self.clone().within(Duration::ZERO, limit).ask(operation, &failure, question).await {
                Ok(Conclusion::Executed(output)) => {
                    self.record_created(operation);
                    return Ok(output);
                }
                Ok(Conclusion::AskAgain { otherwise: output }) => {
                    otherwise = output.or(otherwise);
                    undecided = (Resolution::NotSeen, None);
                }
                Ok(conclusion) => return Err(error.with_resolution(resolution(&conclusion), None)),
                Err(failed) if failed.is_transient() => undecided = (Resolution::Failed, Some(failed)),
                Err(failed) => return Err(error.with_resolution(Resolution::Failed, Some(failed))),
            }
            let Some(next) = operation.question(&failure) else { break };
            question = next;
        }
        let (resolution, failed) = undecided;
        otherwise.ok_or_else(|| error.with_resolution(resolution, failed))
    }

    /// Records what a write has created of which it was found out that it was executed.
    fn record_created<O: Resolve>(&self, operation: &O) {
        let Ok(request) = operation.request() else { return };
        if let Some(created) = request.extensions().get::<CreatedResource>() {
            let path = [self.prefix(), request.uri().path()].concat();
            self.transport.record_created(created, &path);
        }
    }

    /// Asks a question. An error means that it was not answered.
    async fn ask<O: Resolve>(
        &self,
        operation: &O,
        failure: &Failure,
        question: O::Question,
    ) -> Result<Conclusion<O::Output>, Error> {
        match self.execute(question).await {
            Ok(answer) => Ok(operation.conclusion(failure, Ok(answer))),
            // A transient refusal is about the server, not about what was asked.
            Err(refused) => match refused.server_error().filter(|_| !refused.is_transient()) {
                Some(object) => match operation.conclusion(failure, Err(&object)) {
                    Conclusion::CannotTell => Err(refused),
                    conclusion => Ok(conclusion),
                },
                None => Err(refused),
            },
        }
    }
}

/// Returns what a conclusion means for a write that has failed.
fn resolution<T>(conclusion: &Conclusion<T>) -> Resolution {
    match conclusion {
        Conclusion::NotExecuted => Resolution::NotExecuted,
        Conclusion::Superseded => Resolution::Superseded,
        Conclusion::CannotTell => Resolution::CannotTell,
        // Also a conclusion that this version does not know.
        _ => Resolution::NotSeen,
    }
}

/// When a question is asked.
pub(crate) struct Schedule {
    transport: Transport,
    began: Instant,
    /// What was left of the time limit of the call when it had failed.
    left: Duration,
    resolution_timeout: Duration,
    asked: u32,
}

impl Schedule {
    /// Starts a schedule: `left` is what is left of the time limit of the call.
    pub(crate) fn new(transport: &Transport, left: Duration, resolution_timeout: Duration) -> Self {
        Self { transport: transport.clone(), began: Instant::now(), left, resolution_timeout, asked: 0 }
    }

    /// Waits until the question may be asked. Returns how long it may take; `None` if it may not be asked any more.
    #[inline]
    pub(crate) async fn next(&mut self) -> Option<Duration> {
        let elapsed = self.began.elapsed();
        let again = self.asked.checked_sub(1);
        let mut pause = again.map_or(Duration::ZERO, |nth| PAUSES.pause(nth, self.transport.random()));
        if self.asked >= QUESTIONS {
            // The last question is asked when that time is over.
            let rest = self.resolution_timeout.checked_sub(elapsed).filter(|rest| !rest.is_zero())?;
            pause = pause.min(rest);
        }
        self.asked += 1;
        let left = self.left.saturating_sub(elapsed);
        pause_and_pay(&self.transport, pause, left).await.then(|| left.saturating_sub(pause))
    }
}
