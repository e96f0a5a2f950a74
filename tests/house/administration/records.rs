//! Logs, records, licences and what the agency holds, against a cluster.

use arango::cluster::{
    EarlierLicense, Freshness, LicenseKey, LogLevel, LogLevels, LogOrder, LogQuery, MetricsMode, ServerId,
    Strictness,
};
use arango::{Client, Coordinator, Credentials, ErrorKind};
use arango_test_cluster::{LogLevel as Grave, TestCluster};

use crate::support::{builder, client};

const VERSIONS: [&str; 4] = ["3.10", "3.11", "3.12.10", "4.0"];

async fn start(version: &str) -> (TestCluster, Client, Coordinator) {
    let cluster = TestCluster::builder().version(version).seed(9).in_memory().start().await.unwrap();
    let client = client(&cluster);
    let one = cluster.coordinator(0).url().parse().unwrap();
    (cluster, client, one)
}

#[tokio::test(start_paused = true)]
async fn the_log_of_one_coordinator_is_read_as_it_is_wanted() {
    for version in VERSIONS {
        let (cluster, client, one) = start(version).await;
        cluster.coordinator(0).log(Grave::Error, "requests", "first of two");
        cluster.coordinator(0).log(Grave::Info, "requests", "second of two");
        let handle = client.coordinator(&one);
        let both = LogQuery::new().search("of two");
        let log = handle.log_entries(&both).await.unwrap();
        assert_eq!((log.total, log.entries.len()), (2, 2), "{version}");
        assert_eq!(
            (&log.entries[0].level, log.entries[0].message.as_str()),
            (&LogLevel::Error, "first of two")
        );
        assert!(log.entries[0].date.time().is_some() && log.entries[0].id < log.entries[1].id);
        let newest = handle.log_entries(&both.clone().order(LogOrder::NewestFirst).size(1)).await.unwrap();
        assert_eq!((newest.total, newest.entries[0].message.as_str()), (2, "second of two"));
        let grave = handle.log_entries(&both.clone().up_to(LogLevel::Warning)).await.unwrap();
        assert_eq!(grave.entries.len(), 1);

        // Through another coordinator it is the same log.
        let id = ServerId::from(cluster.coordinator(0).id());
        let same = client.cluster().server_log_entries(&id, &both).await.unwrap();
        assert_eq!(same.entries, log.entries, "{version}");

        let arrays = handle.log_arrays(&both).await;
        assert_eq!(arrays.is_ok(), version != "4.0", "{version}");
        if let Ok(arrays) = arrays {
            assert_eq!((arrays.total_amount, arrays.text.len(), arrays.level[0]), (2, 2, 1));
            handle.clear_log().await.unwrap();
            assert_eq!(handle.log_entries(&both).await.unwrap().total, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn log_levels_are_set_at_one_server_and_set_back() {
    for version in VERSIONS {
        let (cluster, client, one) = start(version).await;
        let handle = client.coordinator(&one);
        let before = handle.log_levels().await.unwrap();
        let louder = LogLevels::from([("requests".to_owned(), LogLevel::Trace)]);
        let after = handle.set_log_levels(&louder).await.unwrap();
        assert_eq!((&after["requests"], after.len()), (&LogLevel::Trace, before.len()), "{version}");
        let other: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        assert_eq!(client.coordinator(&other).log_levels().await.unwrap(), before, "its alone");

        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let set = client.cluster().set_server_log_levels(&server, &louder).await.unwrap();
        assert_eq!(client.cluster().server_log_levels(&server).await.unwrap(), set);
        if version.starts_with("3.12") || version == "4.0" {
            assert_eq!(handle.reset_log_levels().await.unwrap(), before);
            let reset = client.cluster().reset_server_log_levels(&server).await.unwrap();
            assert_ne!(reset, set);
            assert_eq!(handle.appender_log_levels().await.unwrap().global, before);
            let by_place = client.cluster().server_appender_log_levels(&server).await.unwrap();
            assert_eq!(by_place.global, reset);
        } else {
            assert!(handle.reset_log_levels().await.unwrap_err().unsupported().is_some());
            assert!(handle.appender_log_levels().await.unwrap_err().unsupported().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_coordinator_was_asked_is_told_by_that_coordinator() {
    let (cluster, client, one) = start("3.12.10").await;
    let handle = client.coordinator(&one);
    handle.engine().await.unwrap();
    let calls = handle.api_calls().await.unwrap();
    assert!(
        calls.iter().any(|call| call.path.ends_with("/_api/engine") && call.request_type == "GET"),
        "{calls:?}"
    );
    assert!(calls[0].time_stamp.time().is_some());
    let other: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let others = client.coordinator(&other).api_calls().await.unwrap();
    assert!(others.iter().all(|call| !call.path.ends_with("/_api/engine")));
    assert!(handle.aql_queries().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_has_left_is_listed_read_and_thrown_away_where_it_lies() {
    for version in ["3.12.8", "3.12.10", "4.0"] {
        let (cluster, client, one) = start(version).await;
        let handle = client.coordinator(&one);
        assert!(handle.crashes().await.unwrap().is_empty(), "{version}");
        let backtrace = ("backtrace.txt", "0: main");
        cluster.coordinator(0).leave_crash("281ac6d7", &[backtrace, ("system_info.txt", "")]);
        cluster.coordinator(0).leave_crash("9b1d", &[backtrace]);
        cluster.coordinator(0).restart().await.unwrap();
        assert_eq!(handle.crashes().await.unwrap(), ["281ac6d7", "9b1d"], "{version}");
        let dump = handle.crash("281ac6d7").await.unwrap();
        assert_eq!((dump.crash_id.as_str(), dump.files.len()), ("281ac6d7", 2));
        assert_eq!(dump.files["backtrace.txt"], "0: main");

        let other: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        let other = client.coordinator(&other);
        assert!(other.crashes().await.unwrap().is_empty(), "it lies with one server alone");
        assert_eq!(other.crash("281ac6d7").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(other.delete_crash("281ac6d7").await.unwrap_err().kind(), ErrorKind::NotFound);

        handle.delete_crash("281ac6d7").await.unwrap();
        assert_eq!(handle.crashes().await.unwrap(), ["9b1d"]);
        for gone in [handle.crash("281ac6d7").await.map(drop), handle.delete_crash("281ac6d7").await] {
            let error = gone.unwrap_err();
            assert_eq!((error.kind(), error.unsupported().is_none()), (ErrorKind::NotFound, true));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_agency_holds_is_told_and_diagnosed() {
    for version in VERSIONS {
        let (cluster, root, one) = start(version).await;
        let dump = root.cluster().agency_dump().await.unwrap();
        assert!(dump.tree().unwrap().get("Plan").is_some(), "{version}");
        let cache = root.coordinator(&one).agency_cache().await.unwrap();
        assert!(cache.tree().is_some(), "{version}");
        assert!(root.coordinator(&one).cluster_info().await.unwrap().0.is_object());
        let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
        let admin = builder(&cluster).credentials(superuser).build().unwrap().cluster();
        let found = admin.diagnose_agency(Strictness::Strict).await;
        if version.starts_with("3.1") && version != "3.12.10" {
            // Which version brings it is not documented: it is the server that refuses.
            let error = found.unwrap_err();
            assert_eq!((error.status().unwrap().as_u16(), error.unsupported().is_none()), (400, true));
            continue;
        }
        let found = found.unwrap();
        assert_eq!(found.diagnosis.unwrap().bad_tests.len(), 0, "{version}");
        assert!(!admin.diagnose_agency_dump(&dump, Strictness::Lenient).await.unwrap().error, "{version}");
        let error = root.cluster().diagnose_agency(Strictness::Strict).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
}

#[tokio::test(start_paused = true)]
async fn a_licence_is_given_and_found_again() {
    for version in VERSIONS {
        let (_cluster, client, _) = start(version).await;
        let key = LicenseKey::from("V0hhdGV2ZXI=");
        client.cluster().set_license(&key, EarlierLicense::Taken).await.unwrap();
        assert_eq!(client.cluster().license().await.unwrap().license, Some(key), "{version}");
        let error =
            client.cluster().set_license(&"no key!".into(), EarlierLicense::Refused).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 400, "{version}");
        let shown = format!("{error} {error:?} {}", error.report());
        assert!(!shown.contains("no key!"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn usage_is_measured_where_it_is() {
    for version in VERSIONS {
        let (cluster, client, one) = start(version).await;
        client.coordinator(&one).usage_metrics().await.unwrap();
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let usage = client.cluster().server_usage_metrics(&server).await.unwrap();
        assert_eq!(format!("{usage:?}"), format!("Metrics({} lines)", usage.as_str().lines().count()));
        if version != "4.0" {
            let described = client.coordinator(&one).statistics_description().await.unwrap();
            assert!(described.figures.iter().any(|figure| !figure.cuts.is_empty()), "{version}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn figures_are_whose_and_as_new_as_they_are_wanted() {
    for version in VERSIONS {
        let (cluster, client, one) = start(version).await;
        let handle = client.coordinator(&one);
        let asked = |path: &str| {
            let entries = cluster.journal().entries();
            entries.into_iter().rfind(|entry| entry.path == path).map(|entry| entry.query)
        };
        for (mode, query) in [
            (MetricsMode::Unsaid, ""),
            (MetricsMode::Local, "mode=local"),
            (MetricsMode::TriggerGlobal, "mode=trigger_global"),
            (MetricsMode::ReadGlobal, "mode=read_global"),
            (MetricsMode::WriteGlobal, "mode=write_global"),
        ] {
            let metrics = handle.metrics_of(mode).await.unwrap();
            assert!(metrics.as_str().contains("Coordinator0001"), "{version} {mode:?}");
            assert_eq!(asked("/_admin/metrics").as_deref(), Some(query), "{version} {mode:?}");
        }
        for (freshness, query) in [(Freshness::AsTheyAre, ""), (Freshness::AddedUp, "sync=true")] {
            let counted = handle.statistics_as(freshness).await;
            assert_eq!(counted.is_ok(), version != "4.0", "{version}");
            if version != "4.0" {
                assert_eq!(asked("/_admin/statistics").as_deref(), Some(query), "{version} {freshness:?}");
            }
        }
    }
}
