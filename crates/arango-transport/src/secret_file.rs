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

/// Reads the first secret in a folder, in the order of names.
#[cfg(feature = "jwt-sign")]
pub(crate) async fn read_first(folder: &Path) -> Result<SecretString, BoxError> {
    let first = || {
        let place = folder.to_owned();
        tokio::task::spawn_blocking(move || first_of(&place))
    };
    match read(&first().await??).await {
        Ok(secret) => Ok(secret),
        // The secrets may have been exchanged in between; then there are other files now.
        Err(_) => read(&first().await??).await,
    }
}

/// The first file in a folder that is neither hidden nor a folder; links are followed.
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

/// Why a file or a folder gave no secret.
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
    #[cfg(feature = "jwt-sign")]
    #[error("the folder `{path}` cannot be read, and secrets were to be in it: {error}")]
    UnreadableFolder { path: String, error: std::io::Error },
    #[cfg(feature = "jwt-sign")]
    #[error(
        "no file is in the folder `{path}`, and secrets were to be in it; hidden files and folders do not count"
    )]
    EmptyFolder { path: String },
}
