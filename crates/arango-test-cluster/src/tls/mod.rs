//! TLS of coordinators: valid certificates, and handshake faults.

mod certificates;

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};

use self::certificates::{CertificateAndKey, CertificateSet, KeyKind};

/// Whether coordinators speak TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Coordinators speak no TLS.
    #[default]
    Off,
    /// Coordinators speak TLS only. Their certificates are for `localhost`, `127.0.0.1`, `::1` and `db.example`.
    On,
    /// As [`On`](Self::On), and clients need a certificate signed by the cluster's own authority.
    Mutual,
}

impl Tls {
    /// Returns the scheme of the endpoints that servers report.
    pub(crate) fn endpoint_scheme(self) -> &'static str {
        match self {
            Self::Off => "tcp",
            Self::On | Self::Mutual => "ssl",
        }
    }
}

/// A fault of a coordinator's TLS handshakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HandshakeFault {
    /// The certificate has expired.
    Expired,
    /// The certificate is signed by an unknown authority.
    Untrusted,
    /// The certificate is for another name.
    WrongName,
    /// The certificate is self-signed with `CA:TRUE`; see [`self_signed_pem`](crate::TestCluster::self_signed_pem).
    SelfSigned,
    /// The certificate has no `subjectAltName`, only a common name.
    NoSubjectAltName,
    /// The certificate is of X.509 version 1.
    Version1,
    /// The connection is closed in the middle of the handshake.
    Close,
    /// The coordinator reads and sends nothing.
    Hang,
}

/// The certificates of coordinators and of clients.
pub(crate) struct Certificates {
    issued: Arc<CertificateSet>,
    pub(crate) keyfile: Keyfile,
    valid: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    untrusted: Arc<ServerConfig>,
    wrong_name: Arc<ServerConfig>,
    /// For configurations that are built on demand.
    client_ca: Option<CertificateDer<'static>>,
    http2: bool,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// What a server reports about its keys: certificates and fingerprints.
#[derive(Debug, Clone)]
pub(crate) struct Keyfile {
    pub(crate) certificate: String,
    /// Fingerprint of the certificate and its key.
    pub(crate) sha256: String,
    pub(crate) key_sha256: String,
    /// The authority that must have signed clients' certificates.
    pub(crate) client_authority: Option<String>,
}

impl Certificates {
    /// Makes or reuses the certificates. `None` without TLS.
    pub(crate) fn make(tls: Tls, http2: bool, in_memory: bool) -> Result<Option<Self>, rcgen::Error> {
        if tls == Tls::Off {
            return Ok(None);
        }
        let set = if in_memory {
            CertificateSet::process_wide()?
        } else {
            Arc::new(CertificateSet::make(KeyKind::EcdsaP256)?)
        };
        let authority = (tls == Tls::Mutual).then_some(&set.authority);
        let client_ca = authority.map(|it| it.der().clone());
        // A separate configuration for each cluster, since it holds the TLS sessions that clients can resume.
        let server_config = |own: &CertificateAndKey| Arc::new(config(own.der(), client_ca.clone(), http2));
        let pem = (set.valid.certificate.pem(), set.valid.key.serialize_pem());
        Ok(Some(Self {
            keyfile: Keyfile {
                sha256: fingerprint(format!("{}{}", pem.0, pem.1).as_bytes()),
                key_sha256: fingerprint(pem.1.as_bytes()),
                certificate: pem.0,
                client_authority: authority.map(rcgen::Certificate::pem),
            },
            valid: server_config(&set.valid),
            expired: server_config(&set.expired),
            untrusted: server_config(&set.untrusted),
            wrong_name: server_config(&set.wrong_name),
            client_ca,
            http2,
            issued: set,
        }))
    }

    /// Returns the certificate of the authority, in PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.issued.authority_pem
    }

    /// Returns the self-signed certificate, in PEM.
    pub(crate) fn self_signed(&self) -> &str {
        &self.issued.self_signed_pem
    }

    /// Returns the client's certificate and key.
    pub(crate) fn client(&self) -> &Identity {
        &self.issued.client
    }

    /// Returns the configuration for a handshake fault, or for none. `None` if the handshake does not take place.
    pub(crate) fn server_config(&self, fault: Option<HandshakeFault>) -> Option<Arc<ServerConfig>> {
        let on_demand = |der| Some(Arc::new(config(der, self.client_ca.clone(), self.http2)));
        let config = match fault {
            Some(HandshakeFault::SelfSigned) => return on_demand(self.issued.self_signed.der()),
            Some(HandshakeFault::NoSubjectAltName) => {
                return on_demand(self.issued.no_subject_alt_name.der());
            }
            Some(HandshakeFault::Version1) => return on_demand(certificates::version_1()),
            None => &self.valid,
            Some(HandshakeFault::Expired) => &self.expired,
            Some(HandshakeFault::Untrusted) => &self.untrusted,
            Some(HandshakeFault::WrongName) => &self.wrong_name,
            Some(HandshakeFault::Close | HandshakeFault::Hang) => return None,
        };
        Some(Arc::clone(config))
    }
}

/// Returns a SHA-256 hash in hexadecimal digits.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Builds a server's TLS configuration. `client_ca` is the authority required of clients; with `http2` both protocols
/// are offered.
fn config(
    (certificate, key): certificates::Der,
    client_ca: Option<CertificateDer<'static>>,
    http2: bool,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority).expect("the authority is valid");
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
            builder.with_client_cert_verifier(verifier.expect("there is one authority"))
        }
    };
    let key = provider.key_provider.load_private_key(key).expect("ring supports this type of key");
    // Not `with_single_cert`, which rejects certificates of version 1.
    let server_certificate = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
    let mut config = builder.with_cert_resolver(Arc::new(server_certificate));
    config.alpn_protocols =
        [&b"h2"[..], b"http/1.1"][usize::from(!http2)..].iter().map(|name| name.to_vec()).collect();
    config
}
