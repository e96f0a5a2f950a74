//! Unknown hosts named in a response are never contacted and receive no credentials.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango::{Client, Credentials, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, TestCluster};

use super::{WRITES, Write, inject_everywhere};
use crate::support::{InMemoryConnector, builder, cluster};

/// Addresses of unknown hosts in the forms used in responses.
const UNTRUSTED_HOSTS: [&str; 5] = [
    "http://192.0.2.1:8529/_api/document/books",
    "http://untrusted.example:8529",
    "tcp://192.0.2.1:8529",
    "//untrusted.example/",
    "http://127.0.0.1:1@untrusted.example:8529/",
];

/// A network that records every contacted address and name outside the cluster.
#[derive(Clone)]
struct RecordingNetwork {
    network: InMemoryConnector,
    cluster: Vec<SocketAddr>,
    contacted_hosts: Arc<Mutex<Vec<String>>>,
}

impl RecordingNetwork {
    fn new(cluster: &TestCluster) -> Self {
        let addresses =
            cluster.coordinators().iter().map(arango_test_cluster::Coordinator::address).collect();
        Self { network: InMemoryConnector::new(cluster), cluster: addresses, contacted_hosts: Arc::default() }
    }

    fn client(&self, cluster: &TestCluster, credentials: Credentials) -> Client {
        builder(cluster).connect(self.clone()).resolve(self.clone()).credentials(credentials).build().unwrap()
    }
}

impl Connect for RecordingNetwork {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if !self.cluster.contains(&address) {
            self.contacted_hosts.lock().unwrap().push(address.to_string());
        }
        self.network.connect(address)
    }
}

impl Resolve for RecordingNetwork {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.contacted_hosts.lock().unwrap().push(name.to_owned());
        Box::pin(async { Err(io::ErrorKind::NotFound.into()) })
    }
}

fn logins(cluster: &TestCluster) -> [Credentials; 2] {
    [Credentials::basic("root", cluster.root_password()), Credentials::jwt("root", cluster.root_password())]
}

/// Verifies the recording on which the tests below rely.
#[tokio::test(start_paused = true)]
async fn contacted_untrusted_hosts_are_recorded() {
    for untrusted in ["http://192.0.2.1:8529", "http://untrusted.example:8529"] {
        let cluster = cluster().await;
        let network = RecordingNetwork::new(&cluster);
        let client = builder(&cluster).hosts(untrusted).connect(network.clone()).resolve(network.clone());
        client.build().unwrap().db("_system").version().await.unwrap_err();
        assert!(!network.contacted_hosts.lock().unwrap().is_empty(), "{untrusted}");
    }
}

/// A client that follows a redirect sends body and credentials to the target.
#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed_and_leaks_no_credentials() {
    for (status, untrusted) in [301, 302, 303, 307, 308].into_iter().zip(UNTRUSTED_HOSTS) {
        let cluster = cluster().await;
        for credentials in logins(&cluster) {
            for write in WRITES {
                let network = RecordingNetwork::new(&cluster);
                let client = network.client(&cluster, credentials.clone());
                cluster.journal().clear();
                let hint = Fault::raw_response(status, "text/html", "<html>").header("location", untrusted);
                let _faults = Write::requests().map(|on| inject_everywhere(&cluster, &hint, &on));
                let error = write.execute_with(&client).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedRedirect, "{}", error.report());
                let outcome = if status < 304 { Outcome::Unknown } else { Outcome::NotExecuted };
                assert_eq!((error.outcome(), error.attempts().len()), (outcome, 1));
                assert_eq!(
                    (network.contacted_hosts.lock().unwrap().len(), cluster.journal().executions("m")),
                    (0, 0)
                );
            }
        }
    }
}

/// arangojs sends its credentials to any host named in a 503, each time.
#[tokio::test(start_paused = true)]
async fn a_leader_hint_to_an_unknown_host_is_ignored() {
    for untrusted in UNTRUSTED_HOSTS {
        for number in [1495, 1496, 503] {
            let cluster = cluster().await;
            for credentials in logins(&cluster) {
                for write in WRITES {
                    let network = RecordingNetwork::new(&cluster);
                    let client = network.client(&cluster, credentials.clone());
                    cluster.journal().clear();
                    let hint = Fault::response(503, number, "use another endpoint")
                        .header("x-arango-endpoint", untrusted);
                    let faults =
                        Write::requests().map(|on| inject_everywhere(&cluster, &hint.clone().times(1), &on));
                    // Each coordinator returns the hint once. Then the first one executes the write.
                    write.execute_with(&client).await.unwrap();
                    assert!(super::hits(&faults[0]) + super::hits(&faults[1]) == 3, "{untrusted}");
                    assert_eq!(network.contacted_hosts.lock().unwrap().as_slice(), [""; 0]);
                    assert_eq!(cluster.journal().executions("m"), 1);
                }
            }
        }
    }
}

/// Redirects of a login are not followed either. The password is not sent elsewhere.
#[tokio::test(start_paused = true)]
async fn a_redirected_login_leaks_no_password() {
    for untrusted in UNTRUSTED_HOSTS {
        let cluster = cluster().await;
        let network = RecordingNetwork::new(&cluster);
        let client = network.client(&cluster, Credentials::jwt("root", cluster.root_password()));
        let hint = Fault::raw_response(307, "text/html", "<html>").header("location", untrusted);
        let _faults = inject_everywhere(&cluster, &hint, &Match::post("/_open/auth"));
        let error = Write::Query.execute_with(&client).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotExecuted, "{}", error.report());
        assert_eq!(network.contacted_hosts.lock().unwrap().as_slice(), [""; 0]);
        assert_eq!(cluster.journal().received("m"), 0);
    }
}
