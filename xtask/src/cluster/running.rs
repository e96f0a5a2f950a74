//! A running cluster, whichever back end it has.

use std::convert::Infallible;
use std::future::pending;

use anyhow::Result;

use super::cluster_info::ClusterInfo;
use super::directory::{self, ClusterDirectory};
use super::embedded::Embedded;
use super::environment::environment;
use super::external::External;
#[cfg(unix)]
use super::real::RealCluster;
use crate::interruption::Interruptions;

/// A cluster and its directory. On drop, everything that was started for it ends.
#[derive(Debug)]
pub(crate) struct RunningCluster {
    // Before the directory, in which servers keep their files.
    servers: Servers,
    directory: ClusterDirectory,
}

/// The servers, by who has started them.
#[derive(Debug)]
pub(crate) enum Servers {
    Embedded(Box<Embedded>),
    External(Box<External>),
    #[cfg(unix)]
    Real(Box<RealCluster>),
}

impl RunningCluster {
    pub(crate) fn new(servers: Servers, directory: ClusterDirectory) -> Self {
        Self { servers, directory }
    }

    /// What programs and people need to reach it.
    pub(crate) fn info(&self) -> &ClusterInfo {
        match &self.servers {
            Servers::Embedded(embedded) => embedded.info(),
            Servers::External(external) => external.info(),
            #[cfg(unix)]
            Servers::Real(real) => real.info(),
        }
    }

    /// The variables for a program that uses the cluster. One of them lets a later command find what it has left over.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let label = (directory::VARIABLE, self.directory.path().display().to_string());
        environment(self.info()).into_iter().chain([label]).collect()
    }

    /// The directory of the cluster.
    pub(crate) fn directory(&self) -> &ClusterDirectory {
        &self.directory
    }

    /// Handles control requests for as long as it is polled. The embedded cluster handles them by itself.
    pub(crate) async fn serve(&mut self) -> Infallible {
        match &mut self.servers {
            Servers::Embedded(_) | Servers::External(_) => pending().await,
            #[cfg(unix)]
            Servers::Real(real) => real.serve().await,
        }
    }

    /// Ends the cluster, and prints to stderr what the embedded one does not simulate.
    ///
    /// A further interruption ends the wait for servers: they are killed.
    ///
    /// # Errors
    /// If a server cannot be ended.
    pub(crate) async fn stop(self, interruptions: &mut Interruptions) -> Result<()> {
        let Self { servers, directory } = self;
        let result = match servers {
            Servers::Embedded(embedded) => {
                embedded.report_unsupported();
                Ok(())
            }
            Servers::External(_) => Ok(()),
            #[cfg(unix)]
            Servers::Real(real) => tokio::select! {
                stopped = real.stop() => stopped,
                _ = interruptions.next() => Ok(()),
            },
        };
        #[cfg(not(unix))]
        let _ = interruptions;
        drop(directory);
        result
    }
}
