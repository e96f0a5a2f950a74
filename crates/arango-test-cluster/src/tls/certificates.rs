//! The test certificate authority and its certificates, valid and invalid ones.

use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SerialNumber, date_time_ymd,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Identity;

/// The names and addresses in the certificate of every coordinator.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "db.example"];

/// The year in which valid certificates expire. It is real time, since rustls reads the system clock.
const FAR_FUTURE: i32 = 2100;
const PAST: i32 = 2001;

/// The type of keys.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeyKind {
    /// Supported by every client.
    EcdsaP256,
    /// With signatures of constant length. Every handshake then has the same number of bytes.
    Ed25519,
}

/// Everything that is presented in handshakes.
pub(super) struct CertificateSet {
    pub(super) authority: Certificate,
    pub(super) authority_pem: String,
    /// The client's certificate.
    pub(super) client: Identity,
    pub(super) valid: CertificateAndKey,
    pub(super) expired: CertificateAndKey,
    pub(super) untrusted: CertificateAndKey,
    pub(super) wrong_name: CertificateAndKey,
    pub(super) self_signed: CertificateAndKey,
    pub(super) self_signed_pem: String,
    pub(super) no_subject_alt_name: CertificateAndKey,
}

/// A certificate and its key.
pub(super) struct CertificateAndKey {
    pub(super) certificate: Certificate,
    pub(super) key: KeyPair,
}

impl CertificateSet {
    /// Returns the certificates that all in-memory clusters of this process share.
    ///
    /// In-memory tests are reproducible from a seed, so the lengths of certificates must not vary.
    pub(super) fn process_wide() -> Result<Arc<Self>, rcgen::Error> {
        static MADE: Mutex<Option<Arc<CertificateSet>>> = Mutex::new(None);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = &*made {
            return Ok(Arc::clone(set));
        }
        let set = Arc::new(Self::make(KeyKind::Ed25519)?);
        *made = Some(Arc::clone(&set));
        Ok(set)
    }

    pub(super) fn make(keys: KeyKind) -> Result<Self, rcgen::Error> {
        let authority = Authority::make("test cluster", keys)?;
        let untrusted = Authority::make("untrusted CA", keys)?;
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        let self_signed_server = self_signed(keys)?;
        let client = authority.sign(2, &["client"], FAR_FUTURE, ExtendedKeyUsagePurpose::ClientAuth)?;
        Ok(Self {
            client: Identity { certificate: client.certificate.pem(), key: client.key.serialize_pem() },
            valid: authority.sign(3, &NAMES, FAR_FUTURE, server.clone())?,
            expired: authority.sign(4, &NAMES, PAST, server.clone())?,
            untrusted: untrusted.sign(2, &NAMES, FAR_FUTURE, server.clone())?,
            wrong_name: authority.sign(5, &["elsewhere.example"], FAR_FUTURE, server.clone())?,
            no_subject_alt_name: authority.sign(6, &[], FAR_FUTURE, server)?,
            self_signed_pem: self_signed_server.certificate.pem(),
            self_signed: self_signed_server,
            authority_pem: authority.certificate.pem(),
            authority: authority.certificate,
        })
    }
}

impl CertificateAndKey {
    pub(super) fn der(&self) -> Der {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        (self.certificate.der().clone(), PrivateKeyDer::Pkcs8(key))
    }
}

/// A certificate and its key, as rustls takes them.
pub(super) type Der = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// Returns a certificate of X.509 version 1. It was made for these tests with the `openssl` command. Its key is not
/// trusted anywhere else.
pub(super) fn version_1() -> Der {
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("version-1.key.der")[..]);
    (CertificateDer::from(&include_bytes!("version-1.der")[..]), PrivateKeyDer::Pkcs8(key))
}

/// Builds a certificate as `openssl req -x509` does. It is an authority and a server's certificate in one.
fn self_signed(keys: KeyKind) -> Result<CertificateAndKey, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(String::from))?;
    params.distinguished_name.push(DnType::CommonName, NAMES[0]);
    params.serial_number = keys.serial(7);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = keys.make()?;
    Ok(CertificateAndKey { certificate: params.self_signed(&key)?, key })
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    keys: KeyKind,
}

impl Authority {
    fn make(name: &str, keys: KeyKind) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = keys.serial(1);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = keys.make()?;
        Ok(Self { certificate: params.self_signed(&key)?, issuer: Issuer::new(params, key), keys })
    }

    fn sign(
        &self,
        number: u64,
        names: &[&str],
        until: i32,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<CertificateAndKey, rcgen::Error> {
        let mut params = CertificateParams::new(names.iter().copied().map(String::from).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("localhost"));
        params.serial_number = self.keys.serial(number);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = self.keys.make()?;
        Ok(CertificateAndKey { certificate: params.signed_by(&key, &self.issuer)?, key })
    }
}

impl KeyKind {
    /// Returns the serial number. `None`: derived from the key, which sometimes makes it a byte shorter.
    fn serial(self, number: u64) -> Option<SerialNumber> {
        match self {
            Self::EcdsaP256 => None,
            Self::Ed25519 => Some(SerialNumber::from(number)),
        }
    }

    fn make(self) -> Result<KeyPair, rcgen::Error> {
        KeyPair::generate_for(match self {
            Self::EcdsaP256 => &PKCS_ECDSA_P256_SHA256,
            Self::Ed25519 => &PKCS_ED25519,
        })
    }
}
