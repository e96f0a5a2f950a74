//! What a failure tells of its coordinator, found out by what takes that out of the rotation.

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, Coordinator};
use arango_test_cluster::{Fault, TestCluster};

use super::on_writes;
use crate::support::{client, insert};

/// What the document calls health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// Three in a row take the coordinator out.
    Unreachable,
    /// Five in a row take it out.
    Gateway,
    /// It keeps a quarter of its share for a while.
    Overloaded,
    /// It gets no new requests for a while.
    Leaving,
    /// It neither takes it out nor speaks for it.
    Nothing,
    /// It ends a row of failures, but twenty of them take it out.
    Failed,
    /// It ends a row of failures.
    Good,
}

/// Finds out what `fault` tells of the first coordinator when it strikes a request of `class`.
///
/// The calls are pinned, so that none of them goes on to another.
pub(super) async fn tells(cluster: &TestCluster, class: RequestClass, fault: &Fault) -> Tells {
    tells_to(cluster, class, fault, client).await
}

/// The same to clients that are made in this way.
pub(super) async fn tells_to(
    cluster: &TestCluster,
    class: RequestClass,
    fault: &Fault,
    client: impl Fn(&TestCluster) -> Client,
) -> Tells {
    let fresh = client(cluster);
    strike(cluster, &fresh, class, fault).await;
    match fresh.coordinators()[0].standing {
        MemberState::Overloaded => return Tells::Overloaded,
        MemberState::Draining => return Tells::Leaving,
        _ => {}
    }
    for _ in 0..2 {
        strike(cluster, &fresh, class, fault).await;
    }
    if ejected(&fresh) {
        return Tells::Unreachable;
    }
    for _ in 0..2 {
        strike(cluster, &fresh, class, fault).await;
    }
    if ejected(&fresh) {
        return Tells::Gateway;
    }
    let fresh = client(cluster);
    let unreachable = Fault::garbage();
    for fault in [&unreachable, &unreachable, fault, &unreachable] {
        strike(cluster, &fresh, class, fault).await;
    }
    if ejected(&fresh) {
        return Tells::Nothing;
    }
    let fresh = client(cluster);
    for _ in 0..20 {
        strike(cluster, &fresh, class, fault).await;
    }
    if ejected(&fresh) { Tells::Failed } else { Tells::Good }
}

impl Tells {
    /// How a coordinator stands after it was told once.
    pub(super) fn standing(self) -> MemberState {
        match self {
            Self::Overloaded => MemberState::Overloaded,
            Self::Leaving => MemberState::Draining,
            Self::Unreachable | Self::Gateway | Self::Nothing | Self::Failed | Self::Good => {
                MemberState::Healthy
            }
        }
    }
}

async fn strike(cluster: &TestCluster, client: &Client, class: RequestClass, fault: &Fault) {
    let first: Coordinator = cluster.coordinator(0).url().parse().unwrap();
    let struck = cluster.coordinator(0).inject(on_writes(fault.clone()));
    client.coordinator(&first).execute(insert("struck", class)).await.unwrap_err();
    assert!(struck.hits() > 0);
}

fn ejected(client: &Client) -> bool {
    client.coordinators()[0].standing == MemberState::Ejected
}
