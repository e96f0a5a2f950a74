//! Errors for failed TLS handshakes.

use arango::TlsVersion;
use arango_test_cluster::{Fault, HandshakeFault, Tls};

use super::{Page, on_writes, read, write};
use crate::support::{builder, cluster_of, cluster_with};

pub(super) async fn situations(page: &mut Page) {
    page.section("TLS");
    let of_one = |tls| cluster_with(move |cluster| cluster.coordinators(1).tls(tls));
    for (situation, fault) in [
        ("The certificate has expired", HandshakeFault::Expired),
        ("The certificate is signed by an unknown authority", HandshakeFault::Untrusted),
        ("The certificate is for another name", HandshakeFault::WrongName),
        ("The other end closes during the handshake", HandshakeFault::Close),
        ("The other end is silent during the handshake", HandshakeFault::Hang),
    ] {
        let cluster = of_one(Tls::On).await;
        let _fault = cluster.coordinator(0).fail_handshakes(fault);
        page.error(situation, &read(&builder(&cluster).build().unwrap()).await);
    }

    for (name, version) in [("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)] {
        let cluster = of_one(Tls::Mutual).await;
        let tls = arango::Tls::new().ca_pem(cluster.ca_pem().unwrap()).given_authorities_only();
        let tls = if version == TlsVersion::Tls12 { tls } else { tls.minimum_version(version) };
        let client = builder(&cluster).tls(tls).build().unwrap();
        page.error(&format!("A client certificate is missing, TLS {name} or later"), &write(&client).await);
    }

    let plain = cluster_of(1).await;
    let client = builder(&plain).hosts(plain.urls()[0].replace("http:", "https:")).build().unwrap();
    page.error("An https:// address, but the host uses plain HTTP", &read(&client).await);
    let secure = of_one(Tls::On).await;
    let garbage = on_writes(&secure, Fault::garbage());
    page.error("The response within TLS is not HTTP", &write(&builder(&secure).build().unwrap()).await);
    drop(garbage);
    let client = builder(&secure).hosts(secure.urls()[0].replace("https:", "http:")).build().unwrap();
    page.error("An http:// address, but the host uses TLS", &write(&client).await);
}
