//! Reads secrets from files and folders.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::types::boxed::BoxError;

/// Reads a secret and removes the surrounding white space.
pub(crate) async fn read(path: &Path) -> Result<SecretString, BoxError> {
    let owned_path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(owned_path)).await?;
    let secret: SecretString = match read {
        Ok(text) => SecretString::from(text).expose_secret().trim().into(),
        Err(error) => return Err(SecretFile::Unreadable { path: path.display().to_string(), error }.into()),
    };
    if secret.expose_secret().is_empty() {
        return Err(SecretFile::Empty { path: path.display().to_string() }.into());
    }
    Ok(secret)
}

/// Reads the secret in the first file of a folder, ordered by name.
#[cfg(feature = "jwt-sign")]
pub(crate) async fn read_first(folder: &Path) -> Result<SecretString, BoxError> {
    let first = || {
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(move || first_of(&folder))
    };
    match read(&first().await??).await {
        Ok(secret) => Ok(secret),
        // The secrets may have been rotated in the meantime, so the folder is listed again.
        Err(_) => read(&first().await??).await,
    }
}

/// Returns the first visible file in a folder, ordered by name; links are followed.
#[cfg(feature = "jwt-sign")]
fn first_of(folder: &Path) -> Result<std::path::PathBuf, SecretFile> {
    let path = || folder.display().to_string();
    let unreadable = |error| SecretFile::UnreadableFolder { path: path(), error };
    let mut first = None;
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let is_later = first.as_ref().is_some_and(|first| *first <= name);
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if !is_later && !is_hidden && !folder.join(&name).is_dir() {
            first = Some(name);
        }
    }
    first.map(|name| folder.join(name)).ok_or_else(|| SecretFile::EmptyFolder { path: path() })
}

/// The reason why no secret could be read from a file or a folder.
#[derive(Debug, thiserror::Error)]
enum SecretFile {
    #[error("the secret file `{path}` cannot be read: {error}")]
    Unreadable {
        path: String,
        // Part of the text rather than a source, because not every caller prints sources.
        error: std::io::Error,
    },
    #[error("the secret file `{path}` is empty")]
    Empty { path: String },
    #[cfg(feature = "jwt-sign")]
    #[error("the secret folder `{path}` cannot be read: {error}")]
    UnreadableFolder { path: String, error: std::io::Error },
    #[cfg(feature = "jwt-sign")]
    #[error("the secret folder `{path}` contains no file; hidden files and folders are ignored")]
    EmptyFolder { path: String },
}
