//! Coordinators behind a gateway that requires a path prefix.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::Call;
use arango::{Client, ClientBuilder, Discovery, ErrorKind, Http2, InvalidSettings};
use arango_test_cluster::{TestCluster, Tls as Speaks};
use tokio::time::sleep;

use crate::support::{
    CreateCollection, builder, cluster, cluster_with_tls, concurrent_version_calls, insert,
};

/// Starts three coordinators behind gateways that require the prefix `/arango`.
async fn prefixed_cluster() -> TestCluster {
    TestCluster::builder().path_prefix("/arango").seed(7).in_memory().start().await.unwrap()
}

fn urls_with_prefix(cluster: &TestCluster, prefix: &str) -> Vec<String> {
    cluster.urls().iter().map(|url| format!("{url}{prefix}")).collect()
}

/// Returns a client builder for all coordinators with this prefix, with a login.
fn with_prefix(cluster: &TestCluster, prefix: &str) -> ClientBuilder {
    builder(cluster).hosts(urls_with_prefix(cluster, prefix)).jwt_auth("root", cluster.root_password())
}

fn request_count(cluster: &TestCluster, path: &str) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == path).count()
}

#[tokio::test(start_paused = true)]
async fn the_prefix_is_added_to_every_path_including_logins_and_probes() {
    for http2 in [Http2::Disabled, Http2::PriorKnowledge] {
        let cluster = prefixed_cluster().await;
        let client = with_prefix(&cluster, "/arango/").http2(http2).build().unwrap();
        client.db("_system").execute(CreateCollection("books")).await.unwrap();
        client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
        client.cluster().health().await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1);
        assert_eq!(request_count(&cluster, "/_open/auth"), 1);

        let first = cluster.coordinator(0);
        first.kill();
        concurrent_version_calls(&client, 30).await;
        assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
        first.restart().await.unwrap();
        sleep(Duration::from_secs(60)).await;
        assert!(request_count(&cluster, "/_admin/server/availability") > 0);
        concurrent_version_calls(&client, 30).await;
        assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_with_and_without_a_prefix_are_replaced_while_the_client_runs() {
    let (plain, gateway) = (cluster().await, prefixed_cluster().await);
    let to_plain = builder(&plain).build().unwrap();
    to_plain.db("_system").version().await.unwrap();
    to_plain.reconfigure().set_hosts(urls_with_prefix(&plain, "/arango")).unwrap();
    to_plain.db("_system").version().await.unwrap_err();

    let to_gateway = builder(&gateway).build().unwrap();
    to_gateway.db("_system").version().await.unwrap_err();
    to_gateway.reconfigure().set_hosts(urls_with_prefix(&gateway, "/arango")).unwrap();
    to_gateway.db("_system").version().await.unwrap();
    assert!(to_gateway.coordinators()[0].address.to_string().ends_with("/arango"));
}

#[test]
fn discovery_with_a_prefix_is_rejected() {
    let assert_rejected = |result: Result<(), InvalidSettings>| {
        let error = result.unwrap_err();
        assert!(matches!(&error, InvalidSettings::DiscoveryWithPathPrefix { .. }), "{error:?}");
        assert!(error.to_string().contains("`http://two:443/arango`"), "{error}");
    };
    let with_discovery = Client::builder().discovery(Discovery::enabled());
    assert_rejected(with_discovery.hosts("http://one,http://two:443/arango").build().map(drop));

    let client = Client::builder().discovery(Discovery::enabled()).hosts("http://one").build().unwrap();
    assert_rejected(client.reconfigure().set_hosts("http://two:443/arango"));
    assert_eq!(client.coordinators()[0].address.to_string(), "http://one:8529");
    Client::builder().discovery(Discovery::disabled()).hosts("http://two:443/arango").build().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_listed_endpoint_with_a_path_is_not_used() {
    let cluster = cluster().await;
    for one in cluster.coordinators() {
        one.advertise(Some(&format!("tcp://{}/arango", one.address())));
    }
    let hosts = cluster.coordinator(0).url();
    let client = builder(&cluster).hosts(hosts).discovery(Discovery::enabled()).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(client.coordinators().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_path_too_long_with_the_prefix_is_rejected_locally() {
    let cluster = prefixed_cluster().await;
    let client =
        with_prefix(&cluster, "/arango").basic_auth("root", cluster.root_password()).build().unwrap();
    let path = format!("/_api/version?x={}", "a".repeat(65_515));
    let request = http::Request::get(path).body(http_body_util::Full::default()).unwrap();
    let error = client.transport().send(request, Call::with_name("version")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request, "{}", error.report());
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_https_host_without_a_port_reports_the_default_port() {
    let cluster = cluster_with_tls(Speaks::On).await;
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    let report = |hosts: &'static str| {
        let client = builder(&cluster).hosts(hosts).build().unwrap();
        async move { client.db("_system").version().await.unwrap_err().report().to_string() }
    };
    let without_port = report("https://127.0.0.1").await;
    assert!(
        without_port.contains("the default port is 8529") && without_port.contains("https://127.0.0.1:443"),
        "{without_port}"
    );
    let with_port = report("https://127.0.0.1:8529").await;
    assert!(!with_port.contains("443"), "{with_port}");
}
