//! What an error reports: what failed, where, whether it was executed, and whether another attempt makes sense.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example errors
//! ```
//!
//! It creates and drops the database `arango_example_errors`.

use std::time::Duration;

use anyhow::Result;
use arango::{Client, Error, ErrorCategory, ErrorKind, Limits, Outcome};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;
    let shop = client.create_database("arango_example_errors").await?;
    shop.create_collection("orders").ensure().await?.into_result()?;
    let orders = shop.collection("orders");

    // A refusal: a coordinator has answered, so the request is over.
    orders.insert(&json!({ "item": "tea" })).key("1").await?;
    if let Err(error) = orders.insert(&json!({ "item": "coffee" })).key("1").await {
        explain("a second document under one key", &error);
        assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    }
    if let Err(error) = shop.collection("ordres").count().await {
        explain("a collection that is not there", &error);
    }

    // Bad input: nothing is sent.
    if let Err(error) = orders.get::<serde_json::Value>("a key with spaces").await {
        explain("an invalid key", &error);
    }

    // No coordinator: proved that nothing was executed, so the program may send it again, to whatever is there then.
    let limits = Limits::default().total(Duration::from_secs(2));
    let unreachable =
        Client::builder().hosts("http://127.0.0.1:1,http://127.0.0.1:2").limits(limits).build()?;
    if let Err(error) =
        unreachable.db("arango_example_errors").collection("orders").insert(&json!({ "item": "milk" })).await
    {
        explain("no coordinator can be reached", &error);
        assert_eq!(error.outcome(), Outcome::NotExecuted);
        anstream::println!("its report has a line for each attempt:\n{}", error.report());
    }

    client.drop_database("arango_example_errors").await?;
    Ok(())
}

/// What a program decides by.
fn explain(what: &str, error: &Error) {
    let advice = match (error.category(), error.outcome()) {
        // Also if a copy of this request would do no harm: a new insert would have a new key.
        (_, Outcome::Unknown) => "read the state first",
        _ if error.is_retryable() => "send it again, after a pause",
        (ErrorCategory::Conflict | ErrorCategory::NotFound, _) => "tell the user",
        _ => "repair the program or its settings",
    };
    anstream::println!("# {what}\n{error}");
    anstream::println!("  {:?}, outcome {:?}: {advice}\n", error.kind(), error.outcome());
}
