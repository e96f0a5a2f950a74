//! What is told to a recorder of the crate `metrics`: all that `docs/metrics.md` names, nothing else, and no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Hedging, PoolLimits};
use arango_test_cluster::{Fault, Match, Phase};
use metrics::{LocalRecorderGuard, Unit};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::time::sleep;

use crate::support::{ask_at_once, builder, client, cluster, cluster_of, insert};

const PAGE: &str = include_str!("../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../docs/grafana-dashboard.json");

/// Everything that was told so far: by name, then by labels.
type Told = BTreeMap<(String, BTreeMap<String, String>), DebugValue>;

/// Listens on this thread until the guard is dropped. A recorder lives as long as the test program.
fn listen() -> (Snapshotter, LocalRecorderGuard<'static>) {
    let recorder: &'static DebuggingRecorder = Box::leak(Box::default());
    (recorder.snapshotter(), metrics::set_default_local_recorder(recorder))
}

fn told(snapshotter: &Snapshotter) -> Told {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        ((key.key().name().to_owned(), labels.collect()), value)
    })
    .collect()
}

/// How many values of this name have a label of this value.
fn count(told: &Told, name: &str, label: (&str, &str)) -> usize {
    let fits = told
        .iter()
        .filter(|((of, labels), _)| of == name && labels.get(label.0).is_some_and(|value| value == label.1));
    fits.map(|(_, value)| match value {
        DebugValue::Histogram(values) => values.len(),
        DebugValue::Counter(count) => usize::try_from(*count).unwrap(),
        DebugValue::Gauge(_) => 1,
    })
    .sum()
}

/// One metric, as the page or a recorder tells of it: its kind, its unit, and every label that it may have.
type Metric = (&'static str, &'static str, BTreeSet<String>);

fn on_the_page() -> BTreeMap<String, Metric> {
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

fn in_the_recorder(snapshotter: &Snapshotter) -> BTreeMap<String, Metric> {
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
            _ => "something else",
        };
        let metric =
            metrics.entry(key.key().name().to_owned()).or_insert_with(|| (kind, unit, BTreeSet::new()));
        assert_eq!((metric.0, metric.1), (kind, unit));
        metric.2.extend(key.key().labels().map(|label| label.key().to_owned()));
    }
    metrics
}

/// Meets everything that there is a metric for.
async fn tour() {
    let cluster = cluster().await;
    let hedging = Hedging::of_the_slowest();
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
    // Asked beside, for it is slow.
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(5)));
    for _ in 0..3 {
        books.execute(insert("m", RequestClass::Safe)).await.unwrap();
    }
    // More at once than there are connections to it.
    let first = client.coordinator(&client.coordinators()[0].address);
    let waiting = (0..3).map(|_| {
        let first = first.clone();
        tokio::spawn(async move { first.version().await.is_ok() })
    });
    let waiting: Vec<_> = waiting.collect();
    for asked in waiting {
        asked.await.unwrap();
    }
    drop(slow);
    // Lost, asked elsewhere, and at last left out.
    cluster.coordinator(1).kill();
    for _ in 0..12 {
        books.execute(insert("m", RequestClass::Idempotent)).await.unwrap();
    }
    assert_eq!(client.coordinators()[1].standing, MemberState::Ejected);
    // Nobody by this password, and of that number.
    let nobody = builder(&cluster).jwt_auth("root", "s3cret-that-is-wrong").build().unwrap();
    nobody.db("_system").version().await.unwrap_err();
    client.sample_metrics();
}

#[tokio::test(start_paused = true)]
async fn what_the_page_names_is_told_and_what_is_told_the_page_names() {
    let (snapshotter, _listening) = listen();
    tour().await;
    assert_eq!(in_the_recorder(&snapshotter), on_the_page());
}

#[tokio::test(start_paused = true)]
async fn no_secret_and_no_path_is_told() {
    let (snapshotter, _listening) = listen();
    tour().await;
    let all = format!("{:?}", told(&snapshotter));
    for secret in ["s3cret-that-is-wrong", "passwd", "bearer", "_api", "_system"] {
        assert!(!all.to_lowercase().contains(secret), "{secret}");
    }
}

#[test]
fn the_dashboard_asks_for_everything_that_there_is_and_for_nothing_else() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let page = on_the_page();
    let exported = |name: &str| name.replace('.', "_");
    let labels: BTreeSet<_> =
        page.values().flat_map(|(.., labels)| labels).map(|label| exported(label)).collect();
    let mut asked = BTreeSet::new();
    for query in queries {
        // What may be the name of a metric or of a label: Prometheus has no others with an underscore.
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
            let (name, _) = metric.unwrap_or_else(|| panic!("nothing is named `{word}`: {query}"));
            asked.insert(name.clone());
        }
    }
    assert_eq!(asked, page.into_keys().collect());
}

#[tokio::test(start_paused = true)]
async fn a_call_is_told_once_and_each_of_its_attempts() {
    let cluster = cluster().await;
    let (snapshotter, _listening) = listen();
    let client = client(&cluster);
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*"));
    let _lost = cluster.coordinator(0).inject(lost);
    client.db("_system").execute(insert("m", RequestClass::Idempotent)).await.unwrap();
    let told = told(&snapshotter);
    assert_eq!(count(&told, "db.client.operation.duration", ("db.operation.name", "books.insert")), 1);
    assert_eq!(count(&told, "db.client.operation.duration", ("arango.outcome", "executed")), 1);
    assert_eq!(count(&told, "http.client.request.duration", ("http.request.method", "POST")), 2);
    assert_eq!(count(&told, "http.client.request.duration", ("error.type", "ConnectionLost")), 1);
    assert_eq!(count(&told, "http.client.request.duration", ("http.response.status_code", "202")), 1);
    assert_eq!(count(&told, "arango.client.retries", ("error.type", "ConnectionLost")), 1);
    assert_eq!(cluster.journal().executions("m"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_answer_cannot_be_read_is_one_that_failed() {
    let cluster = cluster_of(1).await;
    let (snapshotter, _listening) = listen();
    let client = client(&cluster);
    let _html = cluster.coordinator(0).inject(Fault::answer_raw(200, "text/html", "<html>"));
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotArangoDb);
    assert_eq!(count(&told(&snapshotter), "db.client.operation.duration", ("error.type", "NotArangoDb")), 1);
    let calls = client.state().calls;
    assert_eq!((calls.answered, calls.failed_unknown), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_recorder_that_comes_when_calls_were_made_already_is_told_of_the_next_and_one_that_has_gone_of_none()
 {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let ask = async || drop(client.db("_system").version().await.unwrap());
    ask().await;
    let (first, listening) = listen();
    ask().await;
    drop(listening);
    let (second, _listening) = listen();
    ask().await;
    ask().await;
    for (snapshotter, calls) in [(first, 1), (second, 2)] {
        let told = told(&snapshotter);
        let executed = ("arango.outcome", "executed");
        assert_eq!(count(&told, "db.client.operation.duration", executed), calls);
        assert_eq!(count(&told, "http.client.request.duration", ("http.response.status_code", "200")), calls);
    }
}

/// The values of the gauges of this name with this label, as they are written.
fn gauges(told: &Told, name: &str, label: (&str, &str)) -> Vec<String> {
    let fits = told
        .iter()
        .filter(|((of, labels), _)| of == name && labels.get(label.0).is_some_and(|value| value == label.1));
    fits.map(
        |(_, value)| if let DebugValue::Gauge(value) = value { value.to_string() } else { String::new() },
    )
    .collect()
}

#[tokio::test(start_paused = true)]
async fn gauges_are_set_with_calls_once_a_second_and_whenever_that_is_asked_for() {
    let cluster = cluster_of(1).await;
    let (snapshotter, _listening) = listen();
    let client = client(&cluster);
    let idle = ("db.client.connection.state", "idle");
    let connections =
        |snapshotter: &Snapshotter| gauges(&told(snapshotter), "db.client.connection.count", idle);
    client.db("_system").version().await.unwrap();
    assert_eq!(connections(&snapshotter), ["1"]);
    // Whoever looks leaves a gauge at nothing, until it is set again.
    ask_at_once(&client, 5).await;
    assert_eq!(connections(&snapshotter), ["0"], "a second has not gone by");
    sleep(Duration::from_secs(1)).await;
    client.db("_system").version().await.unwrap();
    assert_eq!(connections(&snapshotter), ["5"]);
    client.sample_metrics();
    assert_eq!(connections(&snapshotter), ["5"]);
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_client_counts_calls_by_how_they_ended() {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    client.db("_system").version().await.unwrap();
    let on = |fault: Fault| fault.on(Match::post("/_api/document/*")).times(1);
    let write = async |fault: Fault| {
        let _faults: Vec<_> =
            cluster.coordinators().iter().map(|one| one.inject(on(fault.clone()))).collect();
        client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err().outcome()
    };
    write(Fault::answer(409, 1210, "unique constraint violated")).await;
    write(Fault::close(Phase::AfterExecution)).await;
    write(Fault::answer(403, 11, "forbidden")).await;
    let state = client.state();
    let calls = state.calls;
    assert_eq!(
        (calls.answered, calls.failed_executed, calls.failed_unknown, calls.failed_not_executed),
        (1, 1, 1, 1)
    );
    assert_eq!((calls.logins, calls.failed_logins, state.under_way), (1, 0, 0));
    assert_eq!(state.attempts(), 5, "four calls and a login");
    assert_eq!(state.retries_left, 31, "three a second for ten seconds, and one for each five calls");
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_coordinator_tells_how_long_it_lets_requests_wait_and_how_often_it_was_left_out() {
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
    let told: Vec<_> =
        client.state().coordinators.iter().map(|state| (state.queue_time, state.ejections)).collect();
    let none = Some(Duration::ZERO);
    assert_eq!(told, [(Some(Duration::from_millis(250)), 0), (none, 1), (none, 0)]);
    assert!(client.state().calls.retries >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_gone_shows_nothing_rather_than_what_was_last() {
    let (snapshotter, _guard) = listen();
    let cluster = cluster().await;
    let client = client(&cluster);
    ask_at_once(&client, 9).await;
    client.sample_metrics();
    let port = |index: usize| cluster.coordinator(index).address().port().to_string();
    let stands = |told: &Told, port: &str| {
        told.iter().any(|((name, labels), value)| {
            let here = name == "arango.client.standing" && labels.values().any(|value| value == port);
            here && matches!(value, DebugValue::Gauge(value) if value.0 > 0.5)
        })
    };
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    ask_at_once(&client, 9).await;
    client.sample_metrics();
    // One look alone: it takes what it sees.
    let told = told(&snapshotter);
    assert_eq!([0, 1, 2].map(|index| stands(&told, &port(index))), [true, true, false]);
}
