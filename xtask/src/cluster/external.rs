//! The back end `external`: a cluster that runs already. Nothing is started, stopped or changed.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::cluster_info::{Address, ClusterInfo, Credentials};
use super::http_client::{Authorization, HttpClient};
use super::proxies::Proxies;

/// Where an external cluster is, and how to log in.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Only with --backend external")]
pub(crate) struct ExternalFlags {
    /// URLs of coordinators, separated by commas.
    #[arg(long, value_name = "URL", value_delimiter = ',', env = "ARANGO_ENDPOINTS")]
    endpoints: Vec<String>,

    /// User. Default: root.
    #[arg(long, value_name = "NAME", env = "ARANGO_USER")]
    user: Option<String>,

    /// Password of the user.
    #[arg(long, value_name = "PASSWORD", env = "ARANGO_PASSWORD", hide_env_values = true)]
    password: Option<String>,

    /// Token that is used instead of a user and a password.
    #[arg(long, value_name = "TOKEN", env = "ARANGO_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// File with the certificates of the authority, for URLs with https.
    #[arg(long, value_name = "FILE", env = "ARANGO_CA_FILE")]
    ca_file: Option<PathBuf>,
}

impl ExternalFlags {
    /// The number of coordinators that are named.
    pub(super) fn coordinators(&self) -> usize {
        self.endpoints.len()
    }

    /// Returns the same flags without empty ones: an environment variable without a value counts as not set. A password
    /// may be empty.
    fn without_empty(self) -> Self {
        Self {
            endpoints: self.endpoints.into_iter().filter(|url| !url.trim().is_empty()).collect(),
            user: self.user.filter(|user| !user.is_empty()),
            token: self.token.filter(|token| !token.is_empty()),
            ca_file: self.ca_file.filter(|path| !path.as_os_str().is_empty()),
            ..self
        }
    }

    /// What to do if a coordinator refuses the credentials.
    fn advice(&self) -> &'static str {
        match (&self.token, &self.password) {
            (Some(_), _) => "the token is refused, see --token",
            (None, Some(_)) => "the user or the password is refused, see --user and --password",
            (None, None) => "it needs a login: --user and --password, or --token",
        }
    }
}

/// A cluster that is not ours.
#[derive(Debug)]
pub(crate) struct External {
    info: ClusterInfo,
    _proxies: Option<Proxies>,
}

impl External {
    /// Logs in to each coordinator, and reads its version and id. With `proxy_ports`, proxies are put in front of them.
    ///
    /// # Errors
    /// If no URL is given, or a coordinator does not respond or refuses the credentials; also through its proxy.
    pub(crate) async fn find(flags: ExternalFlags, proxy_ports: Option<&[u16]>) -> Result<Self> {
        let flags = flags.without_empty();
        ensure!(!flags.endpoints.is_empty(), "--backend external needs --endpoints or ARANGO_ENDPOINTS");
        for (index, url) in flags.endpoints.iter().enumerate() {
            ensure!(
                !has_credentials(url),
                "endpoint {} contains credentials: give them as --user and --password, or as variables",
                index + 1
            );
        }
        let advice = flags.advice();
        let user = flags.user.unwrap_or_else(|| "root".to_owned());
        let authorization = match (&flags.token, &flags.password) {
            (Some(token), _) => Authorization::Bearer(token.clone()),
            (None, Some(password)) => Authorization::Basic { user: user.clone(), password: password.clone() },
            (None, None) => Authorization::None,
        };
        let client = HttpClient::new(flags.ca_file.as_deref())?.with(authorization);
        let mut version = String::new();
        let mut coordinators = Vec::new();
        for url in &flags.endpoints {
            let url = url.trim_end_matches('/').to_owned();
            let read = async |path: &str, field: &str| -> Result<String> {
                let response = client.get(&format!("{url}{path}")).await?;
                ensure!(response.status != 401, "status 401: {advice}");
                ensure!(response.status == 200, "status {}", response.status);
                let value = response.body[field].as_str().filter(|value| !value.is_empty());
                // Nothing is sent to other servers that respond to every path, such as a proxy with a page.
                let value = value.with_context(|| {
                    format!("the response to {path} has no `{field}`; it is not ArangoDB, or hides it from this user")
                })?;
                Ok(value.to_owned())
            };
            version =
                read("/_api/version", "version").await.with_context(|| format!("{url} cannot be used"))?;
            // Single servers have no id.
            let id = read("/_admin/server/id", "id").await;
            let id = id.with_context(|| format!("{url} is not a coordinator"))?;
            coordinators.push(Address { id, url });
        }
        let root_password = flags.password.clone().filter(|_| user == "root");
        let mut info = ClusterInfo {
            backend: "external".to_owned(),
            version,
            endpoints: coordinators.iter().map(|coordinator| coordinator.url.clone()).collect(),
            root_password,
            jwt_secret: None,
            superuser_token: None,
            credentials: Some(Credentials { user, password: flags.password, token: flags.token }),
            control: None,
            ca_file: flags.ca_file.map(|path| path.display().to_string()),
            behind_proxies: Vec::new(),
            discovery_off: false,
            coordinators,
            db_servers: Vec::new(),
            agents: Vec::new(),
        };
        let Some(ports) = proxy_ports else { return Ok(Self { info, _proxies: None }) };
        let proxies = Proxies::start(&info.endpoints, ports).await?;
        info.through_proxies(&proxies.urls());
        // The coordinators advertise their addresses, not those of the proxies.
        info.discovery_off = true;
        info.control = Some(proxies.control_url().to_owned());
        for url in &info.endpoints {
            let response = client.get(&format!("{url}/_api/version")).await;
            response.with_context(|| through_proxy(url))?;
        }
        proxies.clear_journal();
        Ok(Self { info, _proxies: Some(proxies) })
    }

    pub(crate) fn info(&self) -> &ClusterInfo {
        &self.info
    }
}

/// Whether a URL has a user or a password before its host.
fn has_credentials(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    authority.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// What to check if a proxy cannot be used, although its coordinator can.
fn through_proxy(url: &str) -> String {
    let hint = if url.starts_with("https") { "; its certificate has to be valid for 127.0.0.1" } else { "" };
    format!("a coordinator does not respond through its proxy {url}{hint}")
}
