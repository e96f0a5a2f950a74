//! Health of the servers, as a coordinator reports it.

use arango::cluster::GetHealth;
use arango::protocol::{ApiResponse, Operation};
use http::{HeaderMap, StatusCode};

pub(crate) fn health(input: &[u8]) {
    let response = ApiResponse::new(StatusCode::OK, HeaderMap::new(), input.to_vec().into());
    match GetHealth.output(response) {
        Ok(health) => {
            assert!(health.servers().is_sorted_by_key(|(id, _)| id));
            assert!(health.servers().all(|(id, _)| health.get(id).is_some()));
            assert_eq!(health.all_good(), health.servers().all(|(_, server)| server.is_good()));
            let roles = health.coordinators().count() + health.db_servers().count() + health.agents().count();
            assert!(roles <= health.servers().len());
            for (id, server) in health.servers() {
                assert!(server.client_endpoint() != Some(""), "{id} has an empty endpoint");
            }
        }
        Err(error) => assert!(error.body().len() <= 1024),
    }
}
