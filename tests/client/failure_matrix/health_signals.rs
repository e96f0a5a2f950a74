//! Determines the health signal of a fault by its effect on the member state.

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, Coordinator};
use arango_test_cluster::{Fault, TestCluster};

use super::on_writes;
use crate::support::{client, insert};

/// Health effect of a failure, as in the column `health` of the failure semantics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HealthSignal {
    /// Three consecutive failures eject the coordinator.
    Unreachable,
    /// Five consecutive failures eject the coordinator.
    GatewayError,
    /// The coordinator gets 25 % of its share for a while.
    Overloaded,
    /// The coordinator gets no new requests for a while.
    Draining,
    /// No effect: neither a failure nor a success.
    Neutral,
    /// Resets the count of consecutive failures, but twenty of them eject the coordinator.
    Failure,
    /// Resets the count of consecutive failures.
    Success,
}

/// Returns the health signal of `fault` at the first coordinator for a request of `class`.
///
/// The calls are pinned, so they do not fail over.
pub(super) async fn health_signal(cluster: &TestCluster, class: RequestClass, fault: &Fault) -> HealthSignal {
    health_signal_with(cluster, class, fault, client).await
}

/// Like `health_signal`, with clients built by `client`.
pub(super) async fn health_signal_with(
    cluster: &TestCluster,
    class: RequestClass,
    fault: &Fault,
    client: impl Fn(&TestCluster) -> Client,
) -> HealthSignal {
    let new_client = client(cluster);
    trigger_fault(cluster, &new_client, class, fault).await;
    match new_client.coordinators()[0].state {
        MemberState::Overloaded => return HealthSignal::Overloaded,
        MemberState::Draining => return HealthSignal::Draining,
        _ => {}
    }
    for _ in 0..2 {
        trigger_fault(cluster, &new_client, class, fault).await;
    }
    if ejected(&new_client) {
        return HealthSignal::Unreachable;
    }
    for _ in 0..2 {
        trigger_fault(cluster, &new_client, class, fault).await;
    }
    if ejected(&new_client) {
        return HealthSignal::GatewayError;
    }
    let new_client = client(cluster);
    let unreachable = Fault::garbage();
    for fault in [&unreachable, &unreachable, fault, &unreachable] {
        trigger_fault(cluster, &new_client, class, fault).await;
    }
    if ejected(&new_client) {
        return HealthSignal::Neutral;
    }
    let new_client = client(cluster);
    for _ in 0..20 {
        trigger_fault(cluster, &new_client, class, fault).await;
    }
    if ejected(&new_client) { HealthSignal::Failure } else { HealthSignal::Success }
}

impl HealthSignal {
    /// Returns the member state after the signal was recorded once.
    pub(super) fn member_state(self) -> MemberState {
        match self {
            Self::Overloaded => MemberState::Overloaded,
            Self::Draining => MemberState::Draining,
            Self::Unreachable | Self::GatewayError | Self::Neutral | Self::Failure | Self::Success => {
                MemberState::Healthy
            }
        }
    }
}

async fn trigger_fault(cluster: &TestCluster, client: &Client, class: RequestClass, fault: &Fault) {
    let first: Coordinator = cluster.coordinator(0).url().parse().unwrap();
    let guard = cluster.coordinator(0).inject(on_writes(fault.clone()));
    client.coordinator(&first).execute(insert("faulted", class)).await.unwrap_err();
    assert!(guard.hits() > 0);
}

fn ejected(client: &Client) -> bool {
    client.coordinators()[0].state == MemberState::Ejected
}
