//! Lists of coordinators, as a coordinator returns them.

use arango::cluster::GetEndpoints;
use arango::protocol::{ApiResponse, Operation};
use arango::{Coordinator, Hosts};
use http::{HeaderMap, StatusCode};

pub(crate) fn endpoints(input: &[u8]) {
    let response = ApiResponse::new(StatusCode::OK, HeaderMap::new(), input.to_vec().into());
    let Ok(endpoints) = GetEndpoints.output(response) else { return };
    assert!(endpoints.addresses().count() <= endpoints.listed.len());
    for endpoint in endpoints.addresses() {
        if let Ok(coordinator) = endpoint.parse::<Coordinator>() {
            assert_eq!(coordinator.as_str().parse().as_ref(), Ok(&coordinator));
        }
    }
    if let Ok(hosts) = Hosts::parse(endpoints.addresses()) {
        assert!(!hosts.coordinators().is_empty());
    }
}
