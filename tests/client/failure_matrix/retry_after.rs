//! `Retry-After` in responses for which the failure semantics do not mention it.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango_test_cluster::Fault;

use super::{CONFLICT_BACKOFF, Expect, FIRST_OVERLOADED, OVERLOAD_BACKOFF, call_and_observe, on_writes};
use crate::support::{client, cluster};

const HEALTHY: [MemberState; 3] = [MemberState::Healthy; 3];

#[tokio::test(start_paused = true)]
async fn retry_after_replaces_only_throttling_and_gateway_backoff() {
    let no_backoff = Duration::ZERO..=Duration::ZERO;
    for (status, number, states, pause) in [
        (503, 503, FIRST_OVERLOADED, no_backoff),
        (503, 21003, FIRST_OVERLOADED, OVERLOAD_BACKOFF),
        (412, 21004, FIRST_OVERLOADED, OVERLOAD_BACKOFF),
        (503, 1465, HEALTHY, OVERLOAD_BACKOFF),
        (503, 1496, HEALTHY, OVERLOAD_BACKOFF),
        (500, 1457, HEALTHY, OVERLOAD_BACKOFF),
        (503, 1478, HEALTHY, OVERLOAD_BACKOFF),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::response(status, number, "as the test demands").header("retry-after", "4");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        let expect = Expect::fails_over().server_counts(2, 1).member_states(states).within(pause);
        call_and_observe(&cluster, &client, RequestClass::Safe).await.assert_matches(&expect);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_does_not_delay_a_retry_on_the_same_coordinator() {
    for (status, number, pause) in [(408, 0, Duration::ZERO..=Duration::ZERO), (409, 1601, CONFLICT_BACKOFF)]
    {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = match number {
            0 => Fault::raw_response(status, "text/html", "<html>"),
            _ => Fault::response(status, number, "as the test demands"),
        };
        let _fault = cluster.coordinator(0).inject(on_writes(fault.header("retry-after", "4")).times(1));
        let expect = Expect::fails_over().attempts(2, 0).server_counts(2, 1).within(pause);
        call_and_observe(&cluster, &client, RequestClass::Safe).await.assert_matches(&expect);
    }
}
