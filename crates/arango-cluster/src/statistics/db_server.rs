//! Statistics of a DB-Server, by the call of old.

use ::http::Request;
use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};
use bytes::Bytes;

use crate::server::asked;
use crate::{ServerId, Statistics};

/// Asks a DB-Server what it has counted, through whichever coordinator answers: an older call that does the same as
/// [`GetServerStatistics`](crate::GetServerStatistics). Gone since 4.0.
///
/// # Errors
///
/// Those of [`GetServerStatistics`](crate::GetServerStatistics).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDbServerStatistics<'a> {
    /// The server to be asked, by its id or its short name.
    pub server: &'a ServerId,
}

impl Operation for GetDbServerStatistics<'_> {
    type Output = Statistics;

    const METADATA: Metadata = Metadata::get("cluster.db_server_statistics", "/_admin/cluster/statistics")
        .relayed()
        .removed_in("4.0.0");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("DBserver", asked(self.server)?).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Statistics, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses};

    #[test]
    fn the_parameter_has_another_name() {
        let server = ServerId::from("PRMR-1");
        let ask = GetDbServerStatistics { server: &server };
        assert_asks(&ask, "GET", "/_admin/cluster/statistics?DBserver=PRMR-1");
        assert_refuses(&GetDbServerStatistics { server: &"".into() }, "`server` is empty");
    }
}
