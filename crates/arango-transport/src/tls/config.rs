//! Converts TLS settings to a rustls configuration, once, when the client is built.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::handshake::Handshake;
use super::{MakeHandshake, Tls, TlsVersion, Trust};
use crate::config::tls_fault::InvalidTls;
use crate::tls::custom_certificates::CustomCertificates;
use crate::tls::no_verification::NoVerification;
use crate::types::coordinator::{Coordinator, Host};
use crate::types::http_protocol::HttpProtocol;

/// Loaded and checked settings.
#[derive(Clone)]
pub(crate) struct Prepared {
    config: ClientConfig,
    /// The name that certificates must be issued for, if it is not the coordinator's host.
    name: Option<ServerName<'static>>,
}

impl Prepared {
    /// Loads and checks the settings.
    pub(crate) fn from_settings(tls: &Tls) -> Result<Self, InvalidTls> {
        let config = match &tls.prepared {
            Some(ready) => ready(),
            None => configure(tls)?,
        };
        let name = tls.name.as_ref().map(|name| {
            ServerName::try_from(name.clone()).map_err(|_| InvalidTls::Name { name: name.clone() })
        });
        Ok(Self { config, name: name.transpose()? })
    }
}

impl MakeHandshake for Prepared {
    fn handshake(&self, coordinator: &Coordinator, offers: &[HttpProtocol]) -> Result<Handshake, InvalidTls> {
        let host_name = || {
            let name = match coordinator.host() {
                // A zone is only meaningful on this machine and in no certificate.
                Host::Zoned(ip, _) => return Ok(ServerName::from(IpAddr::V6(*ip))),
                host => host.to_string(),
            };
            ServerName::try_from(name.clone()).map_err(|_| InvalidTls::Name { name })
        };
        let name = self.name.clone().map_or_else(host_name, Ok)?;
        let mut config = self.config.clone();
        config.alpn_protocols = offers.iter().map(|protocol| protocol.alpn().to_vec()).collect();
        Ok(Handshake::new(Arc::new(config), name))
    }
}

/// Returns the compiled-in cryptography provider.
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
#[expect(clippy::unnecessary_wraps, reason = "the other variant may fail")]
fn provider() -> Result<Arc<CryptoProvider>, InvalidTls> {
    #[cfg(feature = "rustls-aws-lc-rs")]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(not(feature = "rustls-aws-lc-rs"))]
    use rustls::crypto::ring::default_provider;
    // Not the process default, which belongs to the application.
    Ok(Arc::new(default_provider()))
}

/// Returns the process-wide default cryptography provider.
#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))]
fn provider() -> Result<Arc<CryptoProvider>, InvalidTls> {
    CryptoProvider::get_default().cloned().ok_or(InvalidTls::NoCryptography)
}

fn configure(tls: &Tls) -> Result<ClientConfig, InvalidTls> {
    let provider = provider()?;
    let versions = match tls.minimum_version {
        TlsVersion::Tls12 => &[&TLS13, &TLS12][..],
        TlsVersion::Tls13 => &[&TLS13][..],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| InvalidTls::Versions { reason: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(verifier(tls, provider)?);
    let Some(identity) = &tls.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let (chain, key) = (identity.chain.certificates()?, identity.key.key()?);
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| InvalidTls::Key { origin: identity.key.to_string(), reason: error.to_string() })
}

/// Returns the certificate verifier for the settings.
fn verifier(tls: &Tls, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, InvalidTls> {
    let mut given = RootCertStore::empty();
    let mut authorities = Vec::new();
    for pem in &tls.authorities {
        for certificate in pem.certificates()? {
            given.add(certificate.clone()).map_err(|error| InvalidTls::Certificate {
                origin: pem.to_string(),
                reason: error.to_string(),
            })?;
            authorities.push(certificate);
        }
    }
    match tls.trust {
        Trust::Any => Ok(Arc::new(NoVerification(provider))),
        Trust::Custom if given.is_empty() => Err(InvalidTls::NoAuthorities),
        Trust::Custom => {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(given), provider).build();
            let inner = verifier.expect("there are authorities and no revocation lists");
            Ok(Arc::new(CustomCertificates { inner, custom: authorities }))
        }
        Trust::System => {
            let verifier = Verifier::new_with_extra_roots(authorities.iter().cloned(), provider);
            let inner = Arc::new(verifier.map_err(|error| InvalidTls::System { reason: error.to_string() })?);
            Ok(Arc::new(CustomCertificates { inner, custom: authorities }))
        }
    }
}
