//! Embedded clusters for people and programs outside this process.

mod cluster_info;
mod environment;
mod flags;
mod run;
mod table;
mod token;
mod up;

use arango_test_cluster::{Control, TestCluster};
use tempfile::NamedTempFile;

pub(crate) use self::cluster_info::ClusterInfo;
pub(crate) use self::environment::environment;
pub(crate) use self::flags::Flags;
pub(crate) use self::run::run;
pub(crate) use self::token::token;
pub(crate) use self::up::up;

/// A cluster with its control listener; both stop when it is dropped.
#[derive(Debug)]
pub(crate) struct RunningCluster {
    cluster: TestCluster,
    control: Control,
    /// Certificate of its authority, if it uses TLS. The file is deleted on drop.
    authority: Option<NamedTempFile>,
}

impl RunningCluster {
    /// What programs and people need to reach it.
    pub(crate) fn info(&self) -> ClusterInfo {
        let authority = self.authority.as_ref().map(|file| file.path().display().to_string());
        ClusterInfo::from_cluster(&self.cluster, self.control.url().to_string(), authority)
    }

    /// Prints to stderr which requests are not simulated, so that the error is not looked for elsewhere.
    pub(crate) fn report_unsupported(&self) {
        for thing in self.cluster.unsupported() {
            anstream::eprintln!("not simulated: {thing}");
        }
    }
}
