//! Transactions: the handle, the closure, and commits whose response is lost.

mod bulk;
mod closure;
mod graphs;
mod handle;
mod lost_commits;
mod owner;
mod partial_commits;
mod proofs;

use std::time::Duration;

use arango::data::Transaction;
use arango::{Client, Database, Limits};
use arango_test_cluster::TestCluster;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::sleep;

use crate::support::{builder, client, cluster};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Account {
    sum: i64,
}

/// A cluster with a collection of two accounts, each with 100.
async fn bank() -> (TestCluster, Database) {
    let cluster = cluster().await;
    let bank = client(&cluster).db("_system");
    open_accounts(&cluster, &bank).await;
    (cluster, bank)
}

async fn open_accounts(cluster: &TestCluster, bank: &Database) {
    bank.create_collection("accounts").await.unwrap();
    sleep(Duration::from_secs(2)).await;
    for owner in ["ada", "bob"] {
        bank.collection("accounts").insert(&json!({ "_key": owner, "sum": 100 })).await.unwrap();
    }
    cluster.journal().clear();
}

/// A client whose calls may take this long.
fn patient(cluster: &TestCluster, total: Duration) -> Client {
    builder(cluster).limits(Limits::default().total(total)).build().unwrap()
}

/// Moves 10 from Ada to Bob. Returns what Ada has left.
async fn transfer(transaction: &mut Transaction) -> Result<i64, arango::Error> {
    let mut accounts = transaction.collection("accounts");
    let mut left = 0;
    for (owner, change) in [("ada", -10), ("bob", 10)] {
        let account: Account = accounts.get(owner).await?.expect("the account exists");
        let account = Account { sum: account.sum + change };
        accounts.replace(owner, &account).await?;
        left = if owner == "ada" { account.sum } else { left };
    }
    Ok(left)
}

/// Reads both accounts outside of any transaction, by another client.
async fn sums(cluster: &TestCluster) -> (i64, i64) {
    let accounts = client(cluster).db("_system").collection("accounts");
    let accounts = accounts.get_many::<Account>(["ada", "bob"]).await.unwrap();
    let sum = |index: usize| accounts[index].as_ref().unwrap().sum;
    (sum(0), sum(1))
}

/// Returns how many requests of this method that end a transaction, or ask for it, were received.
fn ends(cluster: &TestCluster, method: &Method) -> usize {
    let is_end = |path: &str| path.starts_with("/_api/transaction/") && path != "/_api/transaction/begin";
    cluster.journal().entries().iter().filter(|entry| entry.method == *method && is_end(&entry.path)).count()
}

fn begins(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/transaction/begin").count()
}

/// Returns the index of the owner of a transaction.
fn owner_of(client: &Client, transaction: &Transaction) -> usize {
    let owner = transaction.coordinator().unwrap();
    client.coordinators().iter().position(|state| state.address == *owner).unwrap()
}
