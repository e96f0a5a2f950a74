//! What stands where compression would: without its feature nothing is compressed, and nothing undone.

use crate::encoded::{Encoding, Undecodable};
use crate::record::CallRecord;
use crate::template::Template;
use crate::{Body, Outgoing};

/// Never.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Compression(());

impl Compression {
    #[expect(clippy::unused_self, reason = "as the one that there is with the feature")]
    pub(crate) fn is_long_work(self, _: &Template) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "as the one that there is with the feature")]
    pub(crate) async fn work_ahead(self, _: &CallRecord, _: &Template) {}

    #[expect(clippy::unused_self, reason = "as the one that there is with the feature")]
    pub(crate) fn prepare(self, _: &mut Outgoing) {}
}

/// Nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compressed(());

pub(crate) fn inflate(encoding: Encoding, _: Body) -> Result<Body, Undecodable> {
    let name = encoding.name();
    Err(Undecodable(format!("the answer is encoded as `{name}`, and the feature `compression` is off")))
}
