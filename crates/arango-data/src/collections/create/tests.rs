//! Requests that create a collection, and lost ones.

use super::*;
use crate::collections::properties::tests::properties;
use crate::collections::{KeyGenerator, SchemaLevel};
use crate::testing::{name, read, request_parts};
use arango_protocol::{ErrorKind, Outcome, RequestClass};
use serde_json::{Value, json};

fn create() -> CreateCollection {
    CreateCollection::new(&name("books"))
}

#[test]
fn only_what_was_set_is_sent() {
    let (method, uri, body) = request_parts(&create()).unwrap();
    let bare = r#"{"name":"books","type":2}"#;
    assert_eq!((method.as_str(), uri.as_str(), body.as_str()), ("POST", "/_api/collection", bare));
    let full = create()
        .edge()
        .shards(3)
        .shard_keys(["country"])
        .replication_factor(ReplicationFactor::Satellite)
        .write_concern(2)
        .wait_for_sync()
        .cache()
        .sharding_strategy(ShardingStrategy::Hash)
        .distribute_shards_like(&name("authors"))
        .schema(Schema::new(json!({ "type": "object" })).level(SchemaLevel::New).message("no"))
        .computed_values([ComputedValue::new("at", "RETURN DATE_NOW()").overwrite()])
        .key_options(KeyOptions::new(KeyGenerator::Padded).server_keys_only())
        .skip_waiting_for_replicas()
        .allow_fewer_replicas();
    let (_, uri, body) = request_parts(&full).unwrap();
    assert_eq!(uri, "/_api/collection?waitForSyncReplication=false&enforceReplicationFactor=false");
    let expected = json!({
        "name": "books", "type": 3, "waitForSync": true, "cacheEnabled": true, "numberOfShards": 3,
        "shardKeys": ["country"], "replicationFactor": "satellite", "writeConcern": 2, "shardingStrategy": "hash",
        "distributeShardsLike": "authors", "schema": { "rule": { "type": "object" }, "level": "new", "message": "no" },
        "computedValues": [{
            "name": "at", "expression": "RETURN DATE_NOW()", "overwrite": true,
            "computeOn": ["insert", "update", "replace"], "keepNull": true, "failOnWarning": false,
        }],
        "keyOptions": { "type": "padded", "allowUserKeys": false },
    });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
}

#[test]
fn the_transport_learns_that_the_name_is_new() {
    let request = create().request().unwrap();
    assert_eq!(request.extensions().get(), Some(&CreatedResource::collection("books")));
}

#[test]
fn a_lost_creation_is_found_out_by_the_properties() {
    let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
    let existing = || read(&create().question(&lost).unwrap(), &properties(&json!({})));
    assert_eq!(create().conclusion(&lost, Ok(existing())), Conclusion::Executed(existing()));
    assert_eq!(create().shards(4).conclusion(&lost, Ok(existing())), Conclusion::Superseded);
    let missing = ErrorObject::parse(br#"{"error":true,"code":404,"errorNum":1203}"#).unwrap();
    assert_eq!(create().conclusion(&lost, Err(&missing)), Conclusion::NotSeen);
    assert_eq!(create().properties().class, RequestClass::NonIdempotent);
}

#[test]
fn a_name_in_use_is_asked_about_only_after_an_ambiguous_attempt() {
    let number = Some(ErrorNumber::DUPLICATE_NAME);
    let refused = Failure::new(ErrorKind::Conflict, Outcome::NotExecuted, number);
    assert!(create().question(&refused).is_none());
    assert!(create().question(&refused.after_ambiguous_attempt()).is_some());
}
