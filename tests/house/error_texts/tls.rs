//! Handshakes that come to nothing.

use arango::TlsVersion;
use arango_test_cluster::{Handshake, Tls};

use super::{Page, read, write};
use crate::support::{builder, cluster_of, cluster_with};

pub(super) async fn situations(page: &mut Page) {
    page.section("TLS");
    let of_one = |tls| cluster_with(move |how| how.coordinators(1).tls(tls));
    for (situation, how) in [
        ("The certificate has expired", Handshake::Expired),
        ("The certificate is signed by an unknown authority", Handshake::Untrusted),
        ("The certificate is for another name", Handshake::WrongName),
        ("The other end closes during the handshake", Handshake::Close),
        ("The other end says nothing during the handshake", Handshake::Hang),
    ] {
        let cluster = of_one(Tls::On).await;
        let _spoilt = cluster.coordinator(0).spoil_handshakes(how);
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
    page.error("https:// is written, and the host speaks http", &read(&client).await);
    let secure = of_one(Tls::On).await;
    let client = builder(&secure).hosts(secure.urls()[0].replace("https:", "http:")).build().unwrap();
    page.error("http:// is written, and the host speaks TLS", &write(&client).await);
}
