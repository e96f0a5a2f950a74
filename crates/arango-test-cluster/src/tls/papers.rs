//! An authority, what it has signed, and what it should not have signed.

use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SerialNumber, date_time_ymd,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Identity;

/// The names and addresses of every coordinator.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "db.example"];

/// The year in which a certificate ends. Real time, since rustls reads a real clock.
const NEVER: i32 = 2100;
const LONG_AGO: i32 = 2001;

/// What keys are of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keys {
    /// What every client knows.
    Usual,
    /// Whose signatures are all of the same length, so that each handshake takes as many bytes as the next.
    OfOneLength,
}

/// Everything that is shown in handshakes.
pub(super) struct Papers {
    pub(super) authority: Certificate,
    pub(super) authority_pem: String,
    /// What a client may show.
    pub(super) client: Identity,
    pub(super) good: Shown,
    pub(super) expired: Shown,
    pub(super) untrusted: Shown,
    pub(super) wrong_name: Shown,
    pub(super) self_made: Shown,
    pub(super) self_made_pem: String,
    pub(super) nameless: Shown,
}

/// A certificate and its key.
pub(super) struct Shown {
    pub(super) certificate: Certificate,
    pub(super) key: KeyPair,
}

impl Papers {
    /// Those that all clusters in the memory of this process share. Where nothing is chance but what is drawn from a
    /// seed, lengths must not be either.
    pub(super) fn of_the_process() -> Result<Arc<Self>, rcgen::Error> {
        static MADE: Mutex<Option<Arc<Papers>>> = Mutex::new(None);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(papers) = &*made {
            return Ok(Arc::clone(papers));
        }
        let papers = Arc::new(Self::make(Keys::OfOneLength)?);
        *made = Some(Arc::clone(&papers));
        Ok(papers)
    }

    pub(super) fn make(keys: Keys) -> Result<Self, rcgen::Error> {
        let ours = Authority::make("test cluster", keys)?;
        let strangers = Authority::make("somebody else", keys)?;
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        let self_made = self_made(keys)?;
        let client = ours.sign(2, &["client"], NEVER, ExtendedKeyUsagePurpose::ClientAuth)?;
        Ok(Self {
            client: Identity { certificate: client.certificate.pem(), key: client.key.serialize_pem() },
            good: ours.sign(3, &NAMES, NEVER, server.clone())?,
            expired: ours.sign(4, &NAMES, LONG_AGO, server.clone())?,
            untrusted: strangers.sign(2, &NAMES, NEVER, server.clone())?,
            wrong_name: ours.sign(5, &["elsewhere.example"], NEVER, server.clone())?,
            nameless: ours.sign(6, &[], NEVER, server)?,
            self_made_pem: self_made.certificate.pem(),
            self_made,
            authority_pem: ours.certificate.pem(),
            authority: ours.certificate,
        })
    }
}

impl Shown {
    pub(super) fn der(&self) -> Der {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        (self.certificate.der().clone(), PrivateKeyDer::Pkcs8(key))
    }
}

/// A certificate and its key, as rustls takes them.
pub(super) type Der = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A certificate of version 1, made for these tests with the `openssl` command; nothing else trusts its key.
pub(super) fn version_1() -> Der {
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("version-1.key.der")[..]);
    (CertificateDer::from(&include_bytes!("version-1.der")[..]), PrivateKeyDer::Pkcs8(key))
}

/// As `openssl req -x509` makes it: an authority and a server's certificate at once.
fn self_made(keys: Keys) -> Result<Shown, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(String::from))?;
    params.distinguished_name.push(DnType::CommonName, NAMES[0]);
    params.serial_number = keys.serial(7);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = keys.make()?;
    Ok(Shown { certificate: params.self_signed(&key)?, key })
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    keys: Keys,
}

impl Authority {
    fn make(name: &str, keys: Keys) -> Result<Self, rcgen::Error> {
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
    ) -> Result<Shown, rcgen::Error> {
        let mut params = CertificateParams::new(names.iter().copied().map(String::from).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("localhost"));
        params.serial_number = self.keys.serial(number);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = self.keys.make()?;
        Ok(Shown { certificate: params.signed_by(&key, &self.issuer)?, key })
    }
}

impl Keys {
    /// `None`: made up from the key, which makes it a byte shorter now and then.
    fn serial(self, number: u64) -> Option<SerialNumber> {
        match self {
            Self::Usual => None,
            Self::OfOneLength => Some(SerialNumber::from(number)),
        }
    }

    fn make(self) -> Result<KeyPair, rcgen::Error> {
        KeyPair::generate_for(match self {
            Self::Usual => &PKCS_ECDSA_P256_SHA256,
            Self::OfOneLength => &PKCS_ED25519,
        })
    }
}
