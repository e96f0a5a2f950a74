//! Decoding of responses, and what follows if one cannot be decoded.

use std::sync::Arc;

use arango_protocol::{ApiResponse, OutputError};

use crate::call::context::CallContext;
use crate::client::transport::{PreparedRequest, Transport};
use crate::error::Error;
use crate::layers::response_check;
use crate::pool::body::AttemptResponse;
use crate::types::coordinator::Coordinator;

/// Why a call has no output yet: it failed, or its response was rejected by decoding. Boxed, because it is rare.
#[derive(Debug)]
#[must_use = "the call has not ended"]
#[doc(hidden)] // for the crate `arango`
pub struct Undecoded(Box<UndecodedReason>);

#[derive(Debug)]
enum UndecodedReason {
    Failed(Error),
    Rejected(OutputError),
}

impl Undecoded {
    #[cold]
    fn failed(error: Error) -> Self {
        Self(Box::new(UndecodedReason::Failed(error)))
    }

    #[cold]
    fn rejected(error: OutputError) -> Self {
        Self(Box::new(UndecodedReason::Rejected(error)))
    }
}

impl Transport {
    pub(super) async fn send_and_read<T>(
        &self,
        context: Arc<CallContext>,
        read: impl Fn(&CallContext, ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Error> {
        let sent = self.start(Arc::clone(&context)).await;
        let undecoded = match self.decode_with(&context, sent, &read) {
            Ok(output) => return Ok(output),
            Err(undecoded) => undecoded,
        };
        Box::pin(self.recover_with(&context, undecoded, &read)).await
    }

    /// Sends a [prepared](Self::prepare) request, with its retries, and returns the complete response.
    ///
    /// For callers that [decode](Self::decode) it where they return its output: each further function that an output is
    /// passed through moves it. The future does not depend on the operation, so that it is compiled only once.
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Self::send_prepared), but for those of decoding.
    #[doc(hidden)] // for the crate `arango`
    pub fn send_undecoded(
        &self,
        prepared: &PreparedRequest,
    ) -> impl Future<Output = Result<AttemptResponse, Error>> {
        self.start(Arc::clone(&prepared.0))
    }

    /// Decodes the response to a [prepared](Self::prepare) request, and ends the call if it has an output.
    ///
    /// # Errors
    ///
    /// If there is no response, or if `read` rejects it. The call then [continues](Self::recover).
    #[doc(hidden)] // for the crate `arango`
    #[inline]
    pub fn decode<T>(
        &self,
        prepared: &PreparedRequest,
        sent: Result<AttemptResponse, Error>,
        read: impl FnOnce(ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Undecoded> {
        self.decode_with(&prepared.0, sent, |_, response| read(response))
    }

    #[inline]
    fn decode_with<T>(
        &self,
        context: &CallContext,
        sent: Result<AttemptResponse, Error>,
        read: impl FnOnce(&CallContext, ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Undecoded> {
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Err(Undecoded::failed(error)),
        };
        match read(context, self.buffered(response)) {
            Ok(output) => {
                response_check::accept(&self.0.members, context);
                self.record_end(context, None);
                Ok(output)
            }
            Err(error) => Err(Undecoded::rejected(error)),
        }
    }

    /// Continues a call whose response could not be decoded, if it may continue, and ends it. Returns the coordinator that
    /// responded, too.
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Self::send_prepared).
    #[doc(hidden)] // for the crate `arango`
    pub fn recover<T>(
        &self,
        prepared: &PreparedRequest,
        undecoded: Undecoded,
        read: impl Fn(ApiResponse) -> Result<T, OutputError>,
    ) -> impl Future<Output = Result<(T, Option<Coordinator>), Error>> {
        self.recover_with(&prepared.0, undecoded, move |context, response| {
            Ok((read(response)?, context.attempts.coordinator()))
        })
    }

    async fn recover_with<T>(
        &self,
        context: &Arc<CallContext>,
        Undecoded(undecoded): Undecoded,
        read: impl Fn(&CallContext, ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Error> {
        let result = match *undecoded {
            UndecodedReason::Rejected(error) => self.reject(Arc::clone(context), error, &read).await,
            UndecodedReason::Failed(error) => Err(error),
        };
        self.record_end(context, result.as_ref().err());
        result
    }

    /// Continues after a response that is not a success of its call.
    ///
    /// The request is sent to another coordinator if ArangoDB may not have written the response, or if the coordinator
    /// lacks the operation, and the class allows that.
    #[cold]
    async fn reject<T>(
        &self,
        mut context: Arc<CallContext>,
        mut error: OutputError,
        read: &impl Fn(&CallContext, ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Error> {
        loop {
            let response;
            (context, response) = self.resume(context, error).await?;
            match read(&context, response) {
                Ok(output) => {
                    response_check::accept(&self.0.members, &context);
                    return Ok(output);
                }
                Err(another) => error = another,
            }
        }
    }

    /// Sends the request of a rejected response to another coordinator.
    async fn resume(
        &self,
        rejected: Arc<CallContext>,
        error: OutputError,
    ) -> Result<(Arc<CallContext>, ApiResponse), Error> {
        if !response_check::is_foreign(&rejected, &error) && rejected.call.support.is_none() {
            return Err(response_check::decode_error(&rejected, error));
        }
        let context = response_check::resume(&self.0.members, &rejected, error);
        let response = self.buffered(self.start(Arc::clone(&context)).await?);
        Ok((context, response))
    }

    /// Returns a buffered response as operations read it.
    ///
    /// # Panics
    ///
    /// If its body is not buffered.
    // Not expected: whether it is found depends on the size of a response, and so on the features.
    #[allow(clippy::boxed_local, reason = "unboxing it before would move it once more")]
    fn buffered(&self, response: AttemptResponse) -> ApiResponse {
        let (parts, mut body) = response.into_parts();
        let body = body.take_buffered().expect("the body of a call that is not streaming was read");
        let spare = self.0.retry.spare_headers.clone();
        ApiResponse::with_spare_headers(parts.status, parts.headers, body, spare)
    }
}
