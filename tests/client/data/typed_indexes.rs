//! Indexes for search and for vectors, and indexes that take long to build.

use std::future::IntoFuture;
use std::time::Duration;

use arango::data::{
    AnalyzerFeature, Index, IndexType, InvertedField, InvertedIndex, SortDirection, StoredValues,
    VectorIndex, VectorMetric,
};
use arango::{Collection, ErrorKind};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use serde_json::json;
use tokio::time::sleep;

use super::{book, books};
use crate::support::{client, cluster, cluster_with};

fn search() -> InvertedIndex {
    let text = InvertedField::new("text")
        .analyzer("text_en")
        .features([AnalyzerFeature::Frequency, AnalyzerFeature::Norm, AnalyzerFeature::Position])
        .include_all_fields();
    InvertedIndex::new([text, InvertedField::new("tags").search_field().track_list_positions()])
        .primary_sort([("year", SortDirection::Descending), ("title", SortDirection::Ascending)])
        .stored_values(["title"])
        .stored_values(StoredValues::new(["isbn", "price"]).uncompressed().cache())
        .cache_keys()
        .parallelism(4)
        .commit_interval(Duration::from_millis(500))
}

#[tokio::test(start_paused = true)]
async fn an_index_for_search_is_created_with_its_options_and_found_again() {
    for version in ["3.10", "3.12", "4.0"] {
        let cluster = cluster_with(|builder| builder.version(version)).await;
        let books = books(&client(&cluster));
        let created = books.ensure_index(search().into_index().named("search")).await.unwrap();
        assert!(!created.existed && created.actual.index_type == IndexType::Inverted, "{version}");
        let other = &created.actual.other;
        assert_eq!(created.actual.fields[1]["trackListPositions"], true);
        assert_eq!(other["primarySort"]["fields"][0], json!({ "field": "year", "direction": "desc" }));
        assert_eq!(other["storedValues"][1]["compression"], "none");
        assert!(books.ensure_index(search()).await.unwrap().existed, "whatever its name is");
        let another = search().analyzer("text_de");
        assert!(!books.ensure_index(another).await.unwrap().existed, "another analyzer is another index");
        assert!(!books.ensure_index(InvertedIndex::of_all_fields()).await.unwrap().existed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_for_search_matches_although_the_server_reports_less_and_in_another_order() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let title = || {
        let features = [AnalyzerFeature::Norm, AnalyzerFeature::Frequency];
        InvertedField::new("title").analyzer("identity").features(features)
    };
    let text = || InvertedField::new("text").analyzer("text_en");
    let created = books.ensure_index(InvertedIndex::new([title(), text()])).await.unwrap();
    assert_eq!(created.actual.fields, [json!({ "name": "title" }), created.actual.fields[1].clone()]);
    for fields in [[title(), text()], [text(), title()]] {
        let again = books.ensure_index(InvertedIndex::new(fields)).await.unwrap();
        assert_eq!((again.existed, &*again.differences), (true, &[][..]));
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_for_vectors_is_created_since_3_12_4() {
    let cluster = cluster_with(|builder| builder.version("3.12.10")).await;
    let books = books(&client(&cluster));
    let similar = || VectorIndex::new("embedding", VectorMetric::Cosine, 768, 100).default_probes(10);
    let created = books.ensure_index(similar().sparse().stored_values(["year"])).await.unwrap();
    assert_eq!(created.actual.index_type, IndexType::Vector);
    let params = &created.actual.other["params"];
    assert_eq!((&params["nLists"], &params["trainingIterations"]), (&json!(100), &json!(25)));
    assert!(books.ensure_index(similar().sparse()).await.unwrap().existed);
    let inner = VectorIndex::new("embedding", VectorMetric::InnerProduct, 768, 100);
    assert!(!books.ensure_index(inner).await.unwrap().existed);
    let zero = books.ensure_index(VectorIndex::new("v", VectorMetric::L2, 0, 1)).await.unwrap_err();
    assert_eq!(zero.kind(), ErrorKind::Request, "{zero}");

    let older = cluster_with(|builder| builder.version("3.12.3")).await;
    let refused = super::books(&client(&older)).ensure_index(similar()).await.unwrap_err();
    assert_eq!(refused.error_number().unwrap().0, 10, "{refused}");
}

/// Builds an index in a task.
fn build(
    books: &Collection,
) -> tokio::task::JoinHandle<arango::Result<arango::data::Ensured<arango::data::IndexInfo>>> {
    let index = Index::persistent(["year"]).named("by_year").in_background();
    tokio::spawn(books.ensure_index(index).into_future())
}

fn creations(cluster: &TestCluster) -> usize {
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == "POST" && entry.path == "/_api/index").count()
}

#[tokio::test(start_paused = true)]
async fn the_progress_of_an_index_that_is_being_built_is_seen_and_it_is_hidden_until_then() {
    for (version, reports) in [("3.10.12", false), ("3.10.13", true), ("3.11.7", true), ("3.12", true)] {
        let cluster = cluster_with(|builder| builder.version(version)).await;
        let books = books(&client(&cluster));
        cluster.set_index_build_time(Duration::from_secs(100));
        let built = build(&books);
        let mut seen = Vec::new();
        while !built.is_finished() {
            assert_eq!(books.indexes().await.unwrap().len(), 1, "hidden");
            let building = books.indexes_in_progress().await.unwrap();
            seen.extend(building.into_iter().map(|index| (index.name, index.progress.unwrap())));
            sleep(Duration::from_secs(30)).await;
        }
        assert!(!built.await.unwrap().unwrap().existed);
        assert_eq!(books.indexes().await.unwrap().len(), 2);
        assert!(books.indexes_in_progress().await.unwrap().is_empty());
        assert_eq!(!seen.is_empty(), reports, "{version}");
        assert!(seen.is_sorted_by(|(_, before), (_, after)| before < after), "{seen:?}");
        assert!(seen.iter().all(|(name, _)| name == "by_year"), "{seen:?}");
        assert_eq!(creations(&cluster), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_build_goes_on_when_its_response_is_lost_and_is_waited_for_by_the_next_copy() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    cluster.set_index_build_time(Duration::from_secs(100));
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/index"));
    let lost = cluster.coordinator(0).inject(lost.times(1));
    let built = build(&books).await.unwrap().unwrap();
    assert_eq!((lost.hits(), built.actual.name.as_str()), (1, "by_year"));
    assert_eq!((books.indexes().await.unwrap().len(), creations(&cluster)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_build_whose_coordinator_dies_is_begun_again_by_another() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).await.unwrap();
    cluster.set_index_build_time(Duration::from_secs(100));
    let built = build(&books);
    sleep(Duration::from_secs(50)).await;
    let entries = cluster.journal().entries();
    let owner = entries.iter().find(|entry| entry.path == "/_api/index").unwrap().coordinator;
    cluster.coordinator(owner).kill();
    assert!(!built.await.unwrap().unwrap().existed);
    assert_eq!((books.indexes().await.unwrap().len(), creations(&cluster)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn two_clients_that_ensure_one_index_at_once_build_it_once() {
    let cluster = cluster().await;
    let (one, two) = (books(&client(&cluster)), books(&client(&cluster)));
    cluster.set_index_build_time(Duration::from_secs(100));
    let (one, two) = (build(&one), build(&two));
    let existed = [one.await.unwrap().unwrap().existed, two.await.unwrap().unwrap().existed];
    assert!(existed[0] != existed[1], "{existed:?}");
}
