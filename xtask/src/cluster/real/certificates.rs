//! The certificates of a cluster with TLS: an authority, and one certificate for all servers.

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::plan::TlsFiles;
use crate::cluster::directory::ClusterDirectory;

/// The addresses at which every server is reached, in addition to its host name in a network of containers.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Creates an authority and a certificate for loopback and these names, and writes them into the directory.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn create(directory: &ClusterDirectory, names: Vec<String>) -> Result<TlsFiles> {
    let (authority, server) = make(names).context("cannot create the certificates")?;
    Ok(TlsFiles {
        ca_file: directory.write("ca.pem", &authority)?,
        key_file: directory.write("server.pem", &server)?,
    })
}

fn make(names: Vec<String>) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "test cluster");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let authority = params.self_signed(&authority_key)?;
    let issuer = Issuer::new(params, authority_key);

    let names: Vec<_> = LOOPBACK.into_iter().map(str::to_owned).chain(names).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok((authority.pem(), key.serialize_pem() + &certificate.pem()))
}
