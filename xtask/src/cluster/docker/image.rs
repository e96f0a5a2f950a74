//! Which image has which version.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::ContainerCli;
use crate::cluster::real::version::Version;

/// Time limit for the download of an image.
const PULL_LIMIT: Duration = Duration::from_secs(15 * 60);

/// An image, and the version of the server in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) version: Version,
}

impl Image {
    /// Chooses the image that is named, or the usual one of a version. Default: 3.12.
    ///
    /// # Errors
    /// If the version is unknown: it is read from the tag of an image, if it is not named.
    pub(crate) fn choose(name: Option<&str>, version: Option<&str>) -> Result<Self> {
        match (name, version) {
            (Some(name), Some(version)) => Ok(Self { name: name.to_owned(), version: read(version)? }),
            (Some(name), None) => {
                let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
                let version = tag.and_then(Version::read);
                let version = version
                    .with_context(|| format!("the tag of {name} is no version: name it with --version"))?;
                Ok(Self { name: name.to_owned(), version })
            }
            (None, version) => {
                let text = version.unwrap_or("3.12");
                let version = read(text)?;
                let numbers: Vec<_> = text.split('.').take(2).collect();
                let name = match numbers.as_slice() {
                    ["3", "10" | "11"] => format!("arangodb/arangodb:{text}"),
                    // There is no image of the other name from 3.12.5 on.
                    ["3", _] => format!("arangodb/enterprise:{text}"),
                    ["4", "0"] => "arangodb/enterprise-preview:4.0-nightly".to_owned(),
                    _ => bail!("no image is known for version {text}: name one with --image"),
                };
                Ok(Self { name, version })
            }
        }
    }

    /// Downloads the image, unless it is there.
    ///
    /// # Errors
    /// If it cannot be downloaded.
    pub(super) async fn make_available(&self, cli: &ContainerCli) -> Result<()> {
        if cli.succeeds(&["image", "inspect", &self.name]).await? {
            return Ok(());
        }
        anstream::eprintln!("downloading {}", self.name);
        let pulled = cli.run_within(&["pull", "--quiet", &self.name], PULL_LIMIT).await;
        pulled.with_context(|| format!("the image {} is not there", self.name))
    }
}

fn read(version: &str) -> Result<Version> {
    Version::read(version).with_context(|| format!("`{version}` is no version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(image: Option<&str>, version: Option<&str>) -> String {
        Image::choose(image, version).unwrap().name
    }

    #[test]
    fn each_version_has_the_image_in_which_it_is_published() {
        assert_eq!(name(None, None), "arangodb/enterprise:3.12");
        assert_eq!(name(None, Some("3.10")), "arangodb/arangodb:3.10");
        assert_eq!(name(None, Some("3.11.14")), "arangodb/arangodb:3.11.14");
        assert_eq!(name(None, Some("3.12.5")), "arangodb/enterprise:3.12.5");
        assert_eq!(name(None, Some("4.0")), "arangodb/enterprise-preview:4.0-nightly");
        assert!(Image::choose(None, Some("5.0")).is_err());
    }

    #[test]
    fn the_version_of_an_image_is_read_from_its_tag() {
        let version = |name| Image::choose(Some(name), None).ok().map(|image| image.version);

        assert_eq!(version("registry:5000/arangodb/enterprise:4.0-nightly"), Version::read("4.0"));
        assert_eq!(version("registry:5000/arangodb/enterprise"), None);
        assert_eq!(version("arangodb/enterprise:latest"), None);
    }
}
