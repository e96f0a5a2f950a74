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
                "ARANGO_CA_FILE=/tmp/ca.pem",
            ]
        );
    }
}
