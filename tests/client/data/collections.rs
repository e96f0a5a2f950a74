//! Collections and databases as a whole.

use arango::data::{Aql, ComputeOn, ComputedValue, DatabaseSharding, KeyGenerator, KeyOptions, Schema};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use super::{book, requests};
use crate::support::{self, client, cluster};

#[tokio::test(start_paused = true)]
async fn a_collection_is_created_used_and_dropped() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let created = database.create_collection("movies").shards(3).replication_factor(2).await.unwrap();
    assert_eq!((created.number_of_shards, created.name.as_str()), (Some(3), "movies"));
    let movies = database.collection("movies");
    for _ in 0..3 {
        movies.insert(&book("Dune")).await.unwrap();
    }
    assert_eq!(movies.count().await.unwrap(), 3);
    assert_eq!(movies.properties().await.unwrap().number_of_shards, Some(3));
    let names: Vec<_> = database.collections().await.unwrap().into_iter().map(|info| info.name).collect();
    assert!(names.iter().any(|name| *name == "movies") && names.iter().any(|name| *name == "books"));
    movies.truncate().await.unwrap();
    assert_eq!(movies.count().await.unwrap(), 0);
    movies.drop_collection().await.unwrap();
    assert_eq!(movies.count().await.unwrap_err().kind(), ErrorKind::CollectionNotFound);
}

#[tokio::test(start_paused = true)]
async fn w18_a_collection_whose_creation_is_lost_is_compared() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let lost =
        cluster.inject(&Fault::close(Phase::AfterExecution).on(Match::post("/_api/collection")).times(1));
    let created = database.create_collection("movies").shards(2).await.unwrap();
    assert_eq!(created.number_of_shards, Some(2));
    drop(lost);
    let error = database.create_collection("movies").shards(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let ensured = database.create_collection("movies").shards(3).ensure().await.unwrap();
    assert!(ensured.existed);
    assert_eq!(ensured.differences.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn w18_what_a_server_reports_otherwise_does_not_distinguish_the_collection_that_was_created() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let at = || ComputedValue::new("at", "RETURN 1").compute_on([ComputeOn::Update, ComputeOn::Insert]);
    let schema = || Schema::new(json!({ "properties": { "pages": { "type": "number", "maximum": 10.0 } } }));
    let create = |name| {
        let keys = KeyOptions::new(KeyGenerator::Autoincrement);
        database.create_collection(name).key_options(keys).computed_values([at()]).schema(schema())
    };
    let lost =
        cluster.inject(&Fault::close(Phase::AfterExecution).on(Match::post("/_api/collection")).times(1));
    let created = create("movies").await.unwrap();
    assert_eq!(created.key_options.unwrap().increment, Some(1));
    drop(lost);
    let ensured = create("movies").ensure().await.unwrap();
    assert_eq!((ensured.existed, ensured.differences), (true, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn w19_a_collection_that_was_created_again_is_not_dropped() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    database.create_collection("movies").await.unwrap();
    let movies = database.collection("movies");
    let late = Fault::latency(Duration::from_secs(40)).on(Match::delete("/_api/collection/*")).times(1);
    let _late = cluster.coordinator(0).inject(late.clone());
    let _others = [1, 2].map(|index| cluster.coordinator(index).inject(late.clone()));
    movies.drop_collection().await.ok();
    sleep(Duration::from_secs(1)).await;
    database.create_collection("movies").ensure().await.unwrap().into_result().unwrap();
    sleep(Duration::from_secs(120)).await;
    // A late copy of the removal is about the id of the first one.
    assert_eq!(movies.count().await.unwrap(), 0);
    let entries = cluster.journal().entries();
    let removals: Vec<_> = entries.iter().filter(|entry| entry.method == "DELETE").collect();
    assert!(!removals.is_empty() && removals.iter().all(|entry| !entry.path.ends_with("/movies")));
}

#[tokio::test(start_paused = true)]
async fn a_collection_that_makes_its_keys_gets_none_from_the_client() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    let options = KeyOptions::new(KeyGenerator::Autoincrement);
    database.create_collection("counted").key_options(options).await.unwrap();
    let counted = database.collection("counted");
    for _ in 0..3 {
        let written = counted.insert(&book("Dune")).await.unwrap();
        assert_ne!(written.key.as_str().len(), 26);
    }
    let reads = cluster.journal().entries();
    let reads = reads.iter().filter(|entry| entry.path.ends_with("/counted/properties"));
    assert_eq!((reads.count(), requests(&cluster, "POST")), (1, 3), "the properties are read once");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_program_chose_is_never_replaced() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let options = KeyOptions::new(KeyGenerator::Autoincrement).server_keys_only();
    database.create_collection("counted").key_options(options).await.unwrap();
    let counted = database.collection("counted");
    let key = counted.new_key();
    assert!(counted.insert(&book("Dune")).key(&key).await.is_err());
    assert_eq!(counted.count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_database_is_created_listed_and_dropped() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = client.create_database("shop").await.unwrap();
    client.create_database("shop").await.unwrap();
    shop.create_collection("orders").await.unwrap();
    shop.collection("orders").insert(&json!({ "sum": 1 })).await.unwrap();
    assert!(client.databases().await.unwrap().iter().any(|name| name.as_str() == "shop"));
    client.drop_database("shop").await.unwrap();
    assert!(!client.databases().await.unwrap().iter().any(|name| name.as_str() == "shop"));
    let error = shop.collection("orders").count().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatabaseUnknown);
    assert_eq!(client.create_database("").await.unwrap_err().kind(), ErrorKind::Request);
}

#[tokio::test(start_paused = true)]
async fn the_shards_of_a_collection_are_listed_and_its_properties_changed() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    database.create_collection("movies").shards(3).replication_factor(1).await.unwrap();
    let movies = database.collection("movies");
    movies.insert(&book("Dune")).key("dune").await.unwrap();
    let shards = movies.shards().await.unwrap();
    assert!(shards.len() == 3 && shards.values().all(|replicas| replicas.leader.is_some()));
    let shard = movies.responsible_shard(&json!({ "_key": "dune" })).await.unwrap();
    assert_eq!(movies.count_by_shard().await.unwrap()[&shard], 1);
    let changed = movies.set_properties().replication_factor(2).write_concern(2).await.unwrap();
    assert_eq!(changed.write_concern, Some(2));
    assert_eq!(movies.properties().await.unwrap().replication_factor, Some(2.into()));
}

#[tokio::test(start_paused = true)]
async fn transactions_and_queries_wait_until_their_coordinator_knows_a_new_collection() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let (database, other) = (client.db("_system"), support::client(&cluster).db("_system"));
    cluster.set_propagation(Duration::from_secs(5));
    for name in ["in_transaction", "in_text", "bound", "written", "explained"] {
        database.create_collection(name).await.unwrap();
        // One of three coordinators knows it.
        for _ in 0..3 {
            match name {
                "in_transaction" => {
                    database.transaction([name]).begin().await.unwrap().abort().await.unwrap();
                }
                "in_text" => {
                    let query = Aql::new("FOR d IN in_text RETURN d");
                    assert!(database.query::<Value>(query).all().await.unwrap().is_empty());
                }
                "bound" => {
                    let query = Aql::new("FOR d IN @@all RETURN d").collection("all", name);
                    assert!(database.query::<Value>(query).all().await.unwrap().is_empty());
                }
                "written" => {
                    let query = Aql::new("FOR n IN 1..2 INSERT { n } INTO written");
                    database.query::<Value>(query).all().await.unwrap();
                }
                _ => drop(database.explain(&Aql::new("FOR d IN explained RETURN d")).await.unwrap()),
            }
        }
    }
    // One that does not exist, and one of another client, are not waited for.
    let began = Instant::now();
    let error = database.query::<Value>(Aql::new("FOR d IN missing RETURN d")).all().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::CollectionNotFound, 1));
    let missing = database.transaction(["missing"]).begin().await.unwrap_err();
    assert_eq!((missing.kind(), missing.attempts().len()), (ErrorKind::CollectionNotFound, 1));
    assert_eq!(began.elapsed(), Duration::ZERO);
    database.create_collection("recent").await.unwrap();
    let mut unknown = 0;
    for _ in 0..3 {
        unknown +=
            usize::from(other.query::<Value>(Aql::new("FOR d IN recent RETURN d")).all().await.is_err());
    }
    assert_eq!(unknown, 2);
}

#[tokio::test(start_paused = true)]
async fn a_collection_whose_creation_was_found_out_is_read_at_coordinators_that_do_not_know_it_yet() {
    let cluster = cluster().await;
    cluster.set_propagation(Duration::from_secs(5));
    let database = client(&cluster).db("_system");
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/collection*")).times(1);
    let faults = cluster.inject(&lost);
    database.create_collection("movies").ensure().await.unwrap().into_result().unwrap();
    drop(faults);
    for _ in 0..3 {
        assert_eq!(database.collection("movies").count().await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_properties_is_sent_once_since_a_late_copy_would_undo_a_later_one() {
    let cluster = cluster().await;
    let books = client(&cluster).db("_system").collection("books");
    let _lost = cluster.inject(&Fault::close(Phase::AfterRead).on(Match::put("/_api/collection*")).times(1));
    let error = books.set_properties().wait_for_sync().await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{}", error.report());
    assert!(!books.properties().await.unwrap().wait_for_sync);
}

#[tokio::test(start_paused = true)]
async fn a_database_is_created_with_its_options() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let single = client.create_database("shop").sharding(DatabaseSharding::Single).replication_factor(2);
    let info = single.await.unwrap().info().await.unwrap();
    assert_eq!((info.sharding, info.replication_factor), (DatabaseSharding::Single, Some(2.into())));
    assert!(client.accessible_databases().await.unwrap().iter().any(|name| name.as_str() == "shop"));
}
