//! The environment variables that describe a cluster to a program.

use crate::cluster::ClusterInfo;

/// Returns the variables and their values.
pub(crate) fn environment(info: &ClusterInfo) -> Vec<(&'static str, String)> {
    let credentials = info.credentials.as_ref();
    let variables = [
        ("ARANGO_ENDPOINTS", Some(info.endpoints.join(","))),
        ("ARANGO_ROOT_PASSWORD", info.root_password.clone()),
        ("ARANGO_JWT_SECRET", info.jwt_secret.clone()),
        ("ARANGO_USER", credentials.map(|known| known.user.clone())),
        ("ARANGO_PASSWORD", credentials.and_then(|known| known.password.clone())),
        ("ARANGO_TOKEN", credentials.and_then(|known| known.token.clone())),
        ("ARANGO_TEST_CONTROL", info.control.clone()),
        ("ARANGO_TEST_BACKEND", Some(info.backend.clone())),
        ("ARANGO_TEST_DISCOVERY", info.discovery_off.then(|| "off".to_owned())),
        ("ARANGO_CA_FILE", info.ca_file.clone()),
    ];
    variables.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_endpoints_credentials_and_control_url() {
        let variables = environment(&ClusterInfo::sample());

        assert_eq!(
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            [
                "ARANGO_ENDPOINTS=http://127.0.0.1:8529,http://127.0.0.1:8539",
                "ARANGO_ROOT_PASSWORD=pass\nwd",
                "ARANGO_JWT_SECRET=secret",
                "ARANGO_TEST_CONTROL=http://127.0.0.1:4711/abc",
                "ARANGO_TEST_BACKEND=embedded",
                "ARANGO_CA_FILE=/tmp/ca.pem",
            ]
        );
    }

    #[test]
    fn programs_learn_that_discovery_would_lead_round_the_proxies() {
        let mut info = ClusterInfo::sample();
        info.through_proxies(&["http://127.0.0.1:1".to_owned(), "http://127.0.0.1:2".to_owned()]);
        info.discovery_off = true;

        let variables = environment(&info);

        let value =
            |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("ARANGO_ENDPOINTS"), Some("http://127.0.0.1:1,http://127.0.0.1:2"));
        assert_eq!(value("ARANGO_TEST_DISCOVERY"), Some("off"));
        assert_eq!(info.behind_proxies, ["http://127.0.0.1:8529", "http://127.0.0.1:8539"]);
    }
}
