//! Secrets that stand in files.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::BoxError;

/// Reads a secret, without the white space around it.
pub(crate) async fn read(path: &Path) -> Result<SecretString, BoxError> {
    let place = path.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(place)).await?;
    let secret: SecretString = match read {
        Ok(text) => SecretString::from(text).expose_secret().trim().into(),
        Err(error) => return Err(SecretFile::Unreadable { path: path.display().to_string(), error }.into()),
    };
    if secret.expose_secret().is_empty() {
        return Err(SecretFile::Empty { path: path.display().to_string() }.into());
    }
    Ok(secret)
}

/// Why a file gave no secret.
#[derive(Debug, thiserror::Error)]
enum SecretFile {
    #[error("the file `{path}` cannot be read, and a secret was to be in it: {error}")]
    Unreadable {
        path: String,
        // In the text and not as a source, which not everybody prints.
        error: std::io::Error,
    },
    #[error("the file `{path}` is empty, and a secret was to be in it")]
    Empty { path: String },
}
