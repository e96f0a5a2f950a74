//! Collections that are created again under their names, with other key options.

use std::time::Duration;

use arango::data::{KeyGenerator, KeyOptions};
use arango::{Client, Collection};
use arango_test_cluster::TestCluster;
use serde_json::json;
use tokio::time::{advance, sleep};

use super::{book, requests};
use crate::support::{client, cluster};

const NAME: &str = "recreated";

/// Which keys a collection accepts.
#[derive(Clone, Copy)]
enum Accepts {
    All,
    /// Those of the server, and numbers.
    Numbers,
    /// Those of the server.
    None,
}

async fn create(client: &Client, accepts: Accepts) -> Collection {
    let database = client.db("_system");
    let counted = KeyOptions::new(KeyGenerator::Autoincrement);
    let new = database.create_collection(NAME).edge();
    match accepts {
        Accepts::All => new.await,
        Accepts::Numbers => new.key_options(counted).await,
        Accepts::None => new.key_options(counted.server_keys_only()).await,
    }
    .unwrap();
    // Until all coordinators know it.
    sleep(Duration::from_secs(2)).await;
    database.collection(NAME)
}

async fn create_again(client: &Client, accepts: Accepts) {
    client.db("_system").collection(NAME).drop_collection().await.unwrap();
    create(client, accepts).await;
}

/// Inserts an edge without a key. Returns whether its key was made by the client.
async fn is_key_generated(collection: &Collection) -> bool {
    let mut edge = serde_json::to_value(book("Dune")).unwrap();
    (edge["_from"], edge["_to"]) = (json!("authors/herbert"), json!("books/dune"));
    collection.insert(&edge).await.unwrap().key.as_str().len() == 26
}

/// A cluster, the client whose inserts are tested, and another one.
async fn two_clients() -> (TestCluster, Client, Client) {
    let cluster = cluster().await;
    let (one, other) = (client(&cluster), client(&cluster));
    (cluster, one, other)
}

#[tokio::test(start_paused = true)]
async fn w22_inserts_continue_when_a_collection_is_created_again_that_accepts_no_generated_keys() {
    for accepts in [Accepts::Numbers, Accepts::None] {
        let (cluster, client, other) = two_clients().await;
        let collection = create(&client, Accepts::All).await;
        assert!(is_key_generated(&collection).await);
        create_again(&other, accepts).await;
        cluster.journal().clear();
        assert!(!is_key_generated(&collection).await);
        assert_eq!(requests(&cluster, "POST"), 2, "the first one was refused");
        assert!(!is_key_generated(&collection).await);
        assert_eq!(requests(&cluster, "POST"), 3, "the refusal is remembered");
        assert_eq!(collection.count().await.unwrap(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_made_once_is_not_refused_because_of_an_earlier_collection_of_the_name() {
    let (_cluster, client, other) = two_clients().await;
    create(&client, Accepts::None).await;
    let edges = client.db("_system").edges(NAME);
    edges.link_once("authors/herbert", "books/dune", &json!({})).await.unwrap_err();
    create_again(&other, Accepts::All).await;
    for _ in 0..2 {
        edges.link_once("authors/herbert", "books/dune", &json!({})).await.unwrap();
    }
    assert_eq!(edges.collection().count().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_made_again_ten_minutes_after_a_refusal_or_at_once_if_the_client_itself_creates_the_collection()
 {
    for is_created_by_other in [true, false] {
        let (_cluster, client, other) = two_clients().await;
        let collection = create(&client, Accepts::None).await;
        assert!(!is_key_generated(&collection).await);
        create_again(if is_created_by_other { &other } else { &client }, Accepts::All).await;
        assert_eq!(is_key_generated(&collection).await, !is_created_by_other);
        advance(Duration::from_secs(600)).await;
        assert!(is_key_generated(&collection).await);
    }
}

#[tokio::test(start_paused = true)]
async fn the_properties_of_a_collection_that_accepts_keys_are_read_once() {
    let (cluster, client, _) = two_clients().await;
    let collection = create(&client, Accepts::All).await;
    for _ in 0..3 {
        assert!(is_key_generated(&collection).await);
        advance(Duration::from_secs(3600)).await;
    }
    let entries = cluster.journal().entries();
    let reads = entries.iter().filter(|entry| entry.path == "/_api/collection/recreated/properties");
    assert_eq!(reads.count(), 1);
}
