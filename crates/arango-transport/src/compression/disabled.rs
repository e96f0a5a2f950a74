//! Replaces the compressor without its feature: nothing is compressed or decompressed.

use crate::call::attempt_request::AttemptRequest;
use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::compression::decode::Encoding;
use crate::pool::body::{Body, UndecodableBody};

/// No compression.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Compression(());

impl Compression {
    #[expect(clippy::unused_self, reason = "same signature as with the feature")]
    pub(crate) fn must_yield(self, _: &ReplayableRequest) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "same signature as with the feature")]
    pub(crate) async fn compress_ahead(self, _: &CallContext, _: &ReplayableRequest) {}

    #[expect(clippy::unused_self, reason = "same signature as with the feature")]
    pub(crate) fn prepare(self, _: &mut AttemptRequest) {}
}

pub(crate) fn decompress(encoding: Encoding, _: Body) -> Result<Body, UndecodableBody> {
    let name = encoding.name();
    Err(UndecodableBody(format!(
        "the response is encoded as `{name}`, and the feature `compression` is disabled"
    )))
}
