//! Reads and checks the options of a server.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The options that every version has, of those that matter here.
const KNOWN: [&str; 26] = [
    "-c",
    "--server.endpoint",
    "--server.jwt-secret-keyfile",
    "--server.authentication",
    "--server.maximal-threads",
    "--ssl.keyfile",
    "--database.directory",
    "--database.password",
    "--temp.path",
    "--log.file",
    "--log.force-direct",
    "--log.level",
    "--rocksdb.block-cache-size",
    "--rocksdb.total-write-buffer-size",
    "--query.global-memory-limit",
    "--agency.activate",
    "--agency.size",
    "--agency.supervision",
    "--agency.supervision-grace-period",
    "--agency.supervision-frequency",
    "--agency.wait-for-sync",
    "--agency.my-address",
    "--agency.endpoint",
    "--cluster.my-role",
    "--cluster.my-address",
    "--cluster.agency-endpoint",
];

/// Those that versions before 4.0 have. A real 4.0 ignores them; here they are errors, to keep the command lines clean.
const BEFORE_4: [&str; 4] =
    ["--javascript.startup-directory", "--javascript.app-path", "--foxx.queues", "--server.statistics"];

/// Checked options.
#[derive(Debug)]
pub(crate) struct Options {
    values: BTreeMap<String, Vec<String>>,
    /// Whether the server runs in what stands in for a container.
    is_container: bool,
}

/// The version that the server pretends to have.
pub(crate) fn version() -> String {
    env::var("STAND_IN_VERSION").unwrap_or_else(|_| "3.12.5".to_owned())
}

impl Options {
    /// Reads and checks all options.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let mut values = BTreeMap::<String, Vec<String>>::new();
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(format!("FATAL option '{}' has no value", pair[0])) };
            let is_known = KNOWN.contains(&name.as_str())
                || name == "--cluster.my-advertised-endpoint"
                || (BEFORE_4.contains(&name.as_str()) && !version().starts_with('4'));
            if !is_known {
                return Err(format!("FATAL unknown option '{name}'"));
            }
            values.entry(name.clone()).or_default().push(with_variable(value));
        }
        let options = Self { values, is_container: env::var_os("STAND_IN_CONTAINER").is_some() };
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> Result<(), String> {
        let secret = self.path("--server.jwt-secret-keyfile")?;
        let mode =
            fs::metadata(&secret).map_err(|error| format!("FATAL {}: {error}", secret.display()))?.mode();
        ensure(mode & 0o777 == 0o600, "the secret can be read by others")?;
        if let Some(key) = self.get("--ssl.keyfile") {
            let pem = fs::read_to_string(inside(key)).map_err(|error| format!("FATAL {key}: {error}"))?;
            ensure(pem.contains("PRIVATE KEY") && pem.contains("CERTIFICATE"), "the key file is incomplete")?;
        }
        ensure(
            self.is_tls() == self.get("--ssl.keyfile").is_some(),
            "ssl:// and a key file belong together",
        )?;
        if !self.is_container {
            self.check_local()?;
        }
        if self.get("--agency.activate") == Some("true") {
            ensure(self.get("--agency.size") == Some("3"), "tests have 3 agents")?;
            ensure(self.get("--agency.supervision") == Some("true"), "no supervision")?;
            ensure(self.get("--agency.endpoint").is_some(), "no agency endpoint")?;
            ensure(self.get("--cluster.my-role").is_none(), "an agent has no role")?;
        } else {
            let role = self.get("--cluster.my-role");
            ensure(matches!(role, Some("DBSERVER" | "COORDINATOR")), "unknown role")?;
            let agents = self.values.get("--cluster.agency-endpoint").map_or(0, Vec::len);
            ensure(agents == 3, "not every agent is named")?;
            ensure(
                self.get("--database.password").is_none() || role == Some("COORDINATOR"),
                "misplaced password",
            )?;
        }
        Ok(())
    }

    /// Without a configuration file, everything has to be named.
    fn check_local(&self) -> Result<(), String> {
        ensure(self.get("-c") == Some("none"), "no configuration was chosen")?;
        ensure(self.get("--server.authentication") == Some("true"), "no authentication")?;
        for name in ["--database.directory", "--temp.path"] {
            ensure(self.path(name)?.is_dir(), &format!("{name} is not there"))?;
        }
        if !version().starts_with('4') {
            ensure(self.path("--javascript.startup-directory")?.is_dir(), "there is no JavaScript")?;
        }
        let own = self.get("--agency.my-address").or_else(|| self.get("--cluster.my-address"));
        let listens = self.get("--server.endpoint");
        ensure(listens.is_some_and(|endpoint| endpoint.contains("://127.0.0.1:")), "not on loopback")?;
        ensure(own == listens, "it does not listen where others look for it")
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.last().map(String::as_str)
    }

    pub(crate) fn path(&self, name: &str) -> Result<PathBuf, String> {
        self.get(name).map(inside).ok_or_else(|| format!("FATAL {name} is missing"))
    }

    /// `agent1`, `dbserver2`, …: the directory of the server, or the end of the name of its container.
    pub(crate) fn name(&self) -> String {
        let directory = self.get("--database.directory").map(Path::new).and_then(Path::parent);
        let name = directory.and_then(Path::file_name).and_then(|name| name.to_str());
        env::var("STAND_IN_NAME").ok().or(name.map(str::to_owned)).unwrap_or_default()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.get("--server.endpoint").is_some_and(|endpoint| endpoint.starts_with("ssl://"))
    }

    /// The port on this machine.
    pub(crate) fn port(&self) -> Option<u16> {
        let published = env::var("STAND_IN_PORT").ok();
        let port = published.as_deref().or_else(|| self.get("--server.endpoint")?.rsplit(':').next());
        port?.parse().ok()
    }
}

/// Returns the value of a variable for `@NAME@`, and other values as they are.
fn with_variable(value: &str) -> String {
    let name = value.strip_prefix('@').and_then(|rest| rest.strip_suffix('@'));
    name.map_or_else(|| value.to_owned(), |name| env::var(name).unwrap_or_default())
}

/// Finds a file of a container on this machine.
fn inside(path: &str) -> PathBuf {
    let volumes = env::var("STAND_IN_VOLUMES").unwrap_or_default();
    let mounted = volumes.split(',').filter_map(|volume| volume.split_once(':'));
    let mut outside =
        mounted.filter(|(_, there)| there.trim_end_matches(":ro") == path).map(|(here, _)| here);
    outside.next().unwrap_or(path).into()
}

fn ensure(holds: bool, reason: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("FATAL {reason}")) }
}
