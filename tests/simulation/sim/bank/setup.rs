//! The cluster of a bank, and its accounts.

use std::sync::Arc;
use std::time::Duration;

use arango::data::CollectionName;
use arango::{Client, Database};
use arango_test_cluster::TestCluster;
use serde_json::json;

use super::BankScenario;
use crate::sim::admin;

pub(super) const ACCOUNTS: &str = "accounts";
pub(super) const LEDGER: &str = "ledger";
pub(super) const PROOFS: &str = "proofs";
/// The number of accounts, and what each has at the beginning.
pub(super) const ACCOUNT_COUNT: usize = 100;
pub(super) const BALANCE: i64 = 100;

/// Starts the cluster, opens the accounts, and returns a client whose network has no faults.
pub(super) async fn start_cluster(scenario: &BankScenario) -> (Arc<TestCluster>, Client) {
    let (cluster, admin) = admin::start_cluster(&scenario.base).await;
    open_accounts(&admin.db("_system")).await.expect("there are no faults yet");
    // Time for the collections to propagate to all coordinators.
    tokio::time::sleep(Duration::from_secs(2)).await;
    (cluster, admin)
}

async fn open_accounts(bank: &Database) -> arango::Result<()> {
    bank.create_collection(ACCOUNTS).replication_factor(2).await?;
    let accounts = CollectionName::new(ACCOUNTS).expect("a valid name");
    bank.create_collection(LEDGER).distribute_shards_like(&accounts).await?;
    let proofs = bank.transaction([ACCOUNTS, LEDGER]).proved_in(PROOFS).ensure_proofs().await?;
    assert!(proofs.matches(), "{proofs}");
    for number in 0..ACCOUNT_COUNT {
        bank.collection(ACCOUNTS).insert(&json!({ "sum": BALANCE })).key(format!("a{number}")).await?;
    }
    Ok(())
}
