//! Invalid input and failing servers lead to typed errors, without panics, hangs or leaked secrets.

use std::time::Duration;

use arango::cluster::{Maintenance, RebalanceOptions};
use arango::{Client, Coordinator, ErrorKind, InvalidSettings, Limits, Outcome, PoolLimits};
use arango_test_cluster::Fault;
use tokio::time::Instant;

use crate::support::{builder, client, cluster};

#[test]
fn build_reports_all_invalid_hosts_without_secrets() {
    let error = Client::builder()
        .hosts(["http://fine:8529", "https://root:s3cret@one", "ftp://two", "http://three:99999", ""])
        .build()
        .unwrap_err();
    let text = error.to_string();
    for part in ["number 2", "number 3", "`ftp`", "number 4", "`99999`", "number 5 is empty"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("s3cret") && !format!("{error:?}").contains("s3cret"));
    assert!(matches!(error, InvalidSettings::Hosts(_)));
    assert!(Client::builder().build().is_err(), "no hosts at all");
}

#[test]
fn a_zero_limit_is_rejected_by_name() {
    let build = |limits, pool| Client::builder().hosts("http://a").limits(limits).pool(pool).build();
    let total = build(Limits::default().total(Duration::ZERO), PoolLimits::default()).unwrap_err();
    assert!(total.to_string().contains("`total`"));
    let pool = build(Limits::default(), PoolLimits::default().connections(0)).unwrap_err();
    assert!(pool.to_string().contains("`pool.connections`"));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_not_authorized_and_never_printed() {
    let cluster = cluster().await;
    let client = builder(&cluster).basic_auth("root", "wr0ng-s3cret").build().unwrap();
    let error = client.cluster().health().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.error_number().unwrap().0, 11);
    assert_eq!(error.operation(), "cluster.health");
    assert!(error.coordinator().is_some() && error.server_message().is_some());
    let printed = format!("{error} {error:?} {} {client:?}", error.report());
    for secret in ["wr0ng-s3cret", "cm9vdDp3cjBuZy1zM2NyZXQ="] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_database_is_distinguished_from_a_missing_permission() {
    let cluster = cluster().await;
    let error = client(&cluster).db("unknown").version().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DatabaseUnknown, Outcome::NotExecuted));
    assert_eq!((error.status().unwrap().as_u16(), error.error_number().unwrap().0), (404, 1228));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_database_name_is_rejected_locally() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let error = client.db("a\nb").version().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted));
    assert_eq!(client.coordinators().iter().map(|state| state.requests).sum::<u64>(), 0);
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_invalid_server_id_is_rejected_locally() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let (short, host, agent) = ("DBServer0001", "http://10.0.0.21:8529", "AGNT-1");
    let on = Maintenance::For(Duration::from_secs(60));
    for error in [
        admin.set_server_maintenance(short, on).await.unwrap_err(),
        admin.server_maintenance(short).await.map(drop).unwrap_err(),
        admin.hold_server_maintenance(&short.into(), Duration::from_secs(60)).await.map(drop).unwrap_err(),
        admin.server_version(host).await.map(drop).unwrap_err(),
        admin.server_version(agent).await.map(drop).unwrap_err(),
        admin.clean_out_server(host).await.map(drop).unwrap_err(),
        admin.remove_server(host).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("health()"), "{cause}");
    }
    assert_eq!(cluster.journal().entries().len(), 0);
    admin.server_version(short).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn invalid_options_are_rejected_locally_by_name() {
    let cluster = cluster().await;
    let options = RebalanceOptions::new().maximum_moves(5001);
    let error = client(&cluster).cluster().rebalance_plan_with(&options).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted));
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("maximum"));
}

#[tokio::test(start_paused = true)]
async fn an_html_page_with_status_200_is_reported_as_not_arangodb() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        std::mem::forget(coordinator.inject(Fault::raw_response(200, "text/html", "<html>Welcome!</html>")));
    }
    let error = client.cluster().health().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotArangoDb, Outcome::Unknown));
    assert_eq!(error.attempts().len(), 3, "each coordinator gets one request: {}", error.report());
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(error.body(), "<html>Welcome!</html>");
    assert!(error.coordinator().is_some());
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn no_call_exceeds_its_total_limit() {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().total(Duration::from_secs(7))).build().unwrap();
    for coordinator in cluster.coordinators() {
        coordinator.pause();
    }
    let start = Instant::now();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(start.elapsed().as_secs(), 7);
    assert_eq!(error.attempts().len(), 3, "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_long_running_call_fails_over_after_its_server_timeout() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).pause();
    let start = Instant::now();
    assert_eq!(client.cluster().health().await.unwrap().servers().len(), 9);
    assert_eq!(start.elapsed().as_secs(), 75, "the server timeout of one attempt, then the next attempt");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_coordinator_is_never_contacted() {
    let cluster = cluster().await;
    let unknown: Coordinator = "http://192.0.2.1:8529".parse().unwrap();
    let error = client(&cluster).coordinator(&unknown).server_id().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownCoordinator, Outcome::NotExecuted));
}
