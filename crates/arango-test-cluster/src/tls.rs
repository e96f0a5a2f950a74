//! Certificates of a cluster, good ones and others, made when it starts.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};

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
    /// It closes the connection in the middle.
    Close,
    /// It reads, and says nothing.
    Hang,
}

/// What coordinators show, and what clients need to believe it.
pub(crate) struct Certificates {
    authority: String,
    client: Identity,
    pub(crate) keyfile: Keyfile,
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    untrusted: Arc<ServerConfig>,
    wrong_name: Arc<ServerConfig>,
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

/// The names and addresses of every coordinator.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "db.example"];

impl Certificates {
    /// Makes an authority and everything that it signs; `None` if nobody wants it.
    pub(crate) fn make(tls: Tls, http2: bool) -> Result<Option<Self>, rcgen::Error> {
        if tls == Tls::Off {
            return Ok(None);
        }
        let (ours, strangers) = (Authority::make("test cluster")?, Authority::make("somebody else")?);
        let asks = (tls == Tls::Mutual).then(|| ours.certificate.clone());
        let serve = |certificate: &rcgen::Certificate, key: &KeyPair| {
            Arc::new(config(certificate.der().clone(), key, asks.clone(), http2))
        };
        let show = |authority: &Authority, names: &[&str], until| {
            let (certificate, key) = authority.sign(names, until, ExtendedKeyUsagePurpose::ServerAuth)?;
            Ok::<_, rcgen::Error>(serve(&certificate, &key))
        };
        let (own, own_key) = ours.sign(&NAMES, NEVER, ExtendedKeyUsagePurpose::ServerAuth)?;
        let (own_pem, own_key_pem) = (own.pem(), own_key.serialize_pem());
        let (certificate, key) = ours.sign(&["client"], NEVER, ExtendedKeyUsagePurpose::ClientAuth)?;
        Ok(Some(Self {
            authority: ours.pem.clone(),
            client: Identity { certificate: certificate.pem(), key: key.serialize_pem() },
            keyfile: Keyfile {
                sha256: fingerprint(format!("{own_pem}{own_key_pem}").as_bytes()),
                key_sha256: fingerprint(own_key_pem.as_bytes()),
                certificate: own_pem,
                client_authority: (tls == Tls::Mutual).then(|| ours.pem.clone()),
            },
            good: serve(&own, &own_key),
            expired: show(&ours, &NAMES, LONG_AGO)?,
            untrusted: show(&strangers, &NAMES, NEVER)?,
            wrong_name: show(&ours, &["elsewhere.example"], NEVER)?,
        }))
    }

    /// The certificate of the authority, in PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// What a client may show.
    pub(crate) fn client(&self) -> &Identity {
        &self.client
    }

    /// What is shown when this is wrong; `None` if nothing is.
    pub(crate) fn shown(&self, wrong: Option<Handshake>) -> Option<Arc<ServerConfig>> {
        let config = match wrong {
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

/// The year in which a certificate ends. Real time, since rustls reads a real clock.
const NEVER: i32 = 2100;
const LONG_AGO: i32 = 2001;

struct Authority {
    pem: String,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn make(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let (pem, certificate) = (certificate.pem(), certificate.der().clone());
        Ok(Self { pem, certificate, issuer: Issuer::new(params, key) })
    }

    fn sign(
        &self,
        names: &[&str],
        until: i32,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
        let mut params = CertificateParams::new(names.iter().copied().map(String::from).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names[0]);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?, key))
    }
}

/// How a server shows a certificate, whose certificates it asks for, and whether it speaks HTTP/2.
fn config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
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
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("there is an authority"))
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config =
        builder.with_single_cert(vec![certificate], key).expect("the key is that of the certificate");
    config.alpn_protocols =
        [&b"h2"[..], b"http/1.1"][usize::from(!http2)..].iter().map(|name| name.to_vec()).collect();
    config
}
