//! What programs and people need to reach a cluster.

use serde::{Deserialize, Serialize};

use super::http_client::Authorization;

/// Printed with `--json`, shown as a table without it, and put into the environment of programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterInfo {
    /// The back end, as on the command line.
    pub(crate) backend: String,
    pub(crate) version: String,
    pub(crate) endpoints: Vec<String>,
    /// Unknown for an external cluster, except to a user who is `root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) root_password: Option<String>,
    /// Unknown for an external cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_secret: Option<String>,
    /// Unknown for an external cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) superuser_token: Option<String>,
    /// The credentials for an external cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credentials: Option<Credentials>,
    /// URL of the control listener, which kills and restarts servers; an external cluster has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<String>,
    /// File with the certificate of the authority that signed the coordinators' certificates, if they use TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<String>,
    /// URLs of the coordinators behind their proxies, if they have any; then the other URLs are those of the proxies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) behind_proxies: Vec<String>,
    /// Whether discovery would find addresses that lead round the proxies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) discovery_off: bool,
    pub(crate) coordinators: Vec<Address>,
    pub(crate) db_servers: Vec<String>,
    pub(crate) agents: Vec<String>,
}

/// A coordinator, the role that clients connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) url: String,
}

/// The credentials of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

impl ClusterInfo {
    /// Replaces the URLs by those of proxies, in the order of the coordinators.
    pub(crate) fn through_proxies(&mut self, urls: &[String]) {
        for (coordinator, url) in self.coordinators.iter_mut().zip(urls) {
            self.behind_proxies.push(std::mem::replace(&mut coordinator.url, url.clone()));
        }
        self.endpoints = urls.to_vec();
    }

    /// Serializes all of it as one JSON object without a line break.
    ///
    /// # Errors
    /// None are known: every field is made of strings.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// The authorization of `root`, or of the user of an external cluster.
    pub(crate) fn authorization(&self) -> Authorization {
        let basic = |user: &str, password: &Option<String>| match password {
            Some(password) => Authorization::Basic { user: user.to_owned(), password: password.clone() },
            None => Authorization::None,
        };
        match &self.credentials {
            Some(Credentials { token: Some(token), .. }) => Authorization::Bearer(token.clone()),
            Some(known) => basic(&known.user, &known.password),
            None => basic("root", &self.root_password),
        }
    }

    /// Describes a cluster that does not exist, for tests of the output.
    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        let coordinator =
            |id: &str, port| Address { id: id.to_owned(), url: format!("http://127.0.0.1:{port}") };
        let coordinators = vec![coordinator("CRDN-1", 8529), coordinator("CRDN-22", 8539)];
        Self {
            backend: "embedded".to_owned(),
            version: "3.12.5".to_owned(),
            endpoints: coordinators.iter().map(|coordinator| coordinator.url.clone()).collect(),
            root_password: Some("pass\nwd".to_owned()),
            jwt_secret: Some("secret".to_owned()),
            superuser_token: Some("e30.e30.c2ln".to_owned()),
            credentials: None,
            control: Some("http://127.0.0.1:4711/abc".to_owned()),
            ca_file: Some("/tmp/ca.pem".to_owned()),
            behind_proxies: Vec::new(),
            discovery_off: false,
            coordinators,
            db_servers: vec!["PRMR-1".to_owned()],
            agents: vec!["AGNT-1".to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_is_one_line_with_all_fields() {
        let line = ClusterInfo::sample().to_json().unwrap();
        let value: Value = serde_json::from_str(&line).unwrap();

        assert!(!line.contains('\n'), "{line}");
        assert_eq!(value["endpoints"], json!(["http://127.0.0.1:8529", "http://127.0.0.1:8539"]));
        assert_eq!(value["root_password"], "pass\nwd");
        assert_eq!(value["jwt_secret"], "secret");
        assert_eq!(value["control"], "http://127.0.0.1:4711/abc");
        assert_eq!(value["ca_file"], "/tmp/ca.pem");
        assert_eq!(value["coordinators"][1], json!({ "id": "CRDN-22", "url": "http://127.0.0.1:8539" }));
        assert_eq!((&value["db_servers"], &value["agents"]), (&json!(["PRMR-1"]), &json!(["AGNT-1"])));
        assert!(value.as_object().unwrap().values().all(|value| !value.is_null()), "{line}");
    }
}
