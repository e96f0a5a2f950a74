//! Settings that no client can be built with.

use std::time::Duration;

use arango::{Client, ClientBuilder, Credentials, Limits, LoadBalancing, Tls};
use arango_test_cluster::{TestCluster, Tls as Speaks};

use super::Page;
use crate::support::cluster_with_tls;

fn refused(builder: ClientBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Settings");
    let hosts = |hosts: &str| refused(Client::builder().hosts(hosts));
    page.line("No host is given", &refused(Client::builder().hosts(Vec::<String>::new())));
    page.line("A host without a scheme", &hosts("localhost:8529"));
    page.line(
        "Several hosts that cannot be used",
        &hosts("http://root:s3cret@one.example,http://two.example/_db/shop,vst://three.example,http://four.example:99999"),
    );

    let one = || Client::builder().hosts("http://one.example:8529");
    page.line("A limit of zero", &refused(one().limits(Limits::default().attempt(Duration::ZERO))));
    let preferring = LoadBalancing::preferred("zone-a");
    page.line("A zone is preferred, and no coordinator has one", &refused(one().load_balancing(preferring)));
    page.line("An unknown strategy", &"round-robin!".parse::<LoadBalancing>().unwrap_err());
    page.line("A token with a line break", &Credentials::token("s3cret\n").unwrap_err());

    let cluster = cluster_with_tls(Speaks::On).await;
    let identity = cluster.client_identity().unwrap();
    // Those in memory share one identity; on sockets each cluster has its own.
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
        ("A file of authorities that is not there", Tls::new().ca_file(directory.path().join("ca.pem"))),
        ("A key where a certificate should be", Tls::new().ca_file(file("key.pem", &identity.key))),
        ("A certificate that is cut off", Tls::new().ca_file(file("cut.pem", &identity.certificate[..100]))),
        ("Authorities that are not PEM", Tls::new().ca_pem("no certificate")),
        ("Only given authorities, and none given", Tls::new().given_authorities_only()),
        ("A file of a key without one", own().identity_files(&certificate, file("empty.pem", ""))),
        ("An encrypted key", own().identity_files(&certificate, file("encrypted.pem", encrypted))),
        ("The key of another certificate", own().identity_files(&certificate, file("other.pem", &other_key))),
        ("A server name that is none", own().server_name("not a name")),
    ] {
        let text = refused(Client::builder().hosts("https://one.example:8529").tls(tls));
        page.line(situation, &text.replace(&folder, "/etc/arango"));
    }
}
