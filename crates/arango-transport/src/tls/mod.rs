//! TLS: settings, handshakes and certificate verification.

mod alert;
mod config;
mod custom_certificates;
mod der;
mod handshake;
mod no_verification;
mod pem;
mod refusal;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use secrecy::SecretSlice;

pub(crate) use alert::EarlyAlert;
use config::Prepared;
pub(crate) use handshake::Handshake;
use pem::Pem;

use crate::config::http2::Http2Setting;
use crate::config::invalid_settings::InvalidSettings;
use crate::config::tls_fault::InvalidTls;
use crate::types::coordinator::Coordinator;
use crate::types::http_protocol::HttpProtocol;

/// TLS settings for coordinators with the scheme `https`, `ssl` or `http+ssl`.
///
/// By default a coordinator must present a certificate for its configured host name or address, signed by an
/// authority that the operating system trusts, over TLS 1.2 or 1.3.
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
    minimum_version: TlsVersion,
    prepared: Option<MakeConfig>,
}

/// Clones a configuration of the program. A function, so that the types of rustls are no part of the settings.
type MakeConfig = Arc<dyn Fn() -> rustls::ClientConfig + Send + Sync>;

/// The client certificate and its key.
#[derive(Clone)]
struct Identity {
    chain: Pem,
    key: Pem,
}

/// Selects the trusted certificates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Trust {
    /// Certificates of the system's authorities and of the given ones.
    #[default]
    System,
    /// Certificates of the given authorities only.
    Custom,
    /// All certificates.
    Any,
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
    /// Returns the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses a rustls configuration with its authorities, certificates and versions.
    ///
    /// Only the ALPN protocols are replaced by the client. Of the other settings, only the
    /// [server name](Self::server_name) has an effect.
    #[must_use]
    pub fn from_config(config: Arc<rustls::ClientConfig>) -> Self {
        Self { prepared: Some(Arc::new(move || rustls::ClientConfig::clone(&config))), ..Self::default() }
    }

    /// Adds trusted authorities, as PEM certificates.
    ///
    /// The system's authorities remain trusted. A coordinator may also present one of these certificates itself, for
    /// example a self-signed one created with `openssl req -x509`, if it is issued for the coordinator's name and
    /// has not expired.
    #[must_use]
    pub fn ca_pem(mut self, certificates: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(Pem::from_memory("the authorities", certificates));
        self
    }

    /// Adds trusted authorities from a file, as [`ca_pem`](Self::ca_pem) does.
    ///
    /// The file is read when the client is built.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorities.push(Pem::file(path));
        self
    }

    /// Trusts only the given authorities, not those of the system.
    #[must_use]
    pub fn given_authorities_only(mut self) -> Self {
        self.trust = Trust::Custom;
        self
    }

    /// Sets the client certificate for coordinators that request one.
    ///
    /// `chain` starts with the client's certificate. Both arguments are PEM.
    #[must_use]
    pub fn identity_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let chain = Pem::from_memory("the client's certificate", chain);
        self.identity = Some(Identity { chain, key: Pem::from_memory("the client's key", key) });
        self
    }

    /// Sets the client certificate from files, as [`identity_pem`](Self::identity_pem) does.
    ///
    /// The key may be in the same file as the chain. Both are read when the client is built.
    #[must_use]
    pub fn identity_files(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some(Identity { chain: Pem::file(chain), key: Pem::file(key) });
        self
    }

    /// Sets the name or address that certificates must be issued for.
    ///
    /// Default: the host of each coordinator.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the minimum TLS version. Default: TLS 1.2.
    #[must_use]
    pub fn minimum_version(mut self, version: TlsVersion) -> Self {
        self.minimum_version = version;
        self
    }

    /// Accepts any certificate.
    ///
    /// From any authority, for any name, expired or not, and of version 1.
    ///
    /// A man in the middle can then read and modify all traffic, including passwords. Only the possession of the
    /// certificate's private key is still verified.
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.trust = Trust::Any;
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
            .field("minimum_version", &self.minimum_version)
            .field("prepared", &self.prepared.is_some())
            .finish()
    }
}

/// Creates the handshakes of all coordinators that use TLS.
pub(crate) struct Handshakes {
    settings: Option<Tls>,
    http2: Http2Setting,
    /// The loaded settings; set on first use.
    prepared: OnceLock<Box<dyn MakeHandshake>>,
}

impl Handshakes {
    /// Loads explicit settings, even if no coordinator uses TLS.
    pub(crate) fn new(settings: Option<Tls>, http2: Http2Setting) -> Result<Self, InvalidSettings> {
        let handshakes = Self { settings, http2, prepared: OnceLock::new() };
        if handshakes.settings.is_some() {
            handshakes.config()?;
        }
        Ok(handshakes)
    }

    /// Checks the TLS configuration of all coordinators that use TLS.
    pub(crate) fn check(&self, coordinators: &[Coordinator]) -> Result<(), InvalidSettings> {
        coordinators.iter().try_for_each(|coordinator| Ok(self.try_of(coordinator).map(drop)?))
    }

    /// Returns the handshake of a [checked](Self::check) coordinator; `None` without TLS.
    pub(crate) fn of(&self, coordinator: &Coordinator) -> Option<Handshake> {
        self.try_of(coordinator).expect("a coordinator is checked before it becomes a member")
    }

    fn try_of(&self, coordinator: &Coordinator) -> Result<Option<Handshake>, InvalidTls> {
        let offers = || self.http2.for_coordinator(coordinator).alpn_protocols();
        coordinator.is_tls().then(|| self.config()?.handshake(coordinator, offers())).transpose()
    }

    fn config(&self) -> Result<&dyn MakeHandshake, InvalidTls> {
        if let Some(prepared) = self.prepared.get() {
            return Ok(&**prepared);
        }
        let default = Tls::default();
        let prepared = Prepared::from_settings(self.settings.as_ref().unwrap_or(&default))?;
        Ok(&**self.prepared.get_or_init(|| Box::new(prepared)))
    }
}

/// Makes the handshakes of coordinators, from loaded settings.
trait MakeHandshake: Send + Sync {
    /// Returns the handshake for a coordinator, with the ALPN protocols to offer.
    fn handshake(&self, coordinator: &Coordinator, offers: &[HttpProtocol]) -> Result<Handshake, InvalidTls>;
}

/// Bytes that may contain a private key.
type Secret = Arc<SecretSlice<u8>>;
