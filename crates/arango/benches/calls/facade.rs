//! The measured client, used as a program would use it.

use arango::{Client, Database, Tls};

use crate::client::Task;
use crate::endpoint::Endpoint;
use crate::protocol::Protocol;

pub(crate) struct Facade(Database);

impl Facade {
    pub(crate) fn new(task: &Task) -> anyhow::Result<Self> {
        let urls = |scheme| -> Vec<String> {
            task.addresses.iter().map(|address| format!("{scheme}://{address}")).collect()
        };
        let builder = Client::builder().basic_auth("root", "passwd");
        let builder = match task.protocol {
            Protocol::Plain => builder.hosts(urls("http")),
            Protocol::Tls => {
                let tls =
                    Tls::new().ca_pem(task.authority.clone().unwrap_or_default()).given_authorities_only();
                builder.hosts(urls("https")).tls(tls)
            }
            #[cfg(feature = "http2")]
            Protocol::Http2 => builder.hosts(urls("http")).http2(arango::Http2::PriorKnowledge),
        };
        Ok(Self(builder.build()?.db("_system")))
    }

    /// Sends one call; returns the length of the version or the number of servers.
    pub(crate) async fn call(&self, endpoint: Endpoint) -> anyhow::Result<usize> {
        Ok(match endpoint {
            Endpoint::Version => self.0.version().await?.version.map_or(0, |version| version.len()),
            Endpoint::Health => self.0.cluster().health().await?.servers().len(),
        })
    }
}
