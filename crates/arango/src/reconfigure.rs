//! Changing a client while it runs.

use arango_transport::balance::Policy;
use arango_transport::{Coordinator, Credentials, HostList, InvalidSettings, Limits, Outgoing};

use crate::LoadBalancing;

/// Changes a client while it runs, with all its clones. Made by [`Client::reconfigure`](crate::Client::reconfigure).
///
/// A call that is under way keeps what it began with; calls that begin afterwards have what was set. No call is lost.
/// What is invalid is refused, and then nothing changes. Neither a runtime nor a network is needed.
///
/// ```
/// use arango::{Client, Credentials, LoadBalancing};
///
/// let client = Client::builder().hosts("http://one:8529,http://two:8529").build()?;
/// let running = client.reconfigure();
/// running.set_credentials(Credentials::basic("root", "n3w"));
/// running.set_load_balancing(LoadBalancing::Random)?;
/// running.set_hosts("http://two:8529,http://three:8529")?;
/// # Ok::<(), arango::InvalidSettings>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reconfigure(arango_transport::Reconfigure);

impl Reconfigure {
    pub(crate) fn new(transport: arango_transport::Reconfigure) -> Self {
        Self(transport)
    }

    /// Replaces the coordinators that are named. Those that stay keep their connections and what is known of them.
    ///
    /// One that is named no more gets nothing new; what is under way there goes on to its end. Where others are
    /// [looked for](crate::Discovery), those that are still listed stay.
    ///
    /// # Errors
    ///
    /// If hosts cannot be used; names every one of them. Else if TLS cannot be spoken with them as it was set when the
    /// client was built.
    pub fn set_hosts(&self, hosts: impl Into<HostList>) -> Result<(), InvalidSettings> {
        self.0.set_hosts(hosts)
    }

    /// Replaces how requests are spread over the coordinators.
    ///
    /// # Errors
    ///
    /// If a zone is preferred, and the client was not told who is in it.
    #[expect(clippy::needless_pass_by_value, reason = "as the builder takes it")]
    pub fn set_load_balancing(&self, strategy: LoadBalancing) -> Result<(), InvalidSettings> {
        self.0.set_policy(strategy.policy(self.0.zones(), self.0.jitter())?);
        Ok(())
    }

    /// Spreads requests by a policy of one's own.
    pub fn set_policy(&self, policy: impl Policy<Coordinator, Outgoing> + 'static) {
        self.0.set_policy(policy);
    }

    /// Replaces who asks, where a call or a handle does not say so itself. A token of the credentials before is not used
    /// any more.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.0.set_credentials(credentials);
    }

    /// Replaces how long calls may take and how much may come back.
    ///
    /// What is said of connections holds for those that are opened afterwards.
    ///
    /// # Errors
    ///
    /// If a limit is zero; names the first.
    pub fn set_limits(&self, limits: Limits) -> Result<(), InvalidSettings> {
        self.0.set_limits(limits)
    }
}
