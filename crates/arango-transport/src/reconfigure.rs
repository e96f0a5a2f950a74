//! Changing a client while it runs.

use std::fmt;
use std::sync::Arc;

use arango_balance::{Policy, RandomSource};

use crate::stack::SharedPolicy;
use crate::{
    Coordinator, Credentials, Discovery, HostList, InvalidSettings, Limits, Outgoing, Transport, Zones,
};

/// Changes a client while it runs, with all its clones. Made by [`Transport::reconfigure`].
///
/// A call that is under way keeps the credentials, limits and policy that it began with; calls that begin afterwards
/// have the new ones. No call is lost. What is invalid is refused, and then nothing changes. Neither a runtime nor a
/// network is needed.
///
/// ```
/// use arango_transport::{Credentials, Limits, Transport};
/// use std::time::Duration;
///
/// let transport = Transport::builder("http://one:8529,http://two:8529").build()?;
/// let running = transport.reconfigure();
/// running.set_credentials(Credentials::basic("root", "n3w"));
/// running.set_hosts("http://two:8529,http://three:8529")?;
/// assert!(running.set_limits(Limits::default().total(Duration::ZERO)).is_err());
/// # Ok::<(), arango_transport::InvalidSettings>(())
/// ```
#[derive(Clone)]
pub struct Reconfigure {
    transport: Transport,
}

impl Transport {
    /// What this transport can be changed with while it runs.
    pub fn reconfigure(&self) -> Reconfigure {
        Reconfigure { transport: self.clone() }
    }
}

impl Transport {
    /// The user as whom calls go out that bring no credentials of their own; `None` if there is none, or if it is not
    /// known, as with tokens from elsewhere.
    pub fn user(&self) -> Option<String> {
        self.0.settings.now().credentials.user()
    }
}

impl Reconfigure {
    /// Replaces the coordinators that are named. Those that stay keep their connections and what is known of them.
    ///
    /// One that is named no more gets nothing new; what is under way there goes on to its end. Where others are
    /// [looked for](crate::Discovery), those that are still listed stay.
    ///
    /// # Errors
    ///
    /// If hosts cannot be used; names every one of them. Else if TLS cannot be spoken with them as it was set when the
    /// client was built, or others are looked for and one of the hosts has a path prefix.
    pub fn set_hosts(&self, hosts: impl Into<HostList>) -> Result<(), InvalidSettings> {
        let inner = &self.transport.0;
        let hosts = hosts.into().parse()?;
        inner.handshakes.check(hosts.coordinators())?;
        if inner.discoverer.get().is_some() {
            Discovery::on().check(hosts.coordinators())?;
        }
        match inner.discoverer.get() {
            Some(discoverer) => discoverer.replace_seeds(hosts.coordinators()),
            None => inner.members.set(hosts.coordinators().iter().cloned()),
        }
        tracing::debug!(%hosts, "the hosts were replaced");
        Ok(())
    }

    /// Replaces how long calls may take and how much may come back.
    ///
    /// What is said of connections holds for those that are opened afterwards.
    ///
    /// # Errors
    ///
    /// If a limit is zero; names the first.
    #[expect(clippy::needless_pass_by_value, reason = "as the builder takes them")]
    pub fn set_limits(&self, limits: Limits) -> Result<(), InvalidSettings> {
        limits.check()?;
        self.transport.0.settings.change(|settings| settings.limits = limits.clone());
        Ok(())
    }

    /// Replaces who asks, where a call or a handle does not say so itself. A token of the credentials before is not used
    /// any more.
    #[expect(clippy::needless_pass_by_value, reason = "as the builder takes them")]
    pub fn set_credentials(&self, credentials: Credentials) {
        self.transport.0.settings.change(|settings| settings.credentials = credentials.clone());
    }

    /// Where coordinators are, as the builder was told.
    pub fn zones(&self) -> &Zones {
        &self.transport.0.zones
    }

    /// Where chance comes from, as the builder was told.
    pub fn jitter(&self) -> &Arc<dyn RandomSource> {
        &self.transport.0.jitter
    }

    /// Replaces who is next.
    pub fn set_policy(&self, policy: impl Policy<Coordinator, Outgoing> + 'static) {
        let policy: SharedPolicy = Arc::new(policy);
        if policy.wants_load() {
            self.transport.0.members.measure_load();
        }
        self.transport.0.settings.change(|settings| settings.policy = Arc::clone(&policy));
    }
}

impl fmt::Debug for Reconfigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconfigure").finish_non_exhaustive()
    }
}
