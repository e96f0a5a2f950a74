//! The cluster that the environment describes.

use std::env;
use std::ops::Deref;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arango::long_running::PollOptions;
use arango::{Client, ClientBuilder, Database, HostList, Tls};

use crate::control::Control;

/// Time limit for whatever is waited for; real servers need seconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Where the cluster is, and how to log in.
pub(crate) struct ClusterUnderTest {
    pub(crate) endpoints: Vec<String>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) jwt_secret: Option<String>,
    /// Its control address, or that of proxies in front of it.
    pub(crate) control: Option<Control>,
    token: Option<String>,
    ca_file: Option<String>,
    /// Others may be disturbed: the cluster was started for the tests, or a person has consented. That there is a control
    /// address does not say so, since it may be that of proxies.
    may_disturb: bool,
    is_discovery_off: bool,
}

impl ClusterUnderTest {
    /// Reads the variables.
    pub(crate) fn from_env() -> Self {
        let variable = |name| env::var(name).ok();
        let endpoints = variable("ARANGO_ENDPOINTS");
        let endpoints = endpoints.expect("ARANGO_ENDPOINTS is set by `cargo xtask integration`");
        let password = variable("ARANGO_PASSWORD").or_else(|| variable("ARANGO_ROOT_PASSWORD"));
        let control = variable("ARANGO_TEST_CONTROL").map(|url| Control::new(&url));
        let is_external = variable("ARANGO_TEST_BACKEND").as_deref() == Some("external");
        // Otherwise all tests that kill a server would pass without doing so.
        assert!(
            control.is_some() || is_external,
            "ARANGO_TEST_CONTROL is missing: only clusters of the back end `external` may lack a control address"
        );
        Self {
            may_disturb: variable("ARANGO_TEST_ALLOW_DESTRUCTIVE").is_some() || !is_external,
            endpoints: endpoints.split(',').map(str::to_owned).collect(),
            user: variable("ARANGO_USER").unwrap_or_else(|| "root".to_owned()),
            password: password.unwrap_or_default(),
            jwt_secret: variable("ARANGO_JWT_SECRET"),
            control,
            token: variable("ARANGO_TOKEN"),
            ca_file: variable("ARANGO_CA_FILE"),
            is_discovery_off: variable("ARANGO_TEST_DISCOVERY").as_deref() == Some("off"),
        }
    }

    /// A builder for a client without credentials.
    pub(crate) fn builder(&self, hosts: impl Into<HostList>) -> ClientBuilder {
        let builder = Client::builder().hosts(hosts);
        match &self.ca_file {
            Some(authority) => builder.tls(Tls::new().ca_file(authority)),
            None => builder,
        }
    }

    /// A builder for a client with the credentials of the environment.
    pub(crate) fn authorized(&self, hosts: impl Into<HostList>) -> ClientBuilder {
        let builder = self.builder(hosts);
        match &self.token {
            Some(token) => builder.credentials(arango::Credentials::token(token).unwrap()),
            None => builder.basic_auth(&self.user, &self.password),
        }
    }

    /// A client of all coordinators.
    pub(crate) fn client(&self) -> Client {
        self.authorized(&*self.endpoints).build().unwrap()
    }

    /// Returns whether others may be disturbed; if not it prints that the rest of a test is skipped.
    pub(crate) fn disturb_or_skip(&self) -> bool {
        if !self.may_disturb {
            anstream::eprintln!("skipped: it would disturb others, and there is no --allow-destructive");
        }
        self.may_disturb
    }

    /// Returns the control address; without one it prints that the rest of a test is skipped.
    pub(crate) fn control_or_skip(&self) -> Option<&Control> {
        if self.control.is_none() {
            anstream::eprintln!("skipped: it kills a server, and there is no control address");
        }
        self.control.as_ref()
    }

    /// Returns the control address and the index of a coordinator that may be killed; without, it prints why not.
    pub(crate) fn victim_or_skip(&self) -> Option<(&Control, usize)> {
        let control = self.control_or_skip()?;
        let last = self.endpoints.len() - 1;
        if last == 0 {
            anstream::eprintln!("skipped: a single coordinator has no other one to fail over to");
            return None;
        }
        Some((control, last))
    }

    /// Returns whether the coordinators list addresses that can be used; if not, it prints that a test is skipped.
    pub(crate) fn is_discoverable_or_skip(&self) -> bool {
        if self.is_discovery_off {
            anstream::eprintln!("skipped: the coordinators do not list the addresses of their proxies");
        }
        !self.is_discovery_off
    }
}

/// A name that no other run has used: the cluster may hold what belongs to others. It contains the run, by which
/// `cargo xtask integration` finds what a failed test has left over.
pub(crate) fn unique_name(name: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let run = env::var("ARANGO_TEST_RUN").unwrap_or_else(|_| "run".to_owned());
    format!("arango_test_{name}_{run}_{:x}", since.as_micros())
}

/// A database of one test. The test drops it; after a failure it stays.
pub(crate) struct NewDatabase {
    name: String,
    database: Database,
}

impl NewDatabase {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Deref for NewDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// Creates a database that all coordinators know. Its name begins with `arango_test_`.
pub(crate) async fn new_database(client: &Client, name: &str) -> NewDatabase {
    let name = unique_name(name);
    let database = client.create_database(&name).await.unwrap();
    database.wait_until_propagated(patient()).await.unwrap();
    NewDatabase { name, database }
}

/// Options for what real servers need seconds for.
pub(crate) fn patient() -> PollOptions {
    PollOptions::default().timeout(LIMIT)
}
