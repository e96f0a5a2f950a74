//! A tour of cluster administration, step by step.
//!
//! ```text
//! cargo xtask demo                                        # starts a cluster and takes the tour
//! ARANGO_ENDPOINTS=http://one:8529,http://two:8529 ARANGO_ROOT_PASSWORD=… \
//!     cargo run --example cluster_tour                    # takes the tour on an existing cluster
//! ```
//!
//! If a certificate authority is given (`ARANGO_CA_FILE`), it logs in for a token, and with the feature `http2` it
//! uses HTTP/2 if the coordinators do; `cargo xtask demo --tls` does so.
//!
//! The last steps kill coordinators, so they need a control address (`ARANGO_TEST_CONTROL`), which only a test
//! cluster has; without it nothing is killed, and the last step is skipped. The tour moves shards, switches maintenance on
//! and off, creates the collections `tour_library` and `tour_books`, and creates and drops the database `tour_bank`; it exits with 0 only if every step had the expected result.

mod administration;
mod bank;
mod control;
mod documents;
mod failover;
mod health;
mod load_balancing;
mod maintenance;
mod operations;
mod queries;
mod rebalance;
mod terminal;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use arango::{Client, HostList, Tls};

use crate::control::Control;
use crate::terminal::TourOutput;

/// The coordinators of the cluster and the credentials.
struct Environment {
    endpoints: Vec<String>,
    password: String,
    /// The file with the authority of the coordinators' certificates.
    ca_file: Option<String>,
    control: Option<String>,
}

impl Environment {
    fn from_env() -> Result<Self> {
        let endpoints = std::env::var("ARANGO_ENDPOINTS").context(
            "ARANGO_ENDPOINTS is not set: set it to the comma-separated coordinators, or run `cargo xtask demo`",
        )?;
        Ok(Self {
            endpoints: endpoints.split(',').map(str::to_owned).collect(),
            password: std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default(),
            ca_file: std::env::var("ARANGO_CA_FILE").ok(),
            control: std::env::var("ARANGO_TEST_CONTROL").ok(),
        })
    }

    /// Returns a builder for a client of all coordinators.
    fn client(&self) -> arango::ClientBuilder {
        self.client_for(&*self.endpoints)
    }

    fn client_for(&self, hosts: impl Into<HostList>) -> arango::ClientBuilder {
        let builder = Client::builder().hosts(hosts);
        let Some(authority) = &self.ca_file else {
            return builder.basic_auth("root", &self.password);
        };
        let builder = builder.tls(Tls::new().ca_file(authority)).jwt_auth("root", &self.password);
        #[cfg(feature = "http2")]
        let builder = builder.http2(arango::Http2::Negotiated);
        builder
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut output = TourOutput::default();
    match tour(&mut output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("\ntour: failed in step {}: {error:?}", output.steps());
            ExitCode::FAILURE
        }
    }
}

async fn tour(output: &mut TourOutput) -> Result<()> {
    let environment = Environment::from_env()?;

    output.step("Connect: with a list of hosts, and with one string");
    let client = environment.client().build()?;
    let by_list = client.db("_system").version().await?;
    output.entry("a list", &format!("{:?}", environment.endpoints));
    let string = environment.endpoints.join(",");
    let by_string = environment.client_for(&*string).build()?.db("_system").version().await?;
    output.entry("one string", &format!("{string:?}"));
    ensure!(by_list == by_string, "the two clients see different servers");
    let version = by_list.version.unwrap_or_default();
    output.entry("both reach", &format!("ArangoDB {version} ({})", by_list.license));

    load_balancing::round_robin(output, &environment).await?;
    load_balancing::random(output, &environment).await?;
    administration::servers(output, &client, &version).await?;
    health::show(output, &client).await?;
    maintenance::toggle(output, &client).await?;
    rebalance::run(output, &client).await?;

    let control = environment.control.as_deref().map(Control::new).transpose()?;
    let documents = documents::write(output, &client, control.as_ref()).await?;
    let rows = queries::stream(output, &client, control.as_ref()).await?;
    let bank = bank::move_money(output, &environment, &client, control.as_ref()).await?;

    let mut summaries = vec![documents, rows, bank];
    if let Some(control) = &control {
        let (safe, writes) = failover::under_load(output, &environment, control).await?;
        summaries.extend([safe, writes]);
    } else {
        let reason = "ARANGO_TEST_CONTROL is not set, and this may be a real cluster";
        summaries.push(format!("nothing was killed: {reason}"));
    }
    output.finish(&summaries);
    Ok(())
}
