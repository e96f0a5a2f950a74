//! The body of a response: sent at once, or by a script.

use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::Reason;
use hyper::body::{Frame, SizeHint};
use tokio::time::sleep;

use crate::faults::response_script::{ResponseScript, Step};
use crate::server::process_state::ProcessStateWatch;

/// The body of a response.
pub(crate) enum Body {
    /// The whole body at once. Empty after it has been taken.
    Whole(Bytes),
    /// Sent step by step.
    Scripted(ScriptPlayer),
}

/// Runs a response script. The end of the script is the end of the body.
pub(crate) struct ScriptPlayer {
    script: ResponseScript,
    process: Arc<ProcessStateWatch>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Body {
    pub(crate) fn scripted(script: ResponseScript, process: Arc<ProcessStateWatch>) -> Self {
        Self::Scripted(ScriptPlayer { script, process, waiting: None })
    }
}

impl ScriptPlayer {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Reason>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(cx));
                self.waiting = None;
            }
            match self.script.next() {
                None | Some(Step::End) => return Poll::Ready(None),
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Some(Step::Reset(reason)) => return Poll::Ready(Some(Err(reason))),
                Some(Step::Silence) => self.waiting = Some(Box::pin(pending())),
                Some(Step::Wait(pause)) => {
                    let process = Arc::clone(&self.process);
                    self.waiting = Some(Box::pin(async move {
                        sleep(pause).await;
                        process.until_resumed().await;
                    }));
                }
            }
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Self::Scripted(scripted) => ready!(scripted.poll_next(cx)),
        };
        Poll::Ready(next.map(|next| next.map(Frame::data).map_err(h2::Error::from)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Scripted(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Scripted(_) => "Scripted",
        })
    }
}
