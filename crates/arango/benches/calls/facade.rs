//! The client under measurement, used as a program would use it.

use std::net::SocketAddr;

use arango::{Client, Database};

use crate::answers::Question;

pub(crate) struct Facade(Database);

impl Facade {
    pub(crate) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let client =
            Client::builder().hosts(format!("http://{address}")).basic_auth("root", "passwd").build()?;
        Ok(Self(client.db("_system")))
    }

    /// Calls once; how long the version is, or how many servers there are.
    pub(crate) async fn call(&self, question: Question) -> anyhow::Result<usize> {
        Ok(match question {
            Question::Version => self.0.version().await?.version.map_or(0, |version| version.len()),
            Question::Health => self.0.cluster().health().await?.servers().len(),
        })
    }
}
