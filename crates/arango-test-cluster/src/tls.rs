//! What coordinators show in handshakes, good certificates and others.

mod papers;

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};

use self::papers::{Keys, Papers, Shown};

/// Whether coordinators speak TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// They do not.
    #[default]
    Off,
    /// They do, and nothing else: their certificates are for `localhost`, `127.0.0.1`, `::1` and `db.example`.
    On,
    /// They do, and want a certificate of the client's, too, signed by the cluster's own authority.
    Mutual,
}

impl Tls {
    /// How servers write their endpoints.
    pub(crate) fn endpoint_scheme(self) -> &'static str {
        match self {
            Self::Off => "tcp",
            Self::On | Self::Mutual => "ssl",
        }
    }
}

/// What is wrong with the handshakes of a coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Handshake {
    /// Its certificate has expired.
    Expired,
    /// Its certificate is signed by an authority that nobody knows.
    Untrusted,
    /// Its certificate is for another name.
    WrongName,
    /// Its certificate is its own authority (`CA:TRUE`), as [`self_made_pem`](crate::TestCluster::self_made_pem) has it.
    SelfMade,
    /// Its certificate holds no name but that of its owner: it has no `subjectAltName`.
    Nameless,
    /// Its certificate is of version 1 of X.509.
    Version1,
    /// It closes the connection in the middle.
    Close,
    /// It reads, and says nothing.
    Hang,
}

/// What coordinators show, and what clients need to believe it.
pub(crate) struct Certificates {
    papers: Arc<Papers>,
    pub(crate) keyfile: Keyfile,
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    untrusted: Arc<ServerConfig>,
    wrong_name: Arc<ServerConfig>,
    /// For what is seldom shown.
    asks: Option<CertificateDer<'static>>,
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

/// What a server tells of its keys: certificates and fingerprints.
#[derive(Debug, Clone)]
pub(crate) struct Keyfile {
    pub(crate) certificate: String,
    /// Of the certificate and its key.
    pub(crate) sha256: String,
    pub(crate) key_sha256: String,
    /// The authority whose certificates clients must have.
    pub(crate) client_authority: Option<String>,
}

impl Certificates {
    /// Takes an authority and everything that it has signed; `None` if nobody wants it.
    pub(crate) fn make(tls: Tls, http2: bool, in_memory: bool) -> Result<Option<Self>, rcgen::Error> {
        if tls == Tls::Off {
            return Ok(None);
        }
        let papers = if in_memory { Papers::of_the_process()? } else { Arc::new(Papers::make(Keys::Usual)?) };
        let authority = (tls == Tls::Mutual).then_some(&papers.authority);
        let asks = authority.map(|it| it.der().clone());
        // A configuration of each cluster's own: with it goes what clients have resumed.
        let serve = |shown: &Shown| Arc::new(config(shown.der(), asks.clone(), http2));
        let own = (papers.good.certificate.pem(), papers.good.key.serialize_pem());
        Ok(Some(Self {
            keyfile: Keyfile {
                sha256: fingerprint(format!("{}{}", own.0, own.1).as_bytes()),
                key_sha256: fingerprint(own.1.as_bytes()),
                certificate: own.0,
                client_authority: authority.map(rcgen::Certificate::pem),
            },
            good: serve(&papers.good),
            expired: serve(&papers.expired),
            untrusted: serve(&papers.untrusted),
            wrong_name: serve(&papers.wrong_name),
            asks,
            http2,
            papers,
        }))
    }

    /// The certificate of the authority, in PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.papers.authority_pem
    }

    /// The certificate that is its own authority, in PEM.
    pub(crate) fn self_made(&self) -> &str {
        &self.papers.self_made_pem
    }

    /// What a client may show.
    pub(crate) fn client(&self) -> &Identity {
        &self.papers.client
    }

    /// What is shown when this is wrong; `None` if nothing is.
    pub(crate) fn shown(&self, wrong: Option<Handshake>) -> Option<Arc<ServerConfig>> {
        let seldom = |der| Some(Arc::new(config(der, self.asks.clone(), self.http2)));
        let config = match wrong {
            Some(Handshake::SelfMade) => return seldom(self.papers.self_made.der()),
            Some(Handshake::Nameless) => return seldom(self.papers.nameless.der()),
            Some(Handshake::Version1) => return seldom(papers::version_1()),
            None => &self.good,
            Some(Handshake::Expired) => &self.expired,
            Some(Handshake::Untrusted) => &self.untrusted,
            Some(Handshake::WrongName) => &self.wrong_name,
            Some(Handshake::Close | Handshake::Hang) => return None,
        };
        Some(Arc::clone(config))
    }
}

/// A SHA-256, in hexadecimal digits.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// How a server shows a certificate, whose certificates it asks for, and whether it speaks HTTP/2.
fn config(
    (certificate, key): papers::Der,
    asks: Option<CertificateDer<'static>>,
    http2: bool,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    let builder = match asks {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority).expect("it was made a moment ago");
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
            builder.with_client_cert_verifier(verifier.expect("there is an authority"))
        }
    };
    let key = provider.key_provider.load_private_key(key).expect("ring knows keys of this kind");
    // Not `with_single_cert`, which reads no certificate of version 1.
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
    let mut config = builder.with_cert_resolver(Arc::new(shown));
    config.alpn_protocols =
        [&b"h2"[..], b"http/1.1"][usize::from(!http2)..].iter().map(|name| name.to_vec()).collect();
    config
}
