//! The collections and indexes that a program expects.

use std::time::Duration;

use arango::data::{DatabaseSchema, DatabaseSharding, Index, SchemaError};
use arango::long_running::PollOptions;
use arango::{Client, Database, ErrorKind};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{client, cluster, cluster_with};

fn library() -> DatabaseSchema {
    DatabaseSchema::new()
        .collection("novels", |novels| novels.shards(3).replication_factor(2).write_concern(2))
        .index("novels", Index::persistent(["year", "title"]).named("by_year"))
        .index("novels", Index::ttl("deleted_at", Duration::from_secs(3600)).named("deleted"))
        .collection("wrote", |wrote| wrote.edge().wait_for_sync())
        .index("wrote", Index::persistent(["since"]))
}

async fn shop(client: &Client) -> Database {
    client.create_database("shop").await.unwrap()
}

/// Returns how many collections or indexes were created.
fn created(cluster: &TestCluster, path: &str, status: u16) -> usize {
    let entries = cluster.journal().entries();
    let is_creation = |entry: &&arango_test_cluster::Entry| entry.method == "POST" && entry.path == path;
    entries.iter().filter(is_creation).filter(|entry| entry.status == Some(status)).count()
}

fn count_created(cluster: &TestCluster) -> (usize, usize) {
    (created(cluster, "/_api/collection", 200), created(cluster, "/_api/index", 201))
}

async fn names(database: &Database) -> Vec<String> {
    let collections = database.collections().await.unwrap();
    let mut names = Vec::new();
    for collection in collections.iter().filter(|collection| !collection.is_system) {
        let name = collection.name.as_str();
        for index in database.collection(name).indexes().await.unwrap() {
            names.push(format!("{name}/{}", index.name));
        }
    }
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_shown_and_created_once() {
    for version in ["3.10", "3.12", "4.0"] {
        let cluster = cluster_with(|builder| builder.version(version)).await;
        let database = shop(&client(&cluster)).await;
        let missing = "+ collection novels\n+ index novels/by_year\n+ index novels/deleted\n+ collection wrote\n\
                       + index wrote/persistent(since)";
        let compared = library().compare(&database).await.unwrap();
        assert_eq!((compared.to_string().as_str(), compared.can_be_ensured()), (missing, true));
        assert_eq!(count_created(&cluster), (0, 0), "comparing creates nothing");

        assert_eq!(library().ensure(&database).await.unwrap().changes().to_string(), missing);
        assert_eq!(count_created(&cluster), (2, 3));
        assert!(library().compare(&database).await.unwrap().is_empty(), "{version}");
        assert!(library().ensure(&database).await.unwrap().changes().is_empty());
        assert_eq!(count_created(&cluster), (2, 3));
        let novels = database.collection("novels").properties().await.unwrap();
        assert_eq!((novels.number_of_shards, novels.write_concern), (Some(3), Some(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_be_changed_is_changed_and_the_rest_is_listed() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    database.create_collection("novels").replication_factor(2).write_concern(1).await.unwrap();
    let novels = database.collection("novels");
    novels.ensure_index(Index::persistent(["title"]).named("by_year")).await.unwrap().into_result().unwrap();
    novels
        .ensure_index(Index::ttl("deleted_at", Duration::from_secs(60)))
        .await
        .unwrap()
        .into_result()
        .unwrap();
    database.create_collection("wrote").await.unwrap();

    let compared = library().compare(&database).await.unwrap();
    let lines = [
        "! novels.numberOfShards is 1, expected 3 (cannot be changed)",
        "~ novels.writeConcern 1 → 2",
        r#"! index novels/by_year fields is ["title"], expected ["year","title"] (cannot be changed)"#,
        "! index novels/deleted expireAfter is 60.0, expected 3600.0 (cannot be changed)",
        "! wrote.type is 2, expected 3 (cannot be changed)",
        "~ wrote.waitForSync false → true",
        "+ index wrote/persistent(since)",
    ];
    assert_eq!(compared.to_string(), lines.join("\n"));
    assert!(!compared.can_be_ensured());

    let error = library().ensure(&database).await.unwrap_err();
    let fixed: Vec<_> = lines.into_iter().filter(|line| line.starts_with('!')).collect();
    assert_eq!(error.to_string(), format!("the database differs from its schema:\n{}", fixed.join("\n")));
    let SchemaError::Differs(left) = error else { panic!("{error}") };
    assert!(left.iter().all(|difference| !difference.can_be_ensured()));
    assert_eq!(library().compare(&database).await.unwrap(), left, "all the rest was done");
    assert_eq!(novels.properties().await.unwrap().write_concern, Some(2));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_and_what_is_not_named_stays() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    database.create_collection("novels").shards(3).replication_factor(2).cache().await.unwrap();
    let novels = database.collection("novels");
    novels.ensure_index(Index::persistent(["isbn"]).named("by_isbn")).await.unwrap().into_result().unwrap();
    novels.insert(&json!({ "title": "Dune" })).await.unwrap();
    database.create_collection("old").await.unwrap();
    library().ensure(&database).await.unwrap();
    assert!(novels.properties().await.unwrap().cache_enabled);
    assert_eq!(novels.count().await.unwrap(), 1);
    let names = names(&database).await;
    assert!(
        names.contains(&"novels/by_isbn".to_owned()) && names.contains(&"old/primary".to_owned()),
        "{names:?}"
    );
    let entries = cluster.journal().entries();
    assert!(entries.iter().all(|entry| entry.method != "DELETE"));
}

#[tokio::test(start_paused = true)]
async fn an_index_under_another_name_is_listed_and_one_without_a_name_is_found() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    database.create_collection("novels").await.unwrap();
    let novels = database.collection("novels");
    novels.ensure_index(Index::persistent(["year"]).named("years")).await.unwrap().into_result().unwrap();
    let schema = |index| DatabaseSchema::new().index("novels", index);
    assert!(schema(Index::persistent(["year"])).compare(&database).await.unwrap().is_empty());
    let error = schema(Index::persistent(["year"]).named("by_year")).ensure(&database).await.unwrap_err();
    assert!(
        error.to_string().ends_with("\n! index novels/by_year is named years (cannot be changed)"),
        "{error}"
    );
    let unique = schema(Index::persistent(["year"]).unique().named("unique_years"));
    assert_eq!(unique.ensure(&database).await.unwrap().changes().to_string(), "+ index novels/unique_years");
}

#[tokio::test(start_paused = true)]
async fn two_programs_that_ensure_a_schema_at_once_create_each_thing_once() {
    for (seed, phase) in
        (0..24).zip([Phase::AfterRead, Phase::AfterExecution, Phase::InBody].into_iter().cycle())
    {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        let other = client(&cluster).db("shop");
        // A response of each kind is lost at each coordinator, and the two overlap differently each time.
        let lost = ["/_api/collection", "/_api/index", "/_api/collection/*"]
            .map(|path| cluster.inject(&Fault::close(phase).on(Match::path(path)).times(1)));
        let slow = Fault::latency(Duration::from_millis(20)).on(Match::post("/_api/*"));
        let slow = cluster.coordinator(seed % 3).inject(slow);
        cluster.set_index_build_time(Duration::from_millis(u64::try_from(seed % 4).unwrap() * 10));
        let schema = library();
        let (one, two) = tokio::join!(schema.ensure(&database), async {
            sleep(Duration::from_millis(u64::try_from(seed).unwrap())).await;
            schema.ensure(&other).await
        });
        one.unwrap_or_else(|error| {
            panic!("{seed} {phase:?}: {error}: {:?}", std::error::Error::source(&error))
        });
        two.unwrap_or_else(|error| {
            panic!("{seed} {phase:?}: {error}: {:?}", std::error::Error::source(&error))
        });
        drop((lost, slow));
        assert_eq!(count_created(&cluster), (2, 3), "{seed} {phase:?}");
        let names = names(&database).await;
        assert_eq!(names.len(), 3 + 3, "with two primary ones and one of edges: {names:?}");
        assert!(schema.compare(&database).await.unwrap().is_empty(), "{seed} {phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_programs_ensure_a_schema_while_coordinators_learn_of_it_late() {
    for seed in 0..6 {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        sleep(Duration::from_secs(5)).await;
        let other = client(&cluster).db("shop");
        cluster.set_propagation(Duration::from_millis(500 * seed));
        let schema = library();
        let (one, two) = tokio::join!(schema.ensure(&database), schema.ensure(&other));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(count_created(&cluster), (2, 3), "{seed}");
        assert_eq!(one.changes().iter().count() + two.changes().iter().count(), 5, "{seed}");
        one.wait_for_propagation(&database, PollOptions::default()).await.unwrap();
        for coordinator in client(&cluster).coordinators() {
            database.clone().prefer(coordinator.address).collection("wrote").count().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_schema_waits_for_coordinators_no_longer_than_the_limit_of_the_handle() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    let unknown = Fault::response(404, 1203, "collection or view not found").on(Match::path("/_api/index"));
    let unknown = cluster.inject(&unknown);
    for (limit, longest) in [(Duration::from_secs(2), 2), (Duration::from_secs(60), 11)] {
        let began = Instant::now();
        let SchemaError::Call { step, source } =
            library().ensure(&database.clone().timeout(limit)).await.unwrap_err()
        else {
            panic!("it does not differ");
        };
        assert_eq!((step.as_str(), source.kind()), ("indexes of novels", ErrorKind::CollectionNotFound));
        let elapsed = began.elapsed();
        assert!(elapsed > limit.min(Duration::from_secs(10)) / 2, "it waits: {elapsed:?}");
        assert!(elapsed <= Duration::from_secs(longest), "{elapsed:?}");
    }
    drop(unknown);
    library().ensure(&database).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_schema_is_ensured_while_coordinators_die() {
    for dies_after in [0, 5, 15, 30, 60, 100] {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        cluster.set_index_build_time(Duration::from_millis(40));
        let killed = async {
            sleep(Duration::from_millis(dies_after)).await;
            let entries = cluster.journal().entries();
            let latest = entries.last().map_or(0, |entry| entry.coordinator);
            cluster.coordinator(latest).kill();
        };
        let schema = library();
        let (ensured, ()) = tokio::join!(schema.ensure(&database), killed);
        ensured.unwrap();
        assert!(schema.compare(&database).await.unwrap().is_empty(), "{dies_after}");
        assert_eq!(names(&database).await.len(), 6, "{dies_after}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalid_name_is_reported_and_a_call_that_fails_says_which() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    let invalid = DatabaseSchema::new().collection("a/b", |invalid| invalid);
    let SchemaError::Call { source, .. } = invalid.ensure(&database).await.unwrap_err() else { panic!() };
    assert_eq!(source.kind(), ErrorKind::Request);
    assert_eq!(invalid.compare(&database).await.unwrap_err().kind(), ErrorKind::Request);
    assert!(cluster.journal().entries().is_empty());

    for title in ["Dune", "Dune"] {
        database.collection("books").insert(&json!({ "title": title })).await.unwrap();
    }
    let unique = DatabaseSchema::new().index("books", Index::persistent(["title"]).unique().named("titles"));
    let error = unique.ensure(&database).await.unwrap_err();
    assert_eq!(error.to_string(), "the schema could not be ensured: index books/titles");
    let SchemaError::Call { source, .. } = error else { panic!() };
    assert_eq!(source.kind(), ErrorKind::UniqueViolation);

    let single = client.create_database("single").sharding(DatabaseSharding::Single).await.unwrap();
    let schema = DatabaseSchema::new().collection("a", |a| a).collection("b", |b| b);
    schema.ensure(&single).await.unwrap();
    assert!(schema.compare(&single).await.unwrap().is_empty());
}
