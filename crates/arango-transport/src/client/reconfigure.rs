//! Reconfiguration of a running client.

use std::fmt;
use std::sync::Arc;

use arango_balance::{Policy, RandomSource};

use crate::call::attempt_request::AttemptRequest;
use crate::client::discovery::Discovery;
use crate::client::transport::Transport;
use crate::config::invalid_settings::InvalidSettings;
use crate::config::limits::Limits;
use crate::credentials::Credentials;
use crate::types::coordinator::Coordinator;
use crate::types::hosts::HostList;
use crate::types::zones::Zones;

/// Reconfigures a client and all its clones. Returned by [`Transport::reconfigure`].
///
/// A running call keeps the credentials and limits that it began with. Later calls use the new ones. A new
/// policy picks the coordinators of all later attempts.
/// No call is lost. Invalid settings are rejected and change nothing. Neither a runtime nor a network is
/// needed.
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
pub struct ReconfigureTransport {
    transport: Transport,
}

impl Transport {
    /// Returns a handle that changes this transport while it runs.
    pub fn reconfigure(&self) -> ReconfigureTransport {
        ReconfigureTransport { transport: self.clone() }
    }
}

impl Transport {
    /// Returns the user of calls without per-call credentials.
    ///
    /// `None` if there is none, or if it is not known, as with tokens from elsewhere.
    pub fn user(&self) -> Option<String> {
        self.0.settings.load().credentials.user()
    }
}

impl ReconfigureTransport {
    /// Replaces the seeds. Coordinators that stay keep their connections and health state.
    ///
    /// A removed coordinator gets no new requests, and its running requests finish. With
    /// [discovery](crate::Discovery), removed seeds that are still listed stay.
    ///
    /// # Errors
    ///
    /// If hosts are invalid, names all of them. Otherwise, if the TLS settings of the client do not fit them,
    /// or if discovery is enabled and a host has a path prefix.
    pub fn set_hosts(&self, hosts: impl Into<HostList>) -> Result<(), InvalidSettings> {
        let inner = &self.transport.0;
        let hosts = hosts.into().parse()?;
        inner.handshakes.check(hosts.coordinators())?;
        if inner.discovery_task.get().is_some() {
            Discovery::enabled().check(hosts.coordinators())?;
        }
        match inner.discovery_task.get() {
            Some(discoverer) => discoverer.replace_seeds(hosts.coordinators()),
            None => inner.members.set(hosts.coordinators().iter().cloned()),
        }
        tracing::debug!(%hosts, "the hosts were replaced");
        Ok(())
    }

    /// Replaces the limits for call durations and response sizes.
    ///
    /// Limits on connections apply to connections opened afterwards.
    ///
    /// # Errors
    ///
    /// If a limit is zero; names the first.
    #[expect(clippy::needless_pass_by_value, reason = "same signature as the builder")]
    pub fn set_limits(&self, limits: Limits) -> Result<(), InvalidSettings> {
        limits.check()?;
        self.transport.0.settings.change(|settings| settings.limits = limits.clone());
        Ok(())
    }

    /// Replaces the credentials of calls and handles that set none.
    ///
    /// Tokens of the old credentials are no
    /// longer used.
    #[expect(clippy::needless_pass_by_value, reason = "same signature as the builder")]
    pub fn set_credentials(&self, credentials: Credentials) {
        self.transport.0.settings.change(|settings| settings.credentials = credentials.clone());
    }

    /// Returns the zones set in the builder.
    pub fn zones(&self) -> &Zones {
        &self.transport.0.zones
    }

    /// Returns the random source set in the builder.
    #[doc(hidden)] // for the crate `arango`
    pub fn random_source(&self) -> &Arc<dyn RandomSource> {
        &self.transport.0.random
    }

    /// Replaces the load-balancing policy.
    pub fn set_policy(&self, policy: impl Policy<Coordinator, AttemptRequest> + 'static) {
        if policy.wants_load() {
            self.transport.0.members.measure_load();
        }
        self.transport.0.policy.replace(Box::new(policy));
    }
}

impl fmt::Debug for ReconfigureTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconfigureTransport").finish_non_exhaustive()
    }
}
