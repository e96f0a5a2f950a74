//! A test of a program: it keeps taking orders while a coordinator dies, and takes none twice.
//!
//! ```text
//! cargo test -p arango --example test_failover
//! ```

use anyhow::Result;
use arango::{Client, Collection};
use serde_json::json;

/// The function under test.
async fn take_order(orders: &Collection, item: &str) -> Result<()> {
    orders.insert(&json!({ "item": item })).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;
    let shop = client.create_database("arango_example_test_failover").await?;
    shop.create_collection("orders").ensure().await?.into_result()?;
    take_order(&shop.collection("orders"), "tea").await?;
    client.drop_database("arango_example_test_failover").await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use arango_test_cluster::{Fault, Match, Phase, TestCluster};

    use super::*;

    #[tokio::test]
    async fn every_order_is_stored_once_although_a_coordinator_dies() -> Result<()> {
        let cluster = TestCluster::builder().coordinators(3).start().await?;
        let client =
            Client::builder().hosts(cluster.urls()).basic_auth("root", cluster.root_password()).build()?;
        let shop = client.create_database("arango_example_test_failover").await?;
        shop.create_collection("orders").ensure().await?.into_result()?;
        let orders = shop.collection("orders");

        // The first responses of each coordinator are lost, and in the middle one dies.
        let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*")).times(10);
        let _lost = cluster.inject(&lost);
        for number in 0..100 {
            if number == 50 {
                cluster.coordinator(1).kill();
            }
            take_order(&orders, &format!("order {number}")).await?;
        }

        assert_eq!(orders.count().await?, 100);
        Ok(())
    }
}
