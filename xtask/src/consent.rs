//! Consent to requests that disturb the other users of a cluster that was not started here.

use std::env;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use tokio::sync::oneshot;

/// The flags with which a person consents.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Only with --backend external")]
pub(crate) struct ConsentFlags {
    /// Also send what disturbs others: `integration` switches maintenance on and off and moves shards; `contract record`
    /// also stops two coordinators, compacts all data and more, see docs/contract.md. The cluster's id has to be named.
    #[arg(long)]
    pub(crate) allow_destructive: bool,

    /// The id of the cluster, as `ClusterId` of its health. Default: it is asked for.
    #[arg(long, value_name = "ID", requires = "allow_destructive")]
    pub(crate) cluster_id: Option<String>,
}

impl ConsentFlags {
    /// Refuses flags that have no effect.
    ///
    /// # Errors
    /// If there is consent, and the cluster is started here.
    pub(crate) fn check_backend(&self, is_external: bool) -> Result<()> {
        ensure!(
            is_external || !self.allow_destructive,
            "--allow-destructive has no effect with this --backend, only with: external"
        );
        Ok(())
    }

    /// Returns whether requests that disturb others may be sent to the cluster with this id.
    ///
    /// # Errors
    /// If the named id is another one, or if this is a run of continuous integration.
    pub(crate) async fn check(&self, actual: Option<&str>) -> Result<bool> {
        self.check_with(actual, env::var_os("CI").is_some(), ask).await
    }

    async fn check_with(
        &self,
        actual: Option<&str>,
        is_ci: bool,
        ask: impl AsyncFnOnce() -> Result<String>,
    ) -> Result<bool> {
        if !self.allow_destructive {
            return Ok(false);
        }
        ensure!(!is_ci, "--allow-destructive is refused while the variable CI is set");
        let actual = actual.context("the cluster does not report its id, so nothing can be consented to")?;
        let named = match &self.cluster_id {
            Some(id) => id.clone(),
            None => ask().await?,
        };
        ensure!(
            named.trim() == actual,
            "the cluster has another id than `{}`: nothing was sent that disturbs others",
            named.trim()
        );
        Ok(true)
    }
}

async fn ask() -> Result<String> {
    if !io::stdin().is_terminal() {
        bail!("--allow-destructive needs --cluster-id, since there is no terminal to ask for it");
    }
    anstream::eprint!("Type the id of the cluster, `ClusterId` of GET /_admin/cluster/health: ");
    io::stderr().flush()?;
    let (sender, line) = oneshot::channel();
    // A signal does not end the call that reads. So it is in a thread that ends with the process; for one of the
    // runtime the process would wait.
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // Without a receiver there is no more interest in it.
        _ = sender.send(read.map(|_| line));
    });
    line.await.context("the terminal was not read")?.context("cannot read the terminal")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(id: Option<&str>) -> ConsentFlags {
        ConsentFlags { allow_destructive: true, cluster_id: id.map(str::to_owned) }
    }

    async fn never() -> Result<String> {
        panic!("it asks")
    }

    #[tokio::test]
    async fn without_the_flag_there_is_no_consent() {
        assert!(!ConsentFlags::default().check_with(Some("a"), true, never).await.unwrap());
    }

    #[tokio::test]
    async fn the_id_has_to_be_that_of_the_cluster() {
        assert!(flags(Some("a")).check_with(Some("a"), false, never).await.unwrap());
        let error = flags(Some("b")).check_with(Some("a"), false, never).await.unwrap_err().to_string();
        assert!(error.contains("another id than `b`") && !error.contains("`a`"), "{error}");
        assert!(flags(Some("a")).check_with(None, false, never).await.is_err());
    }

    #[tokio::test]
    async fn an_id_that_is_not_named_is_asked_for() {
        assert!(flags(None).check_with(Some("a"), false, async || Ok("a\n".to_owned())).await.unwrap());
        assert!(flags(None).check_with(Some("a"), false, async || Ok("\n".to_owned())).await.is_err());
    }

    #[tokio::test]
    async fn continuous_integration_is_refused_even_with_the_right_id() {
        assert!(flags(Some("a")).check_with(Some("a"), true, never).await.is_err());
    }
}
