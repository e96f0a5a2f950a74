//! A tour of a cluster: everything the client can do there, step by step.
//!
//! ```text
//! cargo xtask demo                                        # starts a cluster and takes the tour
//! ARANGO_ENDPOINTS=http://one:8529,http://two:8529 ARANGO_ROOT_PASSWORD=… \
//!     cargo run --example cluster_tour                    # takes it on a cluster of one's own
//! ```
//!
//! Where an authority is given (`ARANGO_CA_FILE`) it logs in for a token, and with the feature `http2` it speaks that if
//! the coordinators do; `cargo xtask demo --tls` takes it so.
//!
//! The last step kills a coordinator, so it is taken only where a control address is given
//! (`ARANGO_TEST_CONTROL`), which only a cluster made for tests has. The tour moves shards and switches
//! maintenance on and off; it ends with 0 only if every step was as it should be.

mod administration;
mod books;
mod control;
mod health;
mod kill;
mod maintenance;
mod rebalance;
mod spread;
mod terminal;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use arango::{Client, HostList, Tls};

use crate::control::Control;
use crate::terminal::Guide;

/// Where the cluster is and how to log in there.
struct Place {
    endpoints: Vec<String>,
    password: String,
    /// The file with the authority that the coordinators' certificates are of.
    authority: Option<String>,
    control: Option<String>,
}

impl Place {
    fn from_environment() -> Result<Self> {
        let endpoints = std::env::var("ARANGO_ENDPOINTS").context(
            "ARANGO_ENDPOINTS is not set: name the coordinators, with commas between them, or run `cargo xtask demo`",
        )?;
        Ok(Self {
            endpoints: endpoints.split(',').map(str::to_owned).collect(),
            password: std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default(),
            authority: std::env::var("ARANGO_CA_FILE").ok(),
            control: std::env::var("ARANGO_TEST_CONTROL").ok(),
        })
    }

    /// A client of all coordinators, to be refined.
    fn client(&self) -> arango::ClientBuilder {
        self.client_of(&*self.endpoints)
    }

    fn client_of(&self, hosts: impl Into<HostList>) -> arango::ClientBuilder {
        let builder = Client::builder().hosts(hosts);
        let Some(authority) = &self.authority else {
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
    let mut guide = Guide::default();
    match tour(&mut guide).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("\ntour: failed in step {}: {error:?}", guide.steps());
            ExitCode::FAILURE
        }
    }
}

async fn tour(guide: &mut Guide) -> Result<()> {
    let place = Place::from_environment()?;

    guide.step("Connect: with a list of hosts, and with one string");
    let client = place.client().build()?;
    let by_list = client.db("_system").version().await?;
    guide.fact("a list", &format!("{:?}", place.endpoints));
    let string = place.endpoints.join(",");
    let by_string = place.client_of(&*string).build()?.db("_system").version().await?;
    guide.fact("one string", &format!("{string:?}"));
    ensure!(by_list == by_string, "the two clients see different servers");
    let version = by_list.version.unwrap_or_default();
    guide.fact("both reach", &format!("ArangoDB {version} ({})", by_list.license));

    spread::round_robin(guide, &place).await?;
    spread::random(guide, &place).await?;
    administration::servers(guide, &client, &version).await?;
    health::of_every_server(guide, &client).await?;
    maintenance::on_and_off(guide, &client).await?;
    rebalance::to_its_end(guide, &client).await?;

    match &place.control {
        Some(url) => {
            let control = Control::new(url)?;
            let (safe, writes) = kill::under_load(guide, &place, &control).await?;
            guide.done(&format!("; {safe}; {writes}"));
        }
        None => guide.done(
            "; the loss of a coordinator under load is left out: ARANGO_TEST_CONTROL is not set, and this may be a real cluster",
        ),
    }
    Ok(())
}
