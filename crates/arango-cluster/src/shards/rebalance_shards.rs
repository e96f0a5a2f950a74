//! The legacy rebalance.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::Deserialize;

/// Starts to balance the shards of the database over the DB-Servers.
///
/// Shards are moved from the fullest to the emptiest DB-Server. It stops when they differ by at most one shard. The
/// response contains the number of started moves, at most `--cluster.max-number-of-move-shards`, by default 10: repeat
/// it until it starts none. [`Rebalance`](crate::Rebalance) considers the whole cluster, and leaders too.
///
/// # Errors
///
/// 403 without write access to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebalanceShards;

impl Operation for RebalanceShards {
    type Output = usize;

    // The query parameter has one possible value, `simple`, which is also the default.
    const METADATA: Metadata = Metadata::post("cluster.rebalance_shards", "/_admin/cluster/rebalanceShards")
        .without_body()
        .scope(Scope::Database) // not idempotent: each request may start further moves
        .permission(Permission::Write);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<usize, OutputError> {
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
    use crate::testing::{assert_request, response};

    #[test]
    fn the_number_of_started_moves_is_returned() {
        assert_request(&RebalanceShards, "POST", "/_admin/cluster/rebalanceShards");
        for (status, count) in [(202, 3), (200, 0)] {
            let body = format!(r#"{{"error":false,"code":{status},"result":{{"operations":{count}}}}}"#);
            assert_eq!(RebalanceShards.output(response(status, &body)).unwrap(), count);
        }
    }
}
