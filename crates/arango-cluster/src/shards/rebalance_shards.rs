//! The rebalance of old.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// Begins to move shards of the database from the fullest DB-Server to the emptiest, until they differ by one at most.
///
/// The answer is how many moves were begun, at most `--cluster.max-number-of-move-shards`, by default 10: to get to an
/// end, say it again. [`Rebalance`](crate::Rebalance) sees the cluster as a whole, and weighs leaders too.
///
/// # Errors
///
/// 403 without write access to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebalanceShards;

impl Operation for RebalanceShards {
    type Output = usize;

    // The query knows one algorithm, `simple`, which is also taken where none is named.
    const METADATA: Metadata = Metadata::post("cluster.rebalance_shards", "/_admin/cluster/rebalanceShards")
        .scope(Scope::Database) // not idempotent: each time may begin moves of its own
        .permission(Permission::Write);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<usize, DecodeError> {
        #[derive(Deserialize)]
        struct Body {
            operations: usize,
        }
        response.json_result::<Body>().map(|body| body.operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, response};

    #[test]
    fn how_many_moves_were_begun_is_told() {
        assert_asks(&RebalanceShards, "POST", "/_admin/cluster/rebalanceShards");
        for (status, count) in [(202, 3), (200, 0)] {
            let body = format!(r#"{{"error":false,"code":{status},"result":{{"operations":{count}}}}}"#);
            assert_eq!(RebalanceShards.output(response(status, &body)).unwrap(), count);
        }
    }
}
