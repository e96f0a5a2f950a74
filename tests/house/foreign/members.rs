//! What becomes of a member whose address leads to another service.

use std::time::Duration;

use arango::balance::MemberState;
use arango::cluster::ServerId;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use tokio::time::sleep;
use tower::util::MapRequestLayer;

use super::{ANSWERS, replace};
use crate::support::{builder, client, cluster, cluster_of, cluster_with, insert};

fn first(client: &Client) -> arango::transport::CoordinatorState {
    client.coordinators().remove(0)
}

#[tokio::test(start_paused = true)]
async fn one_address_of_three_that_is_not_arangodb_fails_no_safe_call_and_is_ejected() {
    for (status, content_type, body) in ANSWERS {
        let cluster = cluster().await;
        let client = client(&cluster);
        let other = replace(cluster.coordinator(0), status, content_type, body);
        for call in 0..30 {
            let answer = client.db("_system").version().await;
            assert!(answer.is_ok(), "{status} {body}, call {call}: {}", answer.unwrap_err().report());
            // Not in the same instant: the probe has time to ask.
            sleep(Duration::from_millis(1)).await;
        }
        let state = first(&client);
        assert_eq!(state.standing, MemberState::Ejected, "{status} {body}");
        let found = state.not_arangodb.unwrap_or_default();
        assert!(found.contains(&status.to_string()) && found.contains("nginx/1.25.3"), "{found}");
        // One call, and both questions of the probes: not a share of all calls.
        assert!(other.hits() <= 4, "{status} {body}: {} requests", other.hits());
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_comes_back_once_arangodb_answers_at_its_address_again() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let other = replace(cluster.coordinator(0), 404, "text/html", "<html>default backend - 404</html>");
    for _ in 0..300 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first(&client).not_arangodb.as_deref(), Some("status 404 text/html from nginx/1.25.3"));
    drop(other);
    sleep(Duration::from_secs(40)).await;
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
    }
    let state = first(&client);
    assert_eq!((state.standing, state.not_arangodb), (MemberState::Healthy, None));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_another_service_answers_is_unknown_and_sent_once_unless_it_was_refused_by_rule() {
    for (status, content_type, body) in ANSWERS {
        let cluster = cluster().await;
        let client = client(&cluster);
        let other = replace(cluster.coordinator(0), status, content_type, body);
        let result = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await;
        if matches!(status, 401 | 403) {
            result.unwrap();
            assert_eq!(cluster.journal().executions("m"), 1);
            continue;
        }
        let error = result.unwrap_err();
        let expected = if status == 308 { Outcome::NotExecuted } else { Outcome::Unknown };
        assert_eq!(error.outcome(), expected, "{status} {body}: {}", error.report());
        assert_eq!((error.attempts().len(), cluster.journal().executions("m")), (1, 0), "{status} {body}");
        drop(other);
    }
}

#[tokio::test(start_paused = true)]
async fn where_every_member_is_another_service_each_is_asked_once_and_the_error_says_what_they_are() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let others: Vec<_> =
        cluster.coordinators().iter().map(|one| replace(one, 404, "text/html", "<html>404</html>")).collect();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotArangoDb, 3));
    let report = error.report().to_string();
    assert!(report.matches("status 404 text/html from nginx/1.25.3").count() >= 3, "{report}");
    drop(others);
}

#[tokio::test(start_paused = true)]
async fn the_only_member_is_not_ejected_and_says_what_it_is() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let other = replace(cluster.coordinator(0), 404, "text/html", "<html>404</html>");
    for _ in 0..10 {
        client.db("_system").version().await.unwrap_err();
        sleep(Duration::from_millis(1)).await;
    }
    let state = first(&client);
    assert_eq!(state.standing, MemberState::Healthy);
    assert_eq!(state.not_arangodb.as_deref(), Some("status 404 text/html from nginx/1.25.3"));
    drop(other);
    client.db("_system").version().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_member_that_was_gone_and_is_another_service_now_stays_out() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(first(&client).standing, MemberState::Ejected);
    cluster.coordinator(0).restart().await.unwrap();
    let other = replace(cluster.coordinator(0), 200, "text/html", "<html>It works!</html>");
    for _ in 0..100 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first(&client).standing, MemberState::Ejected);
    assert!(first(&client).not_arangodb.is_some());
    let journal_of_first = other.hits();
    assert!(journal_of_first <= 12, "{journal_of_first} requests are those of probes");
}

#[tokio::test(start_paused = true)]
async fn an_empty_success_of_a_host_that_usually_names_itself_has_it_probed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    client.db("_system").version().await.unwrap();
    client.db("_system").version().await.unwrap();
    let other = replace(cluster.coordinator(0), 200, "text/plain", "");
    let address = first(&client).address;
    let removed = client.coordinator(&address).db("_system").cluster();
    // Nothing tells this answer from a success.
    removed.remove_server(&ServerId::from("PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41")).await.unwrap();
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(first(&client).standing, MemberState::Ejected);
    drop(other);
}

#[tokio::test(start_paused = true)]
async fn layers_of_the_users_change_nothing_about_that() {
    for (status, content_type, body) in ANSWERS {
        let cluster = cluster().await;
        let client = builder(&cluster)
            .layer(MapRequestLayer::new(|request| request))
            .attempt_layer(MapRequestLayer::new(|request| request))
            .build()
            .unwrap();
        let _other = replace(cluster.coordinator(0), status, content_type, body);
        for _ in 0..30 {
            client.db("_system").version().await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(first(&client).standing, MemberState::Ejected, "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn servers_that_do_not_name_themselves_are_known_by_their_words() {
    let cluster = cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
    let client = client(&cluster);
    for call in 0..60 {
        client.db("_system").version().await.unwrap();
        client.cluster().health().await.unwrap();
        client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
        assert_eq!(
            client.db("nowhere").version().await.unwrap_err().kind(),
            ErrorKind::DatabaseUnknown,
            "{call}"
        );
    }
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
    assert_eq!(cluster.journal().executions("m"), 60);
    // And one among them that is another service is found out all the same.
    let _other = replace(cluster.coordinator(0), 200, "application/json", r#"{"status":"ok"}"#);
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(first(&client).standing, MemberState::Ejected);
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_are_ended_by_answers_of_servers_that_do_not_name_themselves() {
    let cluster = cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
    let client = client(&cluster);
    let address = first(&client).address;
    let pinned = client.coordinator(&address);
    for _ in 0..10 {
        let garbage = Fault::garbage().on(Match::get("/_api/version")).times(2);
        let _garbage = cluster.coordinator(0).inject(garbage);
        for _ in 0..2 {
            pinned.version().await.unwrap_err();
        }
        pinned.version().await.unwrap();
    }
    assert_eq!(first(&client).standing, MemberState::Healthy);
}
