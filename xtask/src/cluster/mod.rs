//! Embedded clusters for a person or a program outside this process.

mod environment;
mod facts;
mod flags;
mod run;
mod table;
mod token;
mod up;

use arango_test_cluster::{Control, TestCluster};
use tempfile::NamedTempFile;

pub(crate) use self::environment::environment;
pub(crate) use self::facts::Facts;
pub(crate) use self::flags::Flags;
pub(crate) use self::run::run;
pub(crate) use self::token::token;
pub(crate) use self::up::up;

/// A cluster with its control door open; both end when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    cluster: TestCluster,
    control: Control,
    /// The certificate of its authority, if it speaks TLS; the file goes with it.
    authority: Option<NamedTempFile>,
}

impl Running {
    /// What others need to know to reach it.
    pub(crate) fn facts(&self) -> Facts {
        let authority = self.authority.as_ref().map(|file| file.path().display().to_string());
        Facts::of(&self.cluster, self.control.url().to_string(), authority)
    }

    /// Says on stderr what was asked for and is not simulated, so that nobody looks for that error elsewhere.
    pub(crate) fn report_unsupported(&self) {
        for thing in self.cluster.unsupported() {
            anstream::eprintln!("not simulated: {thing}");
        }
    }
}
