//! From settings to what rustls needs, read and checked once, when the client is built.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::given::AlsoGiven;
use super::handshake::Handshake;
use super::unchecked::Unchecked;
use super::{Tls, TlsFault, TlsVersion, Trust};
use crate::coordinator::Host;
use crate::{Coordinator, HttpProtocol};

/// Settings that have been found good.
#[derive(Clone)]
pub(crate) struct Prepared {
    config: ClientConfig,
    /// The name that certificates must be for, if it is not the coordinator's own.
    name: Option<ServerName<'static>>,
}

impl Prepared {
    /// Reads what the settings name, and checks that it can be used.
    pub(crate) fn from_settings(tls: &Tls) -> Result<Self, TlsFault> {
        let config = match &tls.ready {
            Some(ready) => ClientConfig::clone(ready),
            None => configure(tls)?,
        };
        let name = tls.name.as_ref().map(|name| {
            ServerName::try_from(name.clone()).map_err(|_| TlsFault::Name { name: name.clone() })
        });
        Ok(Self { config, name: name.transpose()? })
    }

    /// How handshakes with this coordinator are made, and what it is offered to speak then.
    pub(crate) fn handshake(
        &self,
        coordinator: &Coordinator,
        offers: &[HttpProtocol],
    ) -> Result<Handshake, TlsFault> {
        let named = || {
            let name = match coordinator.host() {
                // Zones are this machine's own, and in no certificate.
                Host::Zoned(ip, _) => return Ok(ServerName::from(IpAddr::V6(*ip))),
                host => host.to_string(),
            };
            ServerName::try_from(name.clone()).map_err(|_| TlsFault::Name { name })
        };
        let name = self.name.clone().map_or_else(named, Ok)?;
        let mut config = self.config.clone();
        config.alpn_protocols = offers.iter().map(|protocol| protocol.alpn().to_vec()).collect();
        Ok(Handshake::new(Arc::new(config), name))
    }
}

/// The cryptography that was compiled in.
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
#[expect(clippy::unnecessary_wraps, reason = "where none is compiled in there may be none")]
fn provider() -> Result<Arc<CryptoProvider>, TlsFault> {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring::default_provider;
    // Not the process's, which is another's to set.
    Ok(Arc::new(default_provider()))
}

/// The cryptography of the process.
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn provider() -> Result<Arc<CryptoProvider>, TlsFault> {
    CryptoProvider::get_default().cloned().ok_or(TlsFault::NoCryptography)
}

fn configure(tls: &Tls) -> Result<ClientConfig, TlsFault> {
    let provider = provider()?;
    let versions = match tls.least {
        TlsVersion::Tls12 => &[&TLS13, &TLS12][..],
        TlsVersion::Tls13 => &[&TLS13][..],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| TlsFault::Versions { reason: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(verifier(tls, provider)?);
    let Some(identity) = &tls.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let (chain, key) = (identity.chain.certificates()?, identity.key.key()?);
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| TlsFault::Key { origin: identity.key.to_string(), reason: error.to_string() })
}

/// Who judges certificates.
fn verifier(tls: &Tls, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsFault> {
    let mut given = RootCertStore::empty();
    let mut authorities = Vec::new();
    for pem in &tls.authorities {
        for certificate in pem.certificates()? {
            given.add(certificate.clone()).map_err(|error| TlsFault::Certificate {
                origin: pem.to_string(),
                reason: error.to_string(),
            })?;
            authorities.push(certificate);
        }
    }
    match tls.trust {
        Trust::Anybody => Ok(Arc::new(Unchecked(provider))),
        Trust::Given if given.is_empty() => Err(TlsFault::NoAuthorities),
        Trust::Given => {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(given), provider).build();
            let inner = verifier.expect("there are authorities, and no lists of revoked certificates");
            Ok(Arc::new(AlsoGiven { inner, given: authorities }))
        }
        Trust::System => {
            let verifier = Verifier::new_with_extra_roots(authorities.iter().cloned(), provider);
            let inner = Arc::new(verifier.map_err(|error| TlsFault::System { reason: error.to_string() })?);
            Ok(Arc::new(AlsoGiven { inner, given: authorities }))
        }
    }
}
