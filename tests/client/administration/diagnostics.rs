//! Logs, crash dumps, licences and the contents of the agency.

use arango::cluster::{
    DiagnosisStrictness, EarlierExpiryPolicy, LicenseKey, LogLevel, LogLevels, LogOrder, LogQuery,
    MetricsMode, ServerId, StatisticsFreshness,
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
async fn log_entries_can_be_filtered_and_ordered() {
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

        // The same log is read through another coordinator.
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
async fn log_levels_of_one_server_can_be_set_and_reset() {
    for version in VERSIONS {
        let (cluster, client, one) = start(version).await;
        let handle = client.coordinator(&one);
        let before = handle.log_levels().await.unwrap();
        let new_levels = LogLevels::from([("requests".to_owned(), LogLevel::Trace)]);
        let after = handle.set_log_levels(&new_levels).await.unwrap();
        assert_eq!((&after["requests"], after.len()), (&LogLevel::Trace, before.len()), "{version}");
        let other: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        assert_eq!(
            client.coordinator(&other).log_levels().await.unwrap(),
            before,
            "the change affects one server only"
        );

        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let set = client.cluster().set_server_log_levels(&server, &new_levels).await.unwrap();
        assert_eq!(client.cluster().server_log_levels(&server).await.unwrap(), set);
        if version.starts_with("3.12") || version == "4.0" {
            assert_eq!(handle.reset_log_levels().await.unwrap(), before);
            let reset = client.cluster().reset_server_log_levels(&server).await.unwrap();
            assert_ne!(reset, set);
            assert_eq!(handle.appender_log_levels().await.unwrap().global, before);
            let by_appender = client.cluster().server_appender_log_levels(&server).await.unwrap();
            assert_eq!(by_appender.global, reset);
        } else {
            assert!(handle.reset_log_levels().await.unwrap_err().unsupported().is_some());
            assert!(handle.appender_log_levels().await.unwrap_err().unsupported().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn api_calls_are_listed_by_the_coordinator_that_served_them() {
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
async fn crash_dumps_are_listed_read_and_deleted() {
    for version in ["3.12.8", "3.12.10", "4.0"] {
        let (cluster, client, one) = start(version).await;
        let handle = client.coordinator(&one);
        assert!(handle.crashes().await.unwrap().is_empty(), "{version}");
        let backtrace = ("backtrace.txt", "0: main");
        cluster.coordinator(0).add_crash("281ac6d7", &[backtrace, ("system_info.txt", "")]);
        cluster.coordinator(0).add_crash("9b1d", &[backtrace]);
        cluster.coordinator(0).restart().await.unwrap();
        assert_eq!(handle.crashes().await.unwrap(), ["281ac6d7", "9b1d"], "{version}");
        let dump = handle.crash("281ac6d7").await.unwrap();
        assert_eq!((dump.crash_id.as_str(), dump.files.len()), ("281ac6d7", 2));
        assert_eq!(dump.files["backtrace.txt"], "0: main");

        let other: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        let other = client.coordinator(&other);
        assert!(other.crashes().await.unwrap().is_empty(), "dumps are local to one server");
        assert_eq!(other.crash("281ac6d7").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(other.delete_crash("281ac6d7").await.unwrap_err().kind(), ErrorKind::NotFound);

        handle.delete_crash("281ac6d7").await.unwrap();
        assert_eq!(handle.crashes().await.unwrap(), ["9b1d"]);
        for missing in [handle.crash("281ac6d7").await.map(drop), handle.delete_crash("281ac6d7").await] {
            let error = missing.unwrap_err();
            assert_eq!((error.kind(), error.unsupported().is_none()), (ErrorKind::NotFound, true));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_agency_can_be_dumped_and_diagnosed() {
    for version in VERSIONS {
        let (cluster, root, one) = start(version).await;
        let dump = root.cluster().agency_dump().await.unwrap();
        assert!(dump.tree().unwrap().get("Plan").is_some(), "{version}");
        let cache = root.coordinator(&one).agency_cache().await.unwrap();
        assert!(cache.tree().is_some(), "{version}");
        assert!(root.coordinator(&one).cluster_info().await.unwrap().0.is_object());
        let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
        let admin = builder(&cluster).credentials(superuser).build().unwrap().cluster();
        let report = admin.diagnose_agency(DiagnosisStrictness::Strict).await;
        if version.starts_with("3.1") && version != "3.12.10" {
            // Which version added it is not documented, so the client sends it and the server rejects it.
            let error = report.unwrap_err();
            assert_eq!((error.status().unwrap().as_u16(), error.unsupported().is_none()), (400, true));
            continue;
        }
        let report = report.unwrap();
        assert_eq!(report.diagnosis.unwrap().bad_tests.len(), 0, "{version}");
        assert!(
            !admin.diagnose_agency_dump(&dump, DiagnosisStrictness::Lenient).await.unwrap().error,
            "{version}"
        );
        let error = root.cluster().diagnose_agency(DiagnosisStrictness::Strict).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
}

#[tokio::test(start_paused = true)]
async fn a_license_can_be_set_and_read() {
    for version in VERSIONS {
        let (_cluster, client, _) = start(version).await;
        let key = LicenseKey::from("V0hhdGV2ZXI=");
        client.cluster().set_license(&key, EarlierExpiryPolicy::Accept).await.unwrap();
        assert_eq!(client.cluster().license().await.unwrap().license, Some(key), "{version}");
        let error =
            client.cluster().set_license(&"no key!".into(), EarlierExpiryPolicy::Reject).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 400, "{version}");
        let shown = format!("{error} {error:?} {}", error.report());
        assert!(!shown.contains("no key!"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn usage_metrics_are_read_per_server() {
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
async fn metrics_honor_the_requested_mode_and_freshness() {
    for version in VERSIONS {
        let (cluster, client, one) = start(version).await;
        let handle = client.coordinator(&one);
        let last_query = |path: &str| {
            let entries = cluster.journal().entries();
            entries.into_iter().rfind(|entry| entry.path == path).map(|entry| entry.query)
        };
        for (mode, query) in [
            (MetricsMode::ServerDefault, ""),
            (MetricsMode::Local, "mode=local"),
            (MetricsMode::TriggerGlobal, "mode=trigger_global"),
            (MetricsMode::ReadGlobal, "mode=read_global"),
            (MetricsMode::WriteGlobal, "mode=write_global"),
        ] {
            let metrics = handle.metrics_with_mode(mode).await.unwrap();
            assert!(metrics.as_str().contains("Coordinator0001"), "{version} {mode:?}");
            assert_eq!(last_query("/_admin/metrics").as_deref(), Some(query), "{version} {mode:?}");
        }
        for (freshness, query) in
            [(StatisticsFreshness::Cached, ""), (StatisticsFreshness::Synchronized, "sync=true")]
        {
            let statistics = handle.statistics_with_freshness(freshness).await;
            assert_eq!(statistics.is_ok(), version != "4.0", "{version}");
            if version != "4.0" {
                assert_eq!(
                    last_query("/_admin/statistics").as_deref(),
                    Some(query),
                    "{version} {freshness:?}"
                );
            }
        }
    }
}
