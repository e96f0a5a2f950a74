//! Errors for settings with which no client can be built.

use std::time::Duration;

use arango::{Client, ClientBuilder, Credentials, Limits, LoadBalancing, Tls};
use arango_test_cluster::{TestCluster, Tls as Speaks};

use super::Page;
use crate::support::cluster_with_tls;

fn build_error(builder: ClientBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Settings");
    let hosts = |hosts: &str| build_error(Client::builder().hosts(hosts));
    page.line("No host is given", &build_error(Client::builder().hosts(Vec::<String>::new())));
    page.line("A host without a scheme", &hosts("localhost:8529"));
    page.line(
        "Several hosts that cannot be used",
        &hosts("http://root:s3cret@one.example,http://two.example/_db/shop,vst://three.example,http://four.example:99999"),
    );

    let one = || Client::builder().hosts("http://one.example:8529");
    page.line("A limit of zero", &build_error(one().limits(Limits::default().attempt(Duration::ZERO))));
    let preferred = LoadBalancing::preferred("zone-a");
    page.line(
        "A preferred zone, but no coordinator has a zone",
        &build_error(one().load_balancing(preferred)),
    );
    page.line("An unknown strategy", &"round-robin!".parse::<LoadBalancing>().unwrap_err());
    page.line("A token with a line break", &Credentials::token("s3cret\n").unwrap_err());

    let cluster = cluster_with_tls(Speaks::On).await;
    let identity = cluster.client_identity().unwrap();
    // In-memory clusters share one identity; each cluster on sockets has its own.
    let other = TestCluster::builder().tls(Speaks::On).start().await.unwrap();
    let other_key = other.client_identity().unwrap().key.clone();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let certificate = file("client.pem", &identity.certificate);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let own = || Tls::new().ca_pem(cluster.ca_pem().unwrap()).given_authorities_only();
    let folder = directory.path().display().to_string();
    for (situation, tls) in [
        ("A file of authorities that does not exist", Tls::new().ca_file(directory.path().join("ca.pem"))),
        ("A key instead of a certificate", Tls::new().ca_file(file("key.pem", &identity.key))),
        ("A truncated certificate", Tls::new().ca_file(file("cut.pem", &identity.certificate[..100]))),
        ("Authorities that are not PEM", Tls::new().ca_pem("no certificate")),
        ("Given authorities only, without any", Tls::new().given_authorities_only()),
        ("A key file without a key", own().identity_files(&certificate, file("empty.pem", ""))),
        ("An encrypted key", own().identity_files(&certificate, file("encrypted.pem", encrypted))),
        ("The key of another certificate", own().identity_files(&certificate, file("other.pem", &other_key))),
        ("An invalid server name", own().server_name("not a name")),
    ] {
        let text = build_error(Client::builder().hosts("https://one.example:8529").tls(tls));
        page.line(situation, &text.replace(&folder, "/etc/arango"));
    }
}
