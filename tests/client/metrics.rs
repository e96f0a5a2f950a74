//! Metrics recorded through the crate `metrics`: exactly those of `docs/metrics.md`, and no secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use arango::balance::MemberState;
use arango::data::Aql;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Hedging, Outcome, PoolLimits};
use arango_test_cluster::{Fault, Match, Phase};
use metrics::{LocalRecorderGuard, Unit};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::json;
use tokio::time::sleep;

use crate::support::{builder, client, cluster, cluster_of, concurrent_version_calls, insert};

const PAGE: &str = include_str!("../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../docs/grafana-dashboard.json");

/// Everything recorded so far, by name and labels.
pub(crate) type Snapshot = BTreeMap<(String, BTreeMap<String, String>), DebugValue>;

/// Installs a recorder on this thread until the guard is dropped. The recorder itself is leaked.
pub(crate) fn install_recorder() -> (Snapshotter, LocalRecorderGuard<'static>) {
    let recorder: &'static DebuggingRecorder = Box::leak(Box::default());
    (recorder.snapshotter(), metrics::set_default_local_recorder(recorder))
}

pub(crate) fn snapshot(snapshotter: &Snapshotter) -> Snapshot {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        ((key.key().name().to_owned(), labels.collect()), value)
    })
    .collect()
}

/// Returns the number of values with this name and this label.
pub(crate) fn count(recorded: &Snapshot, name: &str, label: (&str, &str)) -> usize {
    let matching = recorded.iter().filter(|((key_name, labels), _)| {
        key_name == name && labels.get(label.0).is_some_and(|value| value == label.1)
    });
    matching
        .map(|(_, value)| match value {
            DebugValue::Histogram(values) => values.len(),
            DebugValue::Counter(count) => usize::try_from(*count).unwrap(),
            DebugValue::Gauge(_) => 1,
        })
        .sum()
}

/// A documented or recorded metric: its kind, its unit, and all its possible labels.
type Metric = (&'static str, &'static str, BTreeSet<String>);

fn documented_metrics() -> BTreeMap<String, Metric> {
    let table = PAGE.split("\n## Plain numbers").next().unwrap().lines();
    let rows = table.filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        let [name, kind, unit, labels, _, _] = cells[..] else { return None };
        let labels = labels.split(", ").filter(|label| !label.is_empty());
        let labels = labels.map(|label| label.trim_matches('`').to_owned()).collect();
        Some((name.trim_end_matches('`').to_owned(), (kind, unit, labels)))
    });
    rows.collect()
}

fn recorded_metrics(snapshotter: &Snapshotter) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::<String, Metric>::new();
    for (key, unit, description, _) in snapshotter.snapshot().into_vec() {
        assert!(description.is_some(), "{key:?} is described");
        let kind = match key.kind() {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let unit = match unit {
            Some(Unit::Seconds) => "seconds",
            Some(Unit::Count) => "count",
            _ => "another unit",
        };
        let metric =
            metrics.entry(key.key().name().to_owned()).or_insert_with(|| (kind, unit, BTreeSet::new()));
        assert_eq!((metric.0, metric.1), (kind, unit));
        metric.2.extend(key.key().labels().map(|label| label.key().to_owned()));
    }
    metrics
}

/// Triggers every metric.
async fn exercise_all_metrics() {
    let cluster = cluster().await;
    let hedging = Hedging::at_p95();
    let client = builder(&cluster)
        .jwt_auth("root", cluster.root_password())
        .hedging(hedging)
        .pool(PoolLimits::default().connections(2).acquire(Duration::from_secs(1)))
        .build()
        .unwrap();
    let books = client.db("_system");
    for _ in 0..30 {
        books.execute(insert("m", RequestClass::Safe)).await.unwrap();
    }
    books.query::<u8>(Aql::new("FOR i IN 1..3 RETURN i")).all().await.unwrap();
    // Slow calls are hedged.
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(5)));
    for _ in 0..3 {
        books.execute(insert("m", RequestClass::Safe)).await.unwrap();
    }
    // More concurrent calls than connections.
    let first = client.coordinator(&client.coordinators()[0].address);
    let waiting_calls = (0..3).map(|_| {
        let first = first.clone();
        tokio::spawn(async move { first.version().await.is_ok() })
    });
    let waiting_calls: Vec<_> = waiting_calls.collect();
    for call in waiting_calls {
        call.await.unwrap();
    }
    drop(slow);
    // The coordinator fails, calls fail over, and it is ejected.
    cluster.coordinator(1).kill();
    for _ in 0..12 {
        books.execute(insert("m", RequestClass::Idempotent)).await.unwrap();
    }
    assert_eq!(client.coordinators()[1].state, MemberState::Ejected);
    // A failed login.
    let wrong_password = builder(&cluster).jwt_auth("root", "s3cret-that-is-wrong").build().unwrap();
    wrong_password.db("_system").version().await.unwrap_err();
    client.sample_metrics();
}

#[tokio::test(start_paused = true)]
async fn recorded_metrics_match_the_documentation() {
    let (snapshotter, _guard) = install_recorder();
    exercise_all_metrics().await;
    assert_eq!(recorded_metrics(&snapshotter), documented_metrics());
}

#[tokio::test(start_paused = true)]
async fn metrics_contain_no_secret_and_no_path() {
    let (snapshotter, _guard) = install_recorder();
    exercise_all_metrics().await;
    let all = format!("{:?}", snapshot(&snapshotter));
    for secret in ["s3cret-that-is-wrong", "passwd", "bearer", "_api", "_system"] {
        assert!(!all.to_lowercase().contains(secret), "{secret}");
    }
}

#[test]
fn the_dashboard_queries_exactly_the_documented_metrics() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let page = documented_metrics();
    let exported = |name: &str| name.replace('.', "_");
    let labels: BTreeSet<_> =
        page.values().flat_map(|(.., labels)| labels).map(|label| exported(label)).collect();
    let mut queried_names = BTreeSet::new();
    for query in queries {
        // Words with an underscore are metric names or labels; Prometheus uses no others.
        for word in query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            if !word.contains('_')
                || word.starts_with("__")
                || word == "histogram_quantile"
                || labels.contains(word)
            {
                continue;
            }
            let parts: &[_] = &["_bucket", "_sum", "_count"];
            let metric = page.iter().find(|(name, (kind, ..))| {
                let rest = word.strip_prefix(&exported(name));
                rest.is_some_and(
                    |rest| if *kind == "histogram" { parts.contains(&rest) } else { rest.is_empty() },
                )
            });
            let (name, _) = metric.unwrap_or_else(|| panic!("no metric is named `{word}`: {query}"));
            queried_names.insert(name.clone());
        }
    }
    assert_eq!(queried_names, page.into_keys().collect());
}

#[test]
fn the_dashboard_can_be_limited_to_one_coordinator() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let page = documented_metrics();
    let exported = |name: &str| name.replace('.', "_");
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let variables: BTreeMap<_, _> = variables
        .filter(|variable| variable["type"] == "query")
        .map(|variable| (variable["name"].as_str().unwrap(), variable["definition"].as_str().unwrap()))
        .collect();
    let (_, _, labels) = &page["arango.client.state"];
    assert_eq!(variables.keys().copied().collect::<Vec<_>>(), ["coordinator", "port"]);
    for (variable, label) in [("coordinator", "server.address"), ("port", "server.port")] {
        let definition = variables[variable];
        assert!(definition.starts_with("label_values(arango_client_state"), "{definition}");
        assert!(
            labels.contains(label) && definition.ends_with(&format!(" {})", exported(label))),
            "{definition}"
        );
    }

    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    for query in targets.map(|target| target["expr"].as_str().unwrap()) {
        let metric = page.iter().find(|(name, _)| query.contains(&exported(name)));
        let (name, (_, _, labels)) = metric.unwrap_or_else(|| panic!("no metric is in {query}"));
        let of_coordinators =
            labels.contains("server.address") || labels.contains("db.client.connection.pool.name");
        let is_limited = ["$coordinator", "$port"].map(|variable| query.contains(variable));
        assert_eq!(is_limited, [of_coordinators; 2], "{name}: {query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_streamed_call_and_its_attempt_are_recorded_once_when_its_body_has_ended() {
    const CALLS: &str = "db.client.operation.duration";
    const ATTEMPTS: &str = "http.client.request.duration";
    let cluster = cluster_of(1).await;
    let (snapshotter, _guard) = install_recorder();
    let client = client(&cluster);
    let stream = async || {
        client.db("_system").execute_streaming(insert("m", RequestClass::NonIdempotent)).await.unwrap()
    };
    let post = ("http.request.method", "POST");

    let slow = cluster.coordinator(0).inject(Fault::slow_body(5, Duration::from_secs(1)));
    let mut body = stream().await;
    body.try_next().await.unwrap().unwrap();
    let recorded = snapshot(&snapshotter);
    assert_eq!(
        (count(&recorded, CALLS, ("arango.outcome", "executed")), count(&recorded, ATTEMPTS, post)),
        (0, 0)
    );
    while body.try_next().await.unwrap().is_some() {}
    drop(body);
    let recorded = snapshot(&snapshotter);
    assert_eq!(
        (count(&recorded, CALLS, ("arango.outcome", "executed")), count(&recorded, ATTEMPTS, post)),
        (1, 1)
    );

    // The snapshots are consumed: each has what is new.
    drop(stream().await);
    drop(slow);
    assert_eq!(count(&snapshot(&snapshotter), ATTEMPTS, post), 0, "dropped before its end");

    let _broken = cluster.coordinator(0).inject(Fault::truncate(5));
    let mut body = stream().await;
    while let Ok(part) = body.try_next().await {
        assert!(part.is_some(), "it ends with an error");
    }
    drop(body);
    let (recorded, kind) = (snapshot(&snapshotter), ("error.type", "BodyInterrupted"));
    assert_eq!((count(&recorded, CALLS, kind), count(&recorded, ATTEMPTS, kind)), (1, 1));
    assert_eq!((count(&recorded, ATTEMPTS, post), cluster.journal().executions("m")), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_recorded_once_and_each_attempt_once() {
    let cluster = cluster().await;
    let (snapshotter, _guard) = install_recorder();
    let client = client(&cluster);
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*"));
    let _lost = cluster.coordinator(0).inject(lost);
    client.db("_system").execute(insert("m", RequestClass::Idempotent)).await.unwrap();
    let recorded = snapshot(&snapshotter);
    assert_eq!(count(&recorded, "db.client.operation.duration", ("db.operation.name", "books.insert")), 1);
    assert_eq!(count(&recorded, "db.client.operation.duration", ("arango.outcome", "executed")), 1);
    assert_eq!(count(&recorded, "http.client.request.duration", ("http.request.method", "POST")), 2);
    assert_eq!(count(&recorded, "http.client.request.duration", ("error.type", "ConnectionLost")), 1);
    assert_eq!(count(&recorded, "http.client.request.duration", ("http.response.status_code", "202")), 1);
    assert_eq!(count(&recorded, "arango.client.retries", ("error.type", "ConnectionLost")), 1);
    assert_eq!(cluster.journal().executions("m"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_read_before_an_insert_is_not_counted_and_its_failure_is_one_of_the_insert() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let books = client.db("_system").collection("books");
    let before = client.state().calls;
    let (snapshotter, _recorder) = install_recorder();
    {
        let is_read = Match::path("/_api/collection/books/properties");
        let _lost = cluster.inject(&Fault::close(Phase::AfterExecution).on(is_read));
        let error = books.insert(&json!({ "title": "Dune" })).await.unwrap_err();
        assert_eq!((error.operation(), error.outcome()), ("document.insert", Outcome::NotExecuted));
    }
    books.insert(&json!({ "title": "Dune" })).await.unwrap();
    let recorded = snapshot(&snapshotter);
    let calls = |label| count(&recorded, "db.client.operation.duration", label);
    assert_eq!(calls(("db.operation.name", "collection.properties")), 0);
    assert_eq!(calls(("db.operation.name", "document.insert")), 2);
    assert_eq!((calls(("arango.outcome", "not_executed")), calls(("arango.outcome", "executed"))), (1, 1));
    let after = client.state().calls;
    assert_eq!(after.failed_not_executed - before.failed_not_executed, 1);
    assert_eq!((after.failed_unknown, after.succeeded - before.succeeded), (before.failed_unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_response_counts_as_a_failed_call() {
    let cluster = cluster_of(1).await;
    let (snapshotter, _guard) = install_recorder();
    let client = client(&cluster);
    let _html = cluster.coordinator(0).inject(Fault::raw_response(200, "text/html", "<html>"));
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotArangoDb);
    assert_eq!(
        count(&snapshot(&snapshotter), "db.client.operation.duration", ("error.type", "NotArangoDb")),
        1
    );
    let calls = client.state().calls;
    assert_eq!((calls.succeeded, calls.failed_unknown), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn recorders_can_be_installed_and_removed_between_calls() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let call = async || drop(client.db("_system").version().await.unwrap());
    call().await;
    let (first, guard) = install_recorder();
    call().await;
    drop(guard);
    let (second, _guard) = install_recorder();
    call().await;
    call().await;
    for (snapshotter, calls) in [(first, 1), (second, 2)] {
        let recorded = snapshot(&snapshotter);
        let executed = ("arango.outcome", "executed");
        assert_eq!(count(&recorded, "db.client.operation.duration", executed), calls);
        assert_eq!(
            count(&recorded, "http.client.request.duration", ("http.response.status_code", "200")),
            calls
        );
    }
}

/// Returns the values of the gauges with this name and this label, as text.
fn gauges(recorded: &Snapshot, name: &str, label: (&str, &str)) -> Vec<String> {
    let matching = recorded.iter().filter(|((key_name, labels), _)| {
        key_name == name && labels.get(label.0).is_some_and(|value| value == label.1)
    });
    matching
        .map(
            |(_, value)| if let DebugValue::Gauge(value) = value { value.to_string() } else { String::new() },
        )
        .collect()
}

#[tokio::test(start_paused = true)]
async fn gauges_are_sampled_once_a_second_and_on_request() {
    let cluster = cluster_of(1).await;
    let (snapshotter, _guard) = install_recorder();
    let client = client(&cluster);
    let idle = ("db.client.connection.state", "idle");
    let connections =
        |snapshotter: &Snapshotter| gauges(&snapshot(snapshotter), "db.client.connection.count", idle);
    client.db("_system").version().await.unwrap();
    assert_eq!(connections(&snapshotter), ["1"]);
    // A snapshot resets a gauge to zero until it is set again.
    concurrent_version_calls(&client, 5).await;
    assert_eq!(connections(&snapshotter), ["0"], "less than a second has passed");
    sleep(Duration::from_secs(1)).await;
    client.db("_system").version().await.unwrap();
    assert_eq!(connections(&snapshotter), ["5"]);
    client.sample_metrics();
    assert_eq!(connections(&snapshotter), ["5"]);
}

#[tokio::test(start_paused = true)]
async fn the_client_state_counts_calls_by_outcome() {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    client.db("_system").version().await.unwrap();
    let on = |fault: Fault| fault.on(Match::post("/_api/document/*")).times(1);
    let write = async |fault: Fault| {
        let _faults = cluster.inject(&on(fault.clone()));
        client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err().outcome()
    };
    write(Fault::response(400, 10, "bad parameter")).await;
    write(Fault::close(Phase::AfterExecution)).await;
    write(Fault::response(403, 11, "forbidden")).await;
    let state = client.state();
    let calls = state.calls;
    assert_eq!(
        (calls.succeeded, calls.failed_executed, calls.failed_unknown, calls.failed_not_executed),
        (1, 1, 1, 1)
    );
    assert_eq!((calls.logins, calls.failed_logins, state.in_progress), (1, 0, 0));
    assert_eq!(state.attempts(), 5, "four calls and a login");
    assert_eq!(state.retries_left, 31, "three per second for ten seconds, and one per five calls");
}

#[tokio::test(start_paused = true)]
async fn the_coordinator_state_reports_queue_time_and_ejections() {
    let cluster = cluster().await;
    let _queue = cluster.coordinator(0).queue_time(Duration::from_millis(250));
    let client = client(&cluster);
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
    }
    cluster.coordinator(1).kill();
    for _ in 0..12 {
        client.db("_system").version().await.unwrap();
    }
    let recorded: Vec<_> =
        client.state().coordinators.iter().map(|state| (state.queue_time, state.ejections)).collect();
    let none = Some(Duration::ZERO);
    assert_eq!(recorded, [(Some(Duration::from_millis(250)), 0), (none, 1), (none, 0)]);
    assert!(client.state().calls.retries >= 1);
}

#[tokio::test(start_paused = true)]
async fn gauges_of_a_removed_coordinator_are_reset() {
    let (snapshotter, _guard) = install_recorder();
    let cluster = cluster().await;
    let client = client(&cluster);
    concurrent_version_calls(&client, 9).await;
    client.sample_metrics();
    let port = |index: usize| cluster.coordinator(index).address().port().to_string();
    let is_member = |recorded: &Snapshot, port: &str| {
        recorded.iter().any(|((name, labels), value)| {
            let is_coordinator = name == "arango.client.state" && labels.values().any(|value| value == port);
            is_coordinator && matches!(value, DebugValue::Gauge(value) if value.0 > 0.5)
        })
    };
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    concurrent_version_calls(&client, 9).await;
    client.sample_metrics();
    // A single snapshot, because it resets the gauges.
    let recorded = snapshot(&snapshotter);
    assert_eq!([0, 1, 2].map(|index| is_member(&recorded, &port(index))), [true, true, false]);
}
