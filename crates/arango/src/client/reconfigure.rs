//! Changing the settings of a client at runtime.

use arango_transport::balance::Policy;
use arango_transport::{AttemptRequest, Coordinator, Credentials, HostList, InvalidSettings, Limits};

use crate::client::load_balancing::{LoadBalancing, UnknownStrategy};

/// Changes the settings of a client and all its clones at runtime.
///
/// Returned by [`Client::reconfigure`](crate::Client::reconfigure). A call in progress keeps the settings with which
/// it started; later calls use the new ones. No call is lost. Invalid settings are rejected and change nothing. Needs
/// neither a runtime nor a network.
///
/// ```
/// use arango::{Client, Credentials};
///
/// let client = Client::builder().hosts("http://one:8529,http://two:8529").build()?;
/// let running = client.reconfigure();
/// running.set_credentials(Credentials::basic("root", "n3w"));
/// running.set_load_balancing("random")?;
/// running.set_hosts("http://two:8529,http://three:8529")?;
/// # Ok::<(), arango::InvalidSettings>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reconfigure(arango_transport::ReconfigureTransport);

impl Reconfigure {
    pub(crate) fn new(transport: arango_transport::ReconfigureTransport) -> Self {
        Self(transport)
    }

    /// Replaces the configured coordinators; those that remain keep connections and state.
    ///
    /// A removed coordinator gets no new calls, and calls in progress on it complete. With
    /// [discovery](crate::Discovery), removed coordinators that are still listed stay.
    ///
    /// # Errors
    ///
    /// If hosts are invalid; names every one of them. Else if the TLS settings with which the client was built do not
    /// work for them.
    pub fn set_hosts(&self, hosts: impl Into<HostList>) -> Result<(), InvalidSettings> {
        self.0.set_hosts(hosts)
    }

    /// Replaces the load balancing strategy.
    ///
    /// # Errors
    ///
    /// If the strategy is unknown, or if a zone is preferred and the client has no zones.
    pub fn set_load_balancing(
        &self,
        strategy: impl TryInto<LoadBalancing, Error: Into<UnknownStrategy>>,
    ) -> Result<(), InvalidSettings> {
        let strategy = strategy.try_into().map_err(Into::into)?;
        self.0.set_policy(strategy.policy(self.0.zones(), self.0.random_source())?);
        Ok(())
    }

    /// Spreads requests by a custom policy.
    pub fn set_policy(&self, policy: impl Policy<Coordinator, AttemptRequest> + 'static) {
        self.0.set_policy(policy);
    }

    /// Replaces the credentials, for calls and handles that do not set any.
    ///
    /// A token of the previous credentials is no longer used.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.0.set_credentials(credentials);
    }

    /// Replaces timeouts and the size limits of responses.
    ///
    /// Limits of connections apply to connections that are opened afterwards.
    ///
    /// # Errors
    ///
    /// If a limit is zero; names the first.
    pub fn set_limits(&self, limits: Limits) -> Result<(), InvalidSettings> {
        self.0.set_limits(limits)
    }
}
