//! The client under measurement, used as a program would use it.

use arango::{Client, Database, Tls};

use crate::answers::Question;
use crate::client::Task;
use crate::way::Way;

pub(crate) struct Facade(Database);

impl Facade {
    pub(crate) fn new(task: &Task) -> anyhow::Result<Self> {
        let address = task.address;
        let builder = Client::builder().basic_auth("root", "passwd");
        let builder = match task.way {
            Way::Plain => builder.hosts(format!("http://{address}")),
            Way::Tls => {
                let tls =
                    Tls::new().ca_pem(task.authority.clone().unwrap_or_default()).given_authorities_only();
                builder.hosts(format!("https://{address}")).tls(tls)
            }
            #[cfg(feature = "http2")]
            Way::Http2 => builder.hosts(format!("http://{address}")).http2(arango::Http2::PriorKnowledge),
        };
        Ok(Self(builder.build()?.db("_system")))
    }

    /// Calls once; how long the version is, or how many servers there are.
    pub(crate) async fn call(&self, question: Question) -> anyhow::Result<usize> {
        Ok(match question {
            Question::Version => self.0.version().await?.version.map_or(0, |version| version.len()),
            Question::Health => self.0.cluster().health().await?.servers().len(),
        })
    }
}
