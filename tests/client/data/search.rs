//! Views and analyzers.

use std::time::Duration;

use arango::data::{Analyzer, AnalyzerFeature, DropStatus, Index, Link, View, ViewType};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::json;

use crate::support::{client, cluster};

fn database(cluster: &TestCluster) -> Database {
    client(cluster).db("_system")
}

fn titles() -> Link {
    Link::new().field("title", Link::new().analyzers(["text_en"]))
}

/// Returns how many requests of this method on views changed something.
fn executed(cluster: &TestCluster, method: &Method) -> usize {
    cluster.journal().executions_matching(|entry| {
        let is_success = entry.status.is_some_and(|status| status < 300);
        is_success && entry.method == *method && entry.path.starts_with("/_api/view")
    })
}

#[tokio::test(start_paused = true)]
async fn a_view_is_created_listed_changed_and_dropped() {
    let cluster = cluster().await;
    let library = database(&cluster);
    assert_eq!(library.view("titles").await.unwrap(), None);
    let definition = View::arangosearch().link("books", titles()).commit_interval(Duration::from_secs(2));
    let created = library.create_view("titles", definition).await.unwrap();
    assert_eq!((created.view_type.clone(), created.links.len()), (ViewType::ArangoSearch, 1));
    assert_eq!(created.other["commitIntervalMsec"], 2000);
    assert_eq!(library.view("titles").await.unwrap(), Some(created.clone()));
    let listed = library.views().await.unwrap();
    assert_eq!((listed.len(), &listed[0].id), (1, &created.id));

    let changed = library.update_view("titles", View::arangosearch().unlink("books")).await.unwrap();
    assert!(changed.links.is_empty());
    assert_eq!(changed.other["commitIntervalMsec"], 2000);
    assert_eq!(library.drop_view("titles").await.unwrap(), DropStatus::Dropped);
    assert_eq!(library.drop_view("titles").await.unwrap(), DropStatus::NotFound);
    assert_eq!(library.collection("books").count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_view_of_inverted_indexes_is_created_and_changed() {
    let cluster = cluster().await;
    let library = database(&cluster);
    let books = library.collection("books");
    let index = json!({ "type": "inverted", "name": "by_title", "fields": ["title"] });
    books
        .ensure_index(Index::raw(serde_json::from_value(index).unwrap()))
        .await
        .unwrap()
        .into_result()
        .unwrap();
    let view = library.create_view("titles", View::search_alias().index("books", "by_title")).await.unwrap();
    assert_eq!((view.view_type, view.indexes[0].index.as_str()), (ViewType::SearchAlias, "by_title"));
    let removed = View::search_alias().remove_index("books", "by_title");
    assert!(library.update_view("titles", removed).await.unwrap().indexes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_ensured_view_is_compared_and_not_changed() {
    let cluster = cluster().await;
    let library = database(&cluster);
    let create = |view| library.create_view("titles", view);
    let first = create(View::arangosearch().link("books", titles())).ensure().await.unwrap();
    assert_eq!(first.to_string(), "view titles created");
    let same = create(View::arangosearch().link("books", titles())).ensure().await.unwrap();
    assert_eq!(same.to_string(), "view titles existed as expected");
    let other = create(View::search_alias()).ensure().await.unwrap();
    let differing: Vec<_> = other.differences.iter().map(|one| &*one.property).collect();
    assert_eq!((other.existed, differing), (true, vec!["type", "links.books"]));
    assert_eq!(other.actual, first.actual);
    let faster = View::arangosearch().link("books", titles()).commit_interval(Duration::from_millis(50));
    let faster = create(faster).ensure().await.unwrap().into_result().unwrap_err();
    let text = "view titles exists and differs: commitIntervalMsec is 1000, expected 50; it was not changed";
    assert_eq!(faster.to_string(), text);
    assert_eq!(create(View::arangosearch()).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_view_is_refused_for_a_name_in_use_and_for_what_does_not_exist() {
    let cluster = cluster().await;
    let library = database(&cluster);
    let used = library.create_view("books", View::arangosearch()).ensure().await.unwrap_err();
    assert_eq!(used.kind(), ErrorKind::Conflict, "{used}");
    let films = View::arangosearch().link("films", Link::new());
    let missing = library.create_view("titles", films).await.unwrap_err();
    assert_eq!(
        (missing.kind(), missing.outcome()),
        (ErrorKind::CollectionNotFound, Outcome::NotExecuted),
        "{missing}"
    );
    let foreign =
        library.create_view("titles", View::search_alias().link("books", titles())).await.unwrap_err();
    assert_eq!((foreign.kind(), foreign.attempts().len()), (ErrorKind::Request, 0), "{foreign}");
    assert_eq!(library.views().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_view_whose_response_is_lost_is_ensured_and_changed_and_dropped_at_most_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let cluster = cluster().await;
        let library = database(&cluster);
        let lost = Fault::close(phase).on(Match::path("/_api/view*")).times(1);
        let faults = cluster.inject(&lost);
        library.create_view("titles", View::arangosearch()).ensure().await.unwrap().into_result().unwrap();
        drop(faults);
        let faults = cluster.inject(&lost);
        let changed = library.update_view("titles", View::arangosearch().link("books", titles())).await;
        assert!(!changed.unwrap_err().was_not_executed(), "{phase:?}");
        // A second copy would undo what another program has changed meanwhile.
        let expected = usize::from(!matches!(phase, Phase::AfterRead));
        assert_eq!(executed(&cluster, &Method::PATCH), expected, "{phase:?}");
        drop(faults);
        let _faults = cluster.inject(&lost);
        let dropped = library.drop_view("titles").await;
        if matches!(phase, Phase::AfterRead) {
            assert_eq!(dropped.unwrap_err().outcome(), Outcome::Unknown);
        } else {
            assert_eq!(dropped.unwrap(), DropStatus::Dropped);
            assert_eq!(executed(&cluster, &Method::DELETE), 1, "{phase:?}");
        }
        assert_eq!(executed(&cluster, &Method::POST), 1, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_analyzer_is_ensured_listed_and_removed() {
    let cluster = cluster().await;
    let library = database(&cluster);
    assert_eq!(library.analyzer("words").await.unwrap(), None);
    let words = || Analyzer::text("en").with("stemming", false).features([AnalyzerFeature::Frequency]);
    let created = library.ensure_analyzer("words", words()).await.unwrap();
    assert!(!created.existed);
    assert!(library.ensure_analyzer("words", words()).await.unwrap().existed);
    let other = words().with("stemming", true).features([]);
    let other = library.ensure_analyzer("words", other).await.unwrap();
    let text = "analyzer words exists and differs: properties.stemming is false, expected true; \
                features is [\"frequency\"], expected []";
    assert_eq!((other.existed, other.to_string().as_str()), (true, text));
    let error = library.ensure_analyzer("others", Analyzer::of_type("nonsense")).await.unwrap_err();
    assert_eq!(library.analyzer("others").await.unwrap(), None, "{error}");
    let read = library.analyzer("words").await.unwrap().unwrap();
    assert_eq!((read.name.as_str(), read.analyzer_type.as_str()), ("_system::words", "text"));
    assert_eq!(read.features, [AnalyzerFeature::Frequency]);
    let listed = library.analyzers().await.unwrap();
    assert!(listed.contains(&read) && listed.iter().any(|analyzer| analyzer.name == "text_en"));
    assert_eq!(library.remove_analyzer("words").await.unwrap(), DropStatus::Dropped);
    assert_eq!(library.remove_analyzer("words").await.unwrap(), DropStatus::NotFound);
}

#[tokio::test(start_paused = true)]
async fn an_analyzer_in_use_is_removed_only_on_demand() {
    let cluster = cluster().await;
    let library = database(&cluster);
    library.ensure_analyzer("words", Analyzer::delimiter(" ")).await.unwrap().into_result().unwrap();
    let link = Link::new().field("title", Link::new().analyzers(["words"]));
    library.create_view("titles", View::arangosearch().link("books", link)).await.unwrap();
    let error = library.remove_analyzer("words").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotExecuted), "{error}");
    let removal = arango::data::RemoveAnalyzer::new("words").even_if_used();
    assert_eq!(library.execute(removal).await.unwrap(), DropStatus::Dropped);
}

#[tokio::test(start_paused = true)]
async fn an_analyzer_whose_response_is_lost_is_ensured_and_removed_at_most_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let cluster = cluster().await;
        let library = database(&cluster);
        let lost = Fault::close(phase).on(Match::path("/_api/analyzer*")).times(1);
        let faults = cluster.inject(&lost);
        library.ensure_analyzer("words", Analyzer::delimiter(" ")).await.unwrap().into_result().unwrap();
        drop(faults);
        let _faults = cluster.inject(&lost);
        let removed = library.remove_analyzer("words").await;
        if matches!(phase, Phase::AfterRead) {
            assert_eq!(removed.unwrap_err().outcome(), Outcome::Unknown);
            assert!(library.analyzer("words").await.unwrap().is_some(), "it is not sent again");
        } else {
            assert_eq!(removed.unwrap(), DropStatus::Dropped, "{phase:?}");
        }
    }
}
