//! The cluster that the environment describes.

use std::env;
use std::time::Duration;

use arango::data::Password;
use arango::long_running::PollOptions;
use arango::{Client, ClientBuilder, Database, ErrorKind, HostList, Tls};

use crate::control::Control;

/// Time limit for whatever is waited for; real servers need seconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Where the cluster is, and how to log in.
pub(crate) struct ClusterUnderTest {
    pub(crate) endpoints: Vec<String>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) jwt_secret: Option<String>,
    /// Its control address. Without one it belongs to others.
    pub(crate) control: Option<Control>,
    token: Option<String>,
    ca_file: Option<String>,
}

impl ClusterUnderTest {
    /// Reads the variables.
    pub(crate) fn from_env() -> Self {
        let variable = |name| env::var(name).ok();
        let endpoints = variable("ARANGO_ENDPOINTS");
        let endpoints = endpoints.expect("ARANGO_ENDPOINTS is set by `cargo xtask integration`");
        let password = variable("ARANGO_PASSWORD").or_else(|| variable("ARANGO_ROOT_PASSWORD"));
        Self {
            endpoints: endpoints.split(',').map(str::to_owned).collect(),
            user: variable("ARANGO_USER").unwrap_or_else(|| "root".to_owned()),
            password: password.unwrap_or_default(),
            jwt_secret: variable("ARANGO_JWT_SECRET"),
            control: variable("ARANGO_TEST_CONTROL").map(|url| Control::new(&url)),
            token: variable("ARANGO_TOKEN"),
            ca_file: variable("ARANGO_CA_FILE"),
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

    /// Returns the control address; without one it prints that the rest of a test is skipped.
    pub(crate) fn control_or_skip(&self) -> Option<&Control> {
        if self.control.is_none() {
            anstream::eprintln!("skipped: it would disturb others, since there is no control address");
        }
        self.control.as_ref()
    }
}

/// Creates a database that all coordinators know, in place of one that an earlier run has left.
pub(crate) async fn new_database(client: &Client, name: &str) -> Database {
    drop_database(client, name).await;
    let database = client.create_database(name).await.unwrap();
    database.wait_until_propagated(patient()).await.unwrap();
    database
}

/// Drops a database, if there is one.
pub(crate) async fn drop_database(client: &Client, name: &str) {
    match client.drop_database(name).await {
        Err(error) if error.kind() != ErrorKind::DatabaseUnknown => panic_with(&error),
        _ => {}
    }
}

/// Creates a user, in place of one that an earlier run has left.
pub(crate) async fn new_user(client: &Client, name: &str, password: &str) {
    drop(client.users().remove(name).await);
    client.users().create(name, &Password::new(password)).await.unwrap();
}

/// Options for what real servers need seconds for.
pub(crate) fn patient() -> PollOptions {
    PollOptions::default().timeout(LIMIT)
}

#[expect(clippy::panic, reason = "a test that cannot go on fails")]
fn panic_with(error: &arango::Error) {
    panic!("{error}");
}
