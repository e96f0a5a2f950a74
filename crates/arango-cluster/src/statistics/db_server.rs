//! Statistics of a DB-Server, by a legacy call.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use bytes::Bytes;
use http::Request;

use crate::server::{ServerId, server_param};
use crate::statistics::Statistics;

/// Reads the statistics of a DB-Server, by a legacy call.
///
/// Removed in 4.0. Equivalent to [`GetServerStatistics`](crate::GetServerStatistics).
///
/// # Errors
///
/// Those of [`GetServerStatistics`](crate::GetServerStatistics).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDbServerStatistics<'a> {
    /// The server, by its id or its short name.
    pub server: &'a ServerId,
}

impl Operation for GetDbServerStatistics<'_> {
    type Output = Statistics;

    const METADATA: Metadata = Metadata::get("cluster.db_server_statistics", "/_admin/cluster/statistics")
        .relayed()
        .removed_in("4.0.0");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("DBserver", server_param(self.server)?).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Statistics, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request};

    #[test]
    fn the_parameter_has_another_name() {
        let server = ServerId::from("PRMR-1");
        let operation = GetDbServerStatistics { server: &server };
        assert_request(&operation, "GET", "/_admin/cluster/statistics?DBserver=PRMR-1");
        assert_rejected(&GetDbServerStatistics { server: &"".into() }, "`server` is empty");
    }
}
