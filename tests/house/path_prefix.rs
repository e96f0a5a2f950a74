//! Coordinators behind a gateway that wants a path before every path.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::Call;
use arango::{Client, ClientBuilder, Discovery, ErrorKind, Http2, InvalidSettings};
use arango_test_cluster::{TestCluster, Tls as Speaks};
use tokio::time::sleep;

use crate::support::{CreateCollection, ask_at_once, builder, cluster, cluster_with_tls, insert};

/// Three coordinators behind gateways that want `/arango`.
async fn prefixed() -> TestCluster {
    TestCluster::builder().path_prefix("/arango").seed(7).in_memory().start().await.unwrap()
}

fn behind(cluster: &TestCluster, prefix: &str) -> Vec<String> {
    cluster.urls().iter().map(|url| format!("{url}{prefix}")).collect()
}

/// A client that logs in, of all coordinators with this prefix.
fn with_prefix(cluster: &TestCluster, prefix: &str) -> ClientBuilder {
    builder(cluster).hosts(behind(cluster, prefix)).jwt_auth("root", cluster.root_password())
}

fn requests(cluster: &TestCluster, path: &str) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == path).count()
}

#[tokio::test(start_paused = true)]
async fn the_prefix_stands_before_every_path_logins_and_probes_included() {
    for http2 in [Http2::Never, Http2::PriorKnowledge] {
        let cluster = prefixed().await;
        let client = with_prefix(&cluster, "/arango/").http2(http2).build().unwrap();
        client.db("_system").execute(CreateCollection("books")).await.unwrap();
        client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
        client.cluster().health().await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1);
        assert_eq!(requests(&cluster, "/_open/auth"), 1);

        let first = cluster.coordinator(0);
        first.kill();
        ask_at_once(&client, 30).await;
        assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
        first.restart().await.unwrap();
        sleep(Duration::from_secs(60)).await;
        assert!(requests(&cluster, "/_admin/server/availability") > 0);
        ask_at_once(&client, 30).await;
        assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_with_and_without_a_prefix_are_replaced_while_the_client_runs() {
    let (plain, gateway) = (cluster().await, prefixed().await);
    let to_plain = builder(&plain).build().unwrap();
    to_plain.db("_system").version().await.unwrap();
    to_plain.reconfigure().set_hosts(behind(&plain, "/arango")).unwrap();
    to_plain.db("_system").version().await.unwrap_err();

    let to_gateway = builder(&gateway).build().unwrap();
    to_gateway.db("_system").version().await.unwrap_err();
    to_gateway.reconfigure().set_hosts(behind(&gateway, "/arango")).unwrap();
    to_gateway.db("_system").version().await.unwrap();
    assert!(to_gateway.coordinators()[0].address.to_string().ends_with("/arango"));
}

#[test]
fn discovery_behind_a_prefix_is_refused_and_says_so() {
    let refuse = |result: Result<(), InvalidSettings>| {
        let error = result.unwrap_err();
        assert!(matches!(&error, InvalidSettings::DiscoveryBehindPrefix { .. }), "{error:?}");
        assert!(error.to_string().contains("`http://two:443/arango`"), "{error}");
    };
    let looking = Client::builder().discovery(Discovery::on());
    refuse(looking.hosts("http://one,http://two:443/arango").build().map(drop));

    let client = Client::builder().discovery(Discovery::on()).hosts("http://one").build().unwrap();
    refuse(client.reconfigure().set_hosts("http://two:443/arango"));
    assert_eq!(client.coordinators()[0].address.to_string(), "http://one:8529");
    Client::builder().discovery(Discovery::off()).hosts("http://two:443/arango").build().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_listed_endpoint_with_a_path_is_not_used() {
    let cluster = cluster().await;
    for one in cluster.coordinators() {
        one.advertise(Some(&format!("tcp://{}/arango", one.address())));
    }
    let hosts = cluster.coordinator(0).url();
    let client = builder(&cluster).hosts(hosts).discovery(Discovery::on()).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(client.coordinators().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_becomes_too_long_with_the_prefix_is_refused_before_anything_is_sent() {
    let cluster = prefixed().await;
    let client =
        with_prefix(&cluster, "/arango").basic_auth("root", cluster.root_password()).build().unwrap();
    let path = format!("/_api/version?x={}", "a".repeat(65_515));
    let request = http::Request::get(path).body(http_body_util::Full::default()).unwrap();
    let error = client.transport().send(request, Call::named("version")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request, "{}", error.report());
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn https_without_a_port_that_is_refused_says_which_port_was_meant() {
    let cluster = cluster_with_tls(Speaks::On).await;
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    let report = |hosts: &'static str| {
        let client = builder(&cluster).hosts(hosts).build().unwrap();
        async move { client.db("_system").version().await.unwrap_err().report().to_string() }
    };
    let bare = report("https://127.0.0.1").await;
    assert!(
        bare.contains("port 8529 is meant where none is written") && bare.contains("https://127.0.0.1:443"),
        "{bare}"
    );
    let written = report("https://127.0.0.1:8529").await;
    assert!(!written.contains("443"), "{written}");
}
