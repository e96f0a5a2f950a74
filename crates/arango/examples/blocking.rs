//! A program without async functions: a runtime of one thread, and a call that waits.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example blocking
//! ```
//!
//! It creates and drops the database `arango_example_blocking`.

use anyhow::Result;
use arango::{Client, Database};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// A store of settings whose methods wait for the cluster.
struct Settings {
    runtime: Runtime,
    database: Database,
}

impl Settings {
    fn open(client: &Client) -> Result<Self> {
        // Connections, probes and abandoned cursors are tasks of this runtime: keep it as long as the client.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let database = runtime.block_on(async {
            let database = client.create_database("arango_example_blocking").await?;
            database.create_collection("settings").ensure().await?.into_result()?;
            anyhow::Ok(database)
        })?;
        Ok(Self { runtime, database })
    }

    fn set(&self, name: &str, value: &Value) -> Result<()> {
        let settings = self.database.collection("settings");
        self.runtime.block_on(async { settings.upsert(name, &json!({ "value": value })).await })?;
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Option<Value>> {
        let settings = self.database.collection("settings");
        let found = self.runtime.block_on(async { settings.get::<Value>(name).await })?;
        Ok(found.map(|mut document| document["value"].take()))
    }
}

fn main() -> Result<()> {
    let client = Client::from_env()?;
    let settings = Settings::open(&client)?;
    settings.set("colour", &json!("green"))?;
    for name in ["colour", "size"] {
        match settings.get(name)? {
            Some(value) => anstream::println!("{name} is {value}"),
            None => anstream::println!("{name} is not set"),
        }
    }
    settings.runtime.block_on(async { client.drop_database("arango_example_blocking").await })?;
    Ok(())
}
