//! The back end `external`: a cluster that runs already. Nothing is started, stopped or changed.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::cluster_info::{Address, ClusterInfo, Credentials};
use super::http_client::{Authorization, HttpClient};

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

/// A cluster that is not ours.
#[derive(Debug)]
pub(crate) struct External {
    info: ClusterInfo,
}

impl External {
    /// Logs in to each coordinator, and reads its version and id.
    ///
    /// # Errors
    /// If no URL is given, or a coordinator does not respond or refuses the credentials.
    pub(crate) async fn find(flags: ExternalFlags) -> Result<Self> {
        ensure!(!flags.endpoints.is_empty(), "--backend external needs --endpoints or ARANGO_ENDPOINTS");
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
                ensure!(response.status == 200, "status {}", response.status);
                Ok(response.body[field].as_str().unwrap_or_default().to_owned())
            };
            version =
                read("/_api/version", "version").await.with_context(|| format!("{url} cannot be used"))?;
            // Single servers have no id.
            let id = read("/_admin/server/id", "id").await;
            let id = id.with_context(|| format!("{url} is not a coordinator"))?;
            coordinators.push(Address { id, url });
        }
        let root_password = flags.password.clone().filter(|_| user == "root");
        Ok(Self {
            info: ClusterInfo {
                backend: "external".to_owned(),
                version,
                endpoints: coordinators.iter().map(|coordinator| coordinator.url.clone()).collect(),
                root_password,
                jwt_secret: None,
                superuser_token: None,
                credentials: Some(Credentials { user, password: flags.password, token: flags.token }),
                control: None,
                ca_file: flags.ca_file.map(|path| path.display().to_string()),
                coordinators,
                db_servers: Vec::new(),
                agents: Vec::new(),
            },
        })
    }

    pub(crate) fn info(&self) -> &ClusterInfo {
        &self.info
    }
}
