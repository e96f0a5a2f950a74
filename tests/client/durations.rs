//! Every duration setting accepts any value: no call panics, spins or waits forever.

use std::time::Duration;

use arango::balance::{HealthPolicy, Periodic};
use arango::long_running::{PollOptions, StopReason};
use arango::protocol::RequestClass;
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture};
use arango::{
    CallOptions, Client, ClientBuilder, Credentials, Discovery, ErrorKind, Hedging, Limits, PoolLimits,
    RetryPolicy, Superuser,
};
use arango::{TokenFile, TokenSource};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{builder, cluster, insert};

/// Zero, the minimum, about the maximum of system clocks, and the maximum.
const EXTREMES: [Duration; 4] =
    [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1 << 62), Duration::MAX];
/// Longer than any finite wait in these tests.
const LONG: Duration = Duration::from_secs(4 * 365 * 86_400);

/// A token source whose token must be renewed after the given time.
struct RefreshingToken(String, Duration);

impl TokenSource for RefreshingToken {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        let token = self.0.clone();
        Box::pin(async move { Ok(token.into()) })
    }

    fn fresh_for(&self) -> Option<Duration> {
        Some(self.1)
    }
}

type Setting = (&'static str, fn(&TestCluster, ClientBuilder, Duration) -> ClientBuilder);

const SETTINGS: &[Setting] = &[
    ("limits.connect", |_, client, time| client.limits(Limits::default().connect(time))),
    ("limits.attempt", |_, client, time| client.limits(Limits::default().attempt(time))),
    ("limits.total", |_, client, time| client.limits(Limits::default().total(time))),
    ("limits.body_idle", |_, client, time| client.limits(Limits::default().body_idle(time))),
    ("limits.queue", |_, client, time| client.limits(Limits::default().server_queue_time(time))),
    ("all limits", |_, client, time| {
        let limits = Limits::default().connect(time).attempt(time).total(time);
        client.limits(limits.body_idle(time).server_queue_time(time))
    }),
    ("pool.acquire", |_, client, time| client.pool(PoolLimits::default().connections(1).acquire(time))),
    ("pool.idle", |_, client, time| client.pool(PoolLimits::default().idle(time))),
    ("pool.age", |_, client, time| client.pool(PoolLimits::default().age(time))),
    ("hedging", |_, client, time| client.hedging(Hedging::at_p95().min_delay(time))),
    ("discovery", |_, client, time| client.discovery(Discovery::enabled().interval(time))),
    ("periodic", |_, client, time| client.policy(Periodic::after_time(time))),
    ("health", |_, client, time| {
        let policy = HealthPolicy::default()
            .base_ejection_time(time)
            .max_ejection_time(time)
            .recovery_time(time)
            .probe_timeout(time)
            .overload_time(time)
            .max_drain_time(time)
            .failure_ratio_window(time)
            .slow_start(time)
            .slow_start_new(time)
            .consecutive_connect_failures(1)
            .ejection_jitter(1.0);
        client.health(policy)
    }),
    ("token_source.fresh_for", |cluster, client, time| {
        client.credentials(Credentials::from_source(RefreshingToken(cluster.superuser_token(), time)))
    }),
    ("superuser.lifetime", |cluster, client, time| {
        client.credentials(Credentials::from_source(
            Superuser::from_secret(cluster.jwt_secret()).lifetime(time),
        ))
    }),
];

/// Makes calls in several states of the cluster. First all coordinators are healthy, then one is down and another
/// overloaded, then all have recovered.
async fn exercise_failures(cluster: &TestCluster, client: &Client) {
    let database = client.db("_system");
    let call = async |class| drop(database.execute(insert("m", class)).await);
    for _ in 0..30 {
        call(RequestClass::Safe).await;
    }
    cluster.coordinator(0).kill();
    let overloaded = cluster.coordinator(1).inject(Fault::response(503, 503, "starting"));
    for _ in 0..10 {
        call(RequestClass::Safe).await;
        call(RequestClass::NonIdempotent).await;
        sleep(Duration::from_millis(500)).await;
    }
    drop(overloaded);
    cluster.coordinator(0).restart().await.unwrap();
    let slow = |one: &arango_test_cluster::Coordinator| {
        one.inject(Fault::latency(Duration::from_secs(2)).on(Match::post("/_api/document/*")).times(3))
    };
    let slow: Vec<FaultGuard> = cluster.coordinators().iter().map(slow).collect();
    for _ in 0..10 {
        call(RequestClass::Safe).await;
        sleep(Duration::from_secs(1)).await;
    }
    drop(slow);
}

#[tokio::test(start_paused = true)]
async fn a_setting_of_the_client_may_be_any_duration() {
    for (name, set) in SETTINGS {
        for time in EXTREMES {
            let cluster = cluster().await;
            let Ok(client) = set(&cluster, builder(&cluster), time).build() else {
                assert!(time.is_zero(), "{name} of {time:?} is rejected");
                continue;
            };
            let done = timeout(LONG, exercise_failures(&cluster, &client)).await;
            assert!(done.is_ok(), "{name} of {time:?}: a call does not end");
            client.close(time).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_option_of_a_call_may_be_any_duration() {
    type Option = fn(CallOptions, Duration) -> CallOptions;
    const OPTIONS: &[(&str, Option)] = &[
        ("total", CallOptions::total),
        ("attempt", CallOptions::attempt),
        ("queue", CallOptions::server_queue_time),
        ("hedging", |options, time| options.hedging(Hedging::at_p95().min_delay(time))),
        ("all", |options, time| {
            options.total(time).attempt(time).server_queue_time(time).retry(RetryPolicy::disabled())
        }),
    ];
    for (name, set) in OPTIONS {
        for time in EXTREMES {
            let cluster = cluster().await;
            let client = builder(&cluster).build().unwrap();
            let database = client.db("_system").options(set(CallOptions::default(), time));
            let _slow = cluster.coordinator(1).inject(Fault::latency(Duration::from_secs(2)));
            for class in crate::support::CLASSES {
                let call = database.execute(insert("m", class));
                match timeout(LONG, call)
                    .await
                    .unwrap_or_else(|_| panic!("{name} of {time:?}: the call does not end"))
                {
                    Ok(()) => {}
                    Err(error) => assert!(
                        matches!(
                            error.kind(),
                            ErrorKind::DeadlineExceeded
                                | ErrorKind::AttemptTimeout
                                | ErrorKind::QueueTimeViolated
                        ),
                        "{name} of {time:?}: {error}"
                    ),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn polling_accepts_any_interval_and_limit() {
    for shortest in EXTREMES {
        for longest in EXTREMES {
            let cluster = cluster().await;
            let client = builder(&cluster).build().unwrap();
            let poll_options =
                PollOptions::default().intervals(shortest, longest).timeout(Duration::from_secs(2));
            client.cluster().wait_until_healthy(poll_options).await.unwrap();
            cluster.stop_db_server(1);
            sleep(Duration::from_secs(20)).await;
            let start = Instant::now();
            client.cluster().wait_until_healthy(poll_options).await.unwrap_err();
            assert_eq!(start.elapsed().as_secs(), 2, "{shortest:?}, {longest:?}");
        }
    }
    for limit in EXTREMES {
        let cluster = cluster().await;
        let client = builder(&cluster).build().unwrap();
        cluster.stop_db_server(1);
        sleep(Duration::from_secs(20)).await;
        let poll_options = PollOptions::default().timeout(limit).intervals(Duration::MAX, Duration::MAX);
        let ended = timeout(LONG, client.cluster().wait_until_healthy(poll_options)).await.expect("it ends");
        ended.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn maintenance_and_restarts_accept_any_duration() {
    for time in EXTREMES {
        let cluster = cluster().await;
        let client = builder(&cluster).build().unwrap();
        let guard = client.cluster().hold_maintenance(time).await.unwrap();
        sleep(Duration::from_secs(60)).await;
        assert!(guard.is_held());
        guard.end().await.unwrap();

        let poll_options = PollOptions::default().timeout(Duration::MAX);
        let restart = client.cluster().rolling_restart().restart_timeout(time).maintenance(time);
        let ended = restart.run(poll_options, |_| async { Ok(()) }).wait().await.unwrap_err();
        let StopReason::TimedOut { .. } = ended.reason() else {
            assert!(matches!(ended.reason(), StopReason::NotRestarted(_)), "{time:?}: {ended}");
            continue;
        };
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_file_accepts_any_check_interval() {
    for time in EXTREMES {
        let cluster = cluster().await;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), cluster.superuser_token()).unwrap();
        let credentials = Credentials::from_source(TokenFile::new(file.path()).check_interval(time));
        let client = builder(&cluster).credentials(credentials).build().unwrap();
        for _ in 0..3 {
            client.db("_system").version().await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    }
}
