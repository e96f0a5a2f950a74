//! Proxies in front of the coordinators of a cluster that is not embedded: `--proxy`.

use anyhow::{Context as _, Result};
use arango_test_cluster::{ClusterProxy, Control};

/// The proxies with their control address; all end when it is dropped.
#[derive(Debug)]
pub(crate) struct Proxies {
    proxy: ClusterProxy,
    control: Control,
}

impl Proxies {
    /// Starts a proxy for each URL of a coordinator. `ports` has one for each of them, or none; 0 stands for a free one.
    ///
    /// # Errors
    /// If a port is in use.
    pub(crate) async fn start(coordinators: &[String], ports: &[u16]) -> Result<Self> {
        let proxy = ClusterProxy::start_on(coordinators, ports).context("the proxies did not start")?;
        let control = proxy.control().await.context("the control listener of the proxies did not start")?;
        Ok(Self { proxy, control })
    }

    /// The URLs of the proxies, in the order of the coordinators.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.proxy.urls()
    }

    /// The ports of the proxies, in the order of the coordinators.
    #[cfg(unix)]
    pub(crate) fn ports(&self) -> Vec<u16> {
        self.proxy.coordinators().iter().map(|proxy| proxy.address().port()).collect()
    }

    /// Forgets what has passed so far.
    pub(crate) fn clear_journal(&self) {
        self.proxy.journal().clear();
    }

    /// The URL of their control address.
    pub(crate) fn control_url(&self) -> &str {
        self.control.url()
    }

    /// Lets a proxy refuse connections, so that clients see what they would see without it: its coordinator is down.
    #[cfg(unix)]
    pub(crate) fn refuse(&self, coordinator: usize) {
        if let Some(proxy) = self.proxy.coordinators().get(coordinator) {
            proxy.kill();
        }
    }

    /// Lets a proxy accept connections again.
    ///
    /// # Errors
    /// If its port cannot be opened.
    #[cfg(unix)]
    pub(crate) fn accept(&self, coordinator: usize) -> Result<()> {
        match self.proxy.coordinators().get(coordinator) {
            Some(proxy) => proxy.restart().with_context(|| format!("{} cannot be opened", proxy.url())),
            None => Ok(()),
        }
    }
}
