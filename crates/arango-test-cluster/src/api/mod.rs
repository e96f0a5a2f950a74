//! What a coordinator answers, by path.

use std::fmt;
use std::time::Duration;

use crate::config::Config;
use crate::http::auth::Caller;
use crate::http::reply::{Refusal, Reply};
use crate::http::request::Request;
use crate::http::token::Signer;
use crate::state::State;

/// One admitted request, with everything that an answer may depend on.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) config: &'a Config,
    pub(crate) signer: &'a Signer,
    /// Index of the coordinator that answers.
    pub(crate) index: usize,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Request,
}

/// What becomes of an applied request.
pub(crate) enum Outcome {
    /// Answered at once.
    Now(Reply),
    /// Answered when `check` has an answer; asked in the given rhythm, first after one beat.
    Wait { every: Duration, check: Check },
    /// Answered, and then the process ends.
    Stop { reply: Reply, after: Duration },
    /// Acknowledged; the request itself runs in the background, its result kept under the id if there is one.
    Background { id: Option<u64>, reply: Reply },
}

/// Looks at the state again for the answer of a request that waits.
pub(crate) type Check = Box<dyn FnMut(&mut State) -> Option<Reply> + Send>;

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Now(reply)
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(reply) => f.debug_tuple("Now").field(reply).finish(),
            Self::Wait { every, .. } => f.debug_struct("Wait").field("every", every).finish_non_exhaustive(),
            Self::Stop { reply, after } => {
                f.debug_struct("Stop").field("reply", reply).field("after", after).finish()
            }
            Self::Background { id, reply } => {
                f.debug_struct("Background").field("id", id).field("reply", reply).finish()
            }
        }
    }
}

/// Answers an admitted request.
pub(crate) fn answer(call: &mut Call<'_>) -> Outcome {
    Outcome::Now(Refusal::unknown_path(&call.request.path).into())
}
