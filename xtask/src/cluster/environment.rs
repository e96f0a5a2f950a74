//! The variables by which a program finds the cluster it was started with.

use crate::cluster::Facts;

/// The variables and their values.
pub(crate) fn environment(facts: &Facts) -> Vec<(&'static str, String)> {
    let always = [
        ("ARANGO_ENDPOINTS", facts.endpoints.join(",")),
        ("ARANGO_ROOT_PASSWORD", facts.root_password.clone()),
        ("ARANGO_JWT_SECRET", facts.jwt_secret.clone()),
        ("ARANGO_TEST_CONTROL", facts.control.clone()),
    ];
    let ca_file = facts.ca_file.clone().map(|file| ("ARANGO_CA_FILE", file));
    always.into_iter().chain(ca_file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_learns_the_endpoints_the_credentials_and_the_control_door() {
        let variables = environment(&Facts::made_up());

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
