//! How coordinators prove who they are, and how the client does.

mod alert;
mod config;
mod der;
mod fault;
mod given;
mod handshake;
mod pem;
mod refused;
mod unchecked;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use secrecy::SecretSlice;

pub(crate) use alert::EarlyAlert;
use config::Prepared;
pub use fault::TlsFault;
pub(crate) use handshake::Handshake;
use pem::Pem;

use crate::http2::Choice;
use crate::{Coordinator, InvalidSettings};

/// How TLS is spoken with the coordinators that are named with `https://` or `ssl://`.
///
/// Without settings a coordinator must show a certificate for the name or address by which it was
/// named, signed by an authority that the operating system trusts, over TLS 1.2 or 1.3.
///
/// ```no_run
/// use arango_transport::{Tls, Transport};
///
/// let transport = Transport::builder("https://one:8529,https://two:8529")
///     .tls(Tls::new().ca_file("/etc/arangodb/ca.pem"))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), arango_transport::InvalidSettings>(())
/// ```
#[derive(Clone, Default)]
pub struct Tls {
    trust: Trust,
    authorities: Vec<Pem>,
    identity: Option<Identity>,
    name: Option<String>,
    least: TlsVersion,
    ready: Option<Arc<rustls::ClientConfig>>,
}

/// The certificate that the client shows, and its key.
#[derive(Clone)]
struct Identity {
    chain: Pem,
    key: Pem,
}

/// Whose certificates are believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Trust {
    /// Those of the authorities of the system, and of the given ones.
    #[default]
    System,
    /// Those of the given authorities.
    Given,
    /// All.
    Anybody,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl Tls {
    /// Begins with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a configuration of rustls as it is, with its authorities, certificates and versions.
    ///
    /// Which protocols are offered is set by the client all the same. Of the other settings only the
    /// [server name](Self::server_name) counts then.
    #[must_use]
    pub fn from_config(config: Arc<rustls::ClientConfig>) -> Self {
        Self { ready: Some(config), ..Self::default() }
    }

    /// Trusts these authorities too, besides those of the system: certificates in PEM.
    ///
    /// A coordinator may also show the very certificate that is given here, as one that was made with
    /// `openssl req -x509`, if it names the coordinator and has not expired.
    #[must_use]
    pub fn ca_pem(mut self, certificates: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(Pem::given("the authorities", certificates));
        self
    }

    /// Trusts the authorities in this file too, as [`ca_pem`](Self::ca_pem) does.
    ///
    /// The file is read when the client is built.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorities.push(Pem::file(path));
        self
    }

    /// Trusts only the authorities that were given, and not those of the system.
    #[must_use]
    pub fn given_authorities_only(mut self) -> Self {
        self.trust = Trust::Given;
        self
    }

    /// Shows this certificate to coordinators that ask for one: a chain, its own certificate first, and
    /// the key, both in PEM.
    #[must_use]
    pub fn identity_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let chain = Pem::given("the client's certificate", chain);
        self.identity = Some(Identity { chain, key: Pem::given("the client's key", key) });
        self
    }

    /// Shows the certificate in this file, as [`identity_pem`](Self::identity_pem) does; its key may be in
    /// the same file. Both are read when the client is built.
    #[must_use]
    pub fn identity_files(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some(Identity { chain: Pem::file(chain), key: Pem::file(key) });
        self
    }

    /// Expects certificates for this name or address, whatever the coordinators are called.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the oldest version that is spoken. Default: TLS 1.2.
    #[must_use]
    pub fn minimum_version(mut self, version: TlsVersion) -> Self {
        self.least = version;
        self
    }

    /// Accepts any certificate: from any authority, for any name, expired or not, and of version 1.
    ///
    /// Whoever is in between can read and change everything, passwords too. That the other end has the
    /// key of the certificate that it shows is still checked.
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.trust = Trust::Anybody;
        self
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("trust", &self.trust)
            .field("authorities", &self.authorities)
            .field("identity", &self.identity.as_ref().map(|identity| &identity.chain))
            .field("name", &self.name)
            .field("least", &self.least)
            .field("ready", &self.ready.is_some())
            .finish()
    }
}

/// How handshakes are made with each coordinator that asks for TLS.
pub(crate) struct Handshakes {
    settings: Option<Tls>,
    http2: Choice,
    /// What the settings name, once it was read.
    prepared: OnceLock<Prepared>,
}

impl Handshakes {
    /// Reads what the settings name, also if no coordinator asks for it.
    pub(crate) fn new(settings: Option<Tls>, http2: Choice) -> Result<Self, InvalidSettings> {
        let handshakes = Self { settings, http2, prepared: OnceLock::new() };
        if handshakes.settings.is_some() {
            handshakes.prepared()?;
        }
        Ok(handshakes)
    }

    /// Finds out whether TLS can be spoken with those of the coordinators that ask for it.
    pub(crate) fn check(&self, coordinators: &[Coordinator]) -> Result<(), InvalidSettings> {
        coordinators.iter().try_for_each(|coordinator| Ok(self.try_of(coordinator).map(drop)?))
    }

    /// How they are made with a coordinator that was [checked](Self::check), if it asks for TLS.
    pub(crate) fn of(&self, coordinator: &Coordinator) -> Option<Handshake> {
        self.try_of(coordinator).expect("a coordinator is checked before it becomes a member")
    }

    fn try_of(&self, coordinator: &Coordinator) -> Result<Option<Handshake>, TlsFault> {
        let offers = || self.http2.of(coordinator).offers();
        coordinator.is_tls().then(|| self.prepared()?.handshake(coordinator, offers())).transpose()
    }

    fn prepared(&self) -> Result<&Prepared, TlsFault> {
        if let Some(prepared) = self.prepared.get() {
            return Ok(prepared);
        }
        let default = Tls::default();
        let prepared = Prepared::from_settings(self.settings.as_ref().unwrap_or(&default))?;
        Ok(self.prepared.get_or_init(|| prepared))
    }
}

/// Bytes that may hold a key.
type Secret = Arc<SecretSlice<u8>>;
