//! The settings of a client that environment variables describe.

use std::env::{self, VarError};

use arango_transport::{HostList, InvalidSettings};

use crate::client::Client;
use crate::client::builder::ClientBuilder;

const ENDPOINTS: &str = "ARANGO_ENDPOINTS";
const ROOT_PASSWORD: &str = "ARANGO_ROOT_PASSWORD";
const CA_FILE: &str = "ARANGO_CA_FILE";

impl ClientBuilder {
    /// Returns a builder with the settings that environment variables describe.
    ///
    /// These are the variables that `cargo xtask test-cluster run` sets; no others are read.
    ///
    /// | variable | sets | if it is not set, or empty |
    /// |---|---|---|
    /// | `ARANGO_ENDPOINTS` | the [hosts](Self::hosts), separated by commas | an error |
    /// | `ARANGO_ROOT_PASSWORD` | the password of the user `root` | an empty password |
    /// | `ARANGO_CA_FILE` | the file with the authority of the certificates | that of the system |
    ///
    /// # Errors
    ///
    /// If there are no endpoints, or one of them is invalid, if a value is not Unicode, or if an authority is set and the
    /// client is compiled without the feature `rustls`. The authority is read by [`build`](Self::build).
    #[inline]
    pub fn from_env() -> Result<Self, InvalidEnvironment> {
        from_variables(env::var)
    }
}

impl Client {
    /// Returns a client with the settings that environment variables describe.
    ///
    /// Which these are is said at [`ClientBuilder::from_env`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = arango::Client::from_env()?;
    /// println!("{}", client.cluster().health().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::from_env`] and [`ClientBuilder::build`].
    #[inline]
    pub fn from_env() -> Result<Self, InvalidEnvironment> {
        Ok(ClientBuilder::from_env()?.build()?)
    }
}

/// The reason why environment variables do not describe a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEnvironment {
    /// There are no endpoints.
    #[error(
        "the environment variable `ARANGO_ENDPOINTS` is not set, or empty: it lists the coordinators, separated by \
         commas"
    )]
    NoEndpoints,
    /// The value of a variable is not Unicode.
    #[error("the value of the environment variable `{variable}` is not Unicode")]
    NotUnicode {
        /// The name of the variable.
        variable: &'static str,
    },
    /// An authority is set, and the client is compiled without TLS.
    #[error(
        "the environment variable `ARANGO_CA_FILE` is set, which needs the feature `rustls-ring` of `arango`"
    )]
    NoTls,
    /// A value has no meaning as a setting.
    #[error("{}{}", origin(.0), .0)]
    Settings(InvalidSettings),
}

impl From<InvalidSettings> for InvalidEnvironment {
    fn from(settings: InvalidSettings) -> Self {
        Self::Settings(settings)
    }
}

/// Returns where invalid hosts were read. Errors of TLS name the file.
fn origin(settings: &InvalidSettings) -> &'static str {
    match settings {
        InvalidSettings::Hosts(_) => "the environment variable `ARANGO_ENDPOINTS`: ",
        _ => "",
    }
}

#[inline]
fn from_variables(
    read: impl Fn(&'static str) -> Result<String, VarError>,
) -> Result<ClientBuilder, InvalidEnvironment> {
    let value = |variable| match read(variable) {
        // Scripts and compose files pass a variable that is not set as an empty one.
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(InvalidEnvironment::NotUnicode { variable }),
    };
    let hosts = HostList::from(value(ENDPOINTS)?.ok_or(InvalidEnvironment::NoEndpoints)?);
    // Validated here, because an error of `build` could not name the variable.
    hosts.parse().map_err(InvalidSettings::from)?;
    let password = value(ROOT_PASSWORD)?.unwrap_or_default();
    let builder = Client::builder().hosts(hosts).basic_auth("root", password);
    match value(CA_FILE)? {
        Some(file) => with_authority(builder, file),
        None => Ok(builder),
    }
}

#[cfg(feature = "rustls")]
#[expect(clippy::unnecessary_wraps, reason = "without TLS it fails")]
#[inline]
fn with_authority(builder: ClientBuilder, file: String) -> Result<ClientBuilder, InvalidEnvironment> {
    Ok(builder.tls(arango_transport::Tls::new().ca_file(file)))
}

#[cfg(not(feature = "rustls"))]
#[inline]
fn with_authority(_: ClientBuilder, _: String) -> Result<ClientBuilder, InvalidEnvironment> {
    Err(InvalidEnvironment::NoTls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<ClientBuilder, InvalidEnvironment> {
        from_variables(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        })
    }

    #[test]
    fn endpoints_are_the_hosts_of_the_client() {
        let client =
            of(&[(ENDPOINTS, "http://a,http://b"), (ROOT_PASSWORD, "secret")]).unwrap().build().unwrap();
        let urls: Vec<_> = client.coordinators().iter().map(|state| state.address.to_string()).collect();
        assert_eq!(urls, ["http://a:8529", "http://b:8529"]);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(of(&[]).unwrap_err(), InvalidEnvironment::NoEndpoints);
        let error = from_variables(|name| match name {
            ROOT_PASSWORD => Err(VarError::NotUnicode("secret".into())),
            _ => Ok("http://a".to_owned()),
        });
        let message = error.unwrap_err().to_string();
        assert!(message.contains("`ARANGO_ROOT_PASSWORD`") && !message.contains("secret"), "{message}");
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert_eq!(of(&[(ENDPOINTS, "")]).unwrap_err(), InvalidEnvironment::NoEndpoints);
        let client = of(&[(ENDPOINTS, "http://a"), (ROOT_PASSWORD, ""), (CA_FILE, "")]).unwrap().build();
        assert!(client.is_ok(), "{client:?}");
    }

    #[test]
    fn invalid_hosts_name_their_variable() {
        let message = of(&[(ENDPOINTS, "a:8529")]).unwrap_err().to_string();
        assert!(
            message.starts_with("the environment variable `ARANGO_ENDPOINTS`: one of the hosts"),
            "{message}"
        );
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn an_authority_that_is_not_there_is_reported() {
        let builder = of(&[(ENDPOINTS, "https://a"), (CA_FILE, "/no/such/file")]).unwrap();
        let message = builder.build().unwrap_err().to_string();
        assert!(message.contains("/no/such/file"), "{message}");
    }
}
