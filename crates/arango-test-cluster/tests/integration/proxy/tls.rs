//! Proxies of clusters with TLS, which see bytes only.

use std::sync::Arc;
use std::time::Duration;

use arango_test_cluster::{ClusterProxy, CoordinatorProxy, Fault, Match, Phase, TestCluster, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{settle, wait_until};
use crate::client::Session;
use crate::control::send_request;

async fn proxied() -> (TestCluster, ClusterProxy, TlsConnector) {
    let cluster = TestCluster::builder().coordinators(1).tls(Tls::On).start().await.unwrap();
    let proxy = ClusterProxy::start(cluster.urls()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(cluster.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (cluster, proxy, TlsConnector::from(Arc::new(config)))
}

async fn connect(proxy: &CoordinatorProxy, tls: &TlsConnector) -> std::io::Result<Session> {
    let stream = TcpStream::connect(proxy.address()).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    Ok(Session::from_io(tls.connect(name, stream).await?).await)
}

#[tokio::test]
async fn requests_pass_under_the_certificate_of_the_coordinator() {
    let (_cluster, proxy, tls) = proxied().await;
    assert!(proxy.coordinator(0).url().starts_with("https://127.0.0.1:"));
    let mut session = connect(proxy.coordinator(0), &tls).await.unwrap();

    assert_eq!(session.get("/_api/version").await.status, 200);

    let exchanges = proxy.journal().exchanges();
    let [connection] = &exchanges[..] else { panic!("{exchanges:?}") };
    assert_eq!((connection.method.as_ref(), connection.path.as_str(), connection.status), (None, "", None));
    assert!(connection.request_bytes > 0 && connection.response_bytes > 0, "{connection:?}");
}

#[tokio::test]
async fn markers_are_not_counted_as_none() {
    let (_cluster, proxy, _) = proxied().await;
    let control = proxy.control().await.unwrap();

    let refused = send_request(&control, http::Method::GET, "/journal/markers?prefix=m", &json!({})).await;

    assert_eq!((refused.0, &refused.1["error"]), (501, &json!("a proxy cannot read markers over TLS")));
}

#[tokio::test]
async fn faults_that_need_http_are_refused_by_name() {
    let (_cluster, proxy, _) = proxied().await;
    for (fault, name) in [
        (Fault::close(Phase::AfterExecution), "close"),
        (Fault::response(503, 503, ""), "response"),
        (Fault::hang().on(Match::get("/_api/version")), "hang"),
    ] {
        let refused = proxy.coordinator(0).inject(fault).unwrap_err();
        assert_eq!(refused.kind(), name);
        assert!(refused.to_string().contains("cannot read requests over TLS"), "{refused}");
    }
}

#[tokio::test]
async fn a_close_ends_the_connection_before_the_coordinator_has_read_the_request() {
    let (cluster, proxy, tls) = proxied().await;
    let mut open = connect(proxy.coordinator(0), &tls).await.unwrap();
    assert_eq!(open.get("/_api/version").await.status, 200);
    let close = proxy.coordinator(0).inject(Fault::close(Phase::BeforeRead).times(1)).unwrap();

    assert!(open.request(http::Method::GET, "/_api/version", "").await.is_err());

    assert_eq!((close.hits(), cluster.journal().entries().len()), (1, 1));
    // The handshake is affected, too.
    let _close = proxy.coordinator(0).inject(Fault::close(Phase::BeforeRead)).unwrap();
    assert!(connect(proxy.coordinator(0), &tls).await.is_err());
}

#[tokio::test]
async fn after_a_hang_the_request_is_executed_and_nothing_comes_back() {
    let (cluster, proxy, tls) = proxied().await;
    let mut session = connect(proxy.coordinator(0), &tls).await.unwrap();
    session.get("/_api/version").await;
    let hang = proxy.coordinator(0).inject(Fault::hang().times(1)).unwrap();
    let before = proxy.journal().exchanges()[0].response_bytes;

    let request = tokio::spawn(async move { session.request(http::Method::GET, "/_api/version", "").await });
    wait_until(|| proxy.journal().exchanges()[0].response_bytes > before).await;
    settle().await;

    assert_eq!((hang.hits(), cluster.journal().executed()), (1, 2));
    assert!(!request.is_finished());
    request.abort();
}

#[tokio::test]
async fn cut_and_garbled_bytes_are_no_response() {
    let (cluster, proxy, tls) = proxied().await;
    for fault in [Fault::truncate(20), Fault::garbage()] {
        let mut session = connect(proxy.coordinator(0), &tls).await.unwrap();
        session.get("/_api/version").await;
        cluster.journal().clear();
        let _fault = proxy.coordinator(0).inject(fault).unwrap();

        assert!(session.request(http::Method::GET, "/_api/version", "").await.is_err());

        assert_eq!(cluster.journal().executed(), 1);
    }
}

#[tokio::test]
async fn latency_delays_what_is_passed_on() {
    let (cluster, proxy, tls) = proxied().await;
    let mut session = connect(proxy.coordinator(0), &tls).await.unwrap();
    session.get("/_api/version").await;
    let slow = proxy.coordinator(0).inject(Fault::latency(Duration::from_secs(3600))).unwrap();

    let request = tokio::spawn(async move { session.request(http::Method::GET, "/_api/version", "").await });
    wait_until(|| slow.hits() > 0).await;
    settle().await;

    assert_eq!(cluster.journal().entries().len(), 1);
    assert!(!request.is_finished());
    request.abort();
}
