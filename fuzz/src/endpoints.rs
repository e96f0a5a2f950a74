//! What a coordinator says of where the others are.

use arango::cluster::GetEndpoints;
use arango::protocol::{ApiResponse, Operation};
use arango::transport::{Coordinator, Hosts};
use http::{HeaderMap, StatusCode};

pub(crate) fn endpoints(input: &[u8]) {
    let answer = ApiResponse::new(StatusCode::OK, HeaderMap::new(), input.to_vec().into());
    let Ok(endpoints) = GetEndpoints.output(answer) else { return };
    assert!(endpoints.known().count() <= endpoints.listed.len());
    for endpoint in endpoints.known() {
        if let Ok(coordinator) = endpoint.parse::<Coordinator>() {
            assert_eq!(coordinator.as_str().parse().as_ref(), Ok(&coordinator));
        }
    }
    if let Ok(hosts) = Hosts::parse(endpoints.known()) {
        assert!(!hosts.coordinators().is_empty());
    }
}
