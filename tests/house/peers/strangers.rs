//! Hosts that an answer names and that are none of ours: they are not asked, and so see no credentials.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango::{Client, Credentials, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, TestCluster};

use super::{WRITES, Write, everywhere};
use crate::support::{Memory, builder, cluster};

/// Where a stranger could be, as answers write it.
const STRANGERS: [&str; 5] = [
    "http://192.0.2.1:8529/_api/document/books",
    "http://stranger.example:8529",
    "tcp://192.0.2.1:8529",
    "//stranger.example/",
    "http://127.0.0.1:1@stranger.example:8529/",
];

/// A network that notes everything that is asked for and is not the cluster.
#[derive(Clone)]
struct Watched {
    network: Memory,
    cluster: Vec<SocketAddr>,
    strangers: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    fn of(cluster: &TestCluster) -> Self {
        let addresses =
            cluster.coordinators().iter().map(arango_test_cluster::Coordinator::address).collect();
        Self { network: Memory::of(cluster), cluster: addresses, strangers: Arc::default() }
    }

    fn client(&self, cluster: &TestCluster, credentials: Credentials) -> Client {
        builder(cluster).connect(self.clone()).resolve(self.clone()).credentials(credentials).build().unwrap()
    }
}

impl Connect for Watched {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if !self.cluster.contains(&address) {
            self.strangers.lock().unwrap().push(address.to_string());
        }
        self.network.connect(address)
    }
}

impl Resolve for Watched {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.strangers.lock().unwrap().push(name.to_owned());
        Box::pin(async { Err(io::ErrorKind::NotFound.into()) })
    }
}

fn logins(cluster: &TestCluster) -> [Credentials; 2] {
    [Credentials::basic("root", cluster.root_password()), Credentials::jwt("root", cluster.root_password())]
}

/// Otherwise the promises below would mean nothing.
#[tokio::test(start_paused = true)]
async fn a_stranger_that_was_asked_would_be_noticed() {
    for stranger in ["http://192.0.2.1:8529", "http://stranger.example:8529"] {
        let cluster = cluster().await;
        let watched = Watched::of(&cluster);
        let client = builder(&cluster).hosts(stranger).connect(watched.clone()).resolve(watched.clone());
        client.build().unwrap().db("_system").version().await.unwrap_err();
        assert!(!watched.strangers.lock().unwrap().is_empty(), "{stranger}");
    }
}

/// Whoever follows one takes the body along, and the credentials.
#[tokio::test(start_paused = true)]
async fn a_redirect_is_never_followed_and_takes_no_credentials_anywhere() {
    for (status, stranger) in [301, 302, 303, 307, 308].into_iter().zip(STRANGERS) {
        let cluster = cluster().await;
        for credentials in logins(&cluster) {
            for write in WRITES {
                let watched = Watched::of(&cluster);
                let client = watched.client(&cluster, credentials.clone());
                cluster.journal().clear();
                let away = Fault::answer_raw(status, "text/html", "<html>").header("location", stranger);
                let _faults = Write::requests().map(|on| everywhere(&cluster, &away, &on));
                let error = write.by(&client).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedRedirect, "{}", error.report());
                let outcome = if status < 304 { Outcome::Unknown } else { Outcome::NotExecuted };
                assert_eq!((error.outcome(), error.attempts().len()), (outcome, 1));
                assert_eq!(
                    (watched.strangers.lock().unwrap().len(), cluster.journal().executions("m")),
                    (0, 0)
                );
            }
        }
    }
}

/// arangojs sends its credentials to whomever a 503 names, as often as it is told to.
#[tokio::test(start_paused = true)]
async fn a_leader_that_is_not_one_of_ours_is_never_asked() {
    for stranger in STRANGERS {
        for number in [1495, 1496, 503] {
            let cluster = cluster().await;
            for credentials in logins(&cluster) {
                for write in WRITES {
                    let watched = Watched::of(&cluster);
                    let client = watched.client(&cluster, credentials.clone());
                    cluster.journal().clear();
                    let away =
                        Fault::answer(503, number, "ask another").header("x-arango-endpoint", stranger);
                    let faults =
                        Write::requests().map(|on| everywhere(&cluster, &away.clone().times(1), &on));
                    // One word of each coordinator, and then the one that spoke first has none left.
                    write.by(&client).await.unwrap();
                    assert!(super::hits(&faults[0]) + super::hits(&faults[1]) == 3, "{stranger}");
                    assert_eq!(watched.strangers.lock().unwrap().as_slice(), [""; 0]);
                    assert_eq!(cluster.journal().executions("m"), 1);
                }
            }
        }
    }
}

/// A login is a request like any other; its answer leads nobody astray either, password in hand.
#[tokio::test(start_paused = true)]
async fn a_login_that_is_redirected_takes_the_password_nowhere() {
    for stranger in STRANGERS {
        let cluster = cluster().await;
        let watched = Watched::of(&cluster);
        let client = watched.client(&cluster, Credentials::jwt("root", cluster.root_password()));
        let away = Fault::answer_raw(307, "text/html", "<html>").header("location", stranger);
        let _faults = everywhere(&cluster, &away, &Match::post("/_open/auth"));
        let error = Write::Query.by(&client).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotExecuted, "{}", error.report());
        assert_eq!(watched.strangers.lock().unwrap().as_slice(), [""; 0]);
        assert_eq!(cluster.journal().received("m"), 0);
    }
}
