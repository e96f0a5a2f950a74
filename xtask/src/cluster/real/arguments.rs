//! The command line of a server, which depends on its role and its version.

use super::plan::{Plan, Server};
use super::version::Version;
use crate::cluster::member::Role;

/// The environment variable with the password of `root`: command lines can be read by all users of the machine.
pub(crate) const PASSWORD_VARIABLE: &str = "ARANGO_TEST_CLUSTER_ROOT_PASSWORD";

/// The value of an option that a server reads from that variable.
pub(crate) fn password_option() -> String {
    format!("@{PASSWORD_VARIABLE}@")
}

/// Where a server finds its files.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// On this machine, without the configuration of a package.
    Local {
        /// Directory of this server.
        directory: String,
        /// Directory with the JavaScript code of the server, which versions before 4.0 need.
        javascript: Option<String>,
    },
    /// In a container, with the configuration of its image.
    Container,
}

/// The addresses of one server and of the agents, without a scheme.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// Where it listens.
    pub(crate) listen: String,
    /// Where other servers reach it.
    pub(crate) internal: String,
    /// Where clients reach a coordinator, if not there.
    pub(crate) advertised: Option<String>,
    /// Where the agents are reached.
    pub(crate) agents: Vec<String>,
}

/// The files that servers share, as paths that the server can open.
#[derive(Debug, Clone)]
pub(crate) struct SharedFiles {
    pub(crate) secret: String,
    /// With TLS, the file with the key and the certificate.
    pub(crate) key: Option<String>,
}

/// Returns the arguments of `arangod` for one server.
pub(crate) fn argv(
    server: Server,
    version: Version,
    plan: &Plan,
    place: &Place,
    addresses: &Addresses,
    files: &SharedFiles,
) -> Vec<String> {
    let scheme = plan.endpoint_scheme();
    let endpoint = |address: &String| format!("{scheme}://{address}");
    let mut arguments = Arguments::default();

    arguments.flag("--server.endpoint", endpoint(&addresses.listen));
    arguments.flag("--server.jwt-secret-keyfile", &files.secret);
    if let Some(key) = &files.key {
        arguments.flag("--ssl.keyfile", key);
    }
    if let Place::Local { directory, javascript } = place {
        // The entry point of the images sets these, and its configuration file the directories.
        arguments.flag("--server.authentication", "true");
        arguments.flag("--database.directory", format!("{directory}/data"));
        arguments.flag("--temp.path", format!("{directory}/tmp"));
        arguments.flag("--log.file", format!("{directory}/log"));
        arguments.flag("--log.force-direct", "true");
        if version.has_javascript() {
            if let Some(javascript) = javascript {
                arguments.flag("--javascript.startup-directory", javascript);
            }
            arguments.flag("--javascript.app-path", format!("{directory}/apps"));
        }
    }
    arguments.flag("--log.level", "info");
    // Obsolete in 4.0.
    if version.has_javascript() {
        arguments.flag("--server.statistics", "false");
    }
    arguments.flag("--server.maximal-threads", "16");
    // Each process would take the memory of the whole machine for its own.
    arguments.flag("--rocksdb.block-cache-size", "67108864");
    arguments.flag("--rocksdb.total-write-buffer-size", "67108864");
    arguments.flag("--query.global-memory-limit", "536870912");

    match server.member.role {
        Role::Agent => {
            arguments.flag("--agency.activate", "true");
            arguments.flag("--agency.size", addresses.agents.len().to_string());
            // Off by default.
            arguments.flag("--agency.supervision", "true");
            arguments.flag("--agency.supervision-grace-period", "10");
            arguments.flag("--agency.supervision-frequency", "1");
            // Quicker, and safe enough for data that is thrown away.
            arguments.flag("--agency.wait-for-sync", "false");
            arguments.flag("--agency.my-address", endpoint(&addresses.internal));
            // The agents find one another by the first one.
            if let Some(first) = addresses.agents.first() {
                arguments.flag("--agency.endpoint", endpoint(first));
            }
            if version.has_javascript() {
                arguments.flag("--foxx.queues", "false");
            }
        }
        Role::DbServer | Role::Coordinator => {
            let is_coordinator = server.member.role == Role::Coordinator;
            arguments.flag("--cluster.my-role", if is_coordinator { "COORDINATOR" } else { "DBSERVER" });
            arguments.flag("--cluster.my-address", endpoint(&addresses.internal));
            for agent in &addresses.agents {
                arguments.flag("--cluster.agency-endpoint", endpoint(agent));
            }
            if is_coordinator {
                if let Some(advertised) = &addresses.advertised {
                    arguments.flag("--cluster.my-advertised-endpoint", endpoint(advertised));
                }
                // Read when the first coordinator creates the system database.
                arguments.flag("--database.password", password_option());
            }
        }
    }
    match place {
        Place::Local { .. } => [vec!["-c".to_owned(), "none".to_owned()], arguments.0].concat(),
        Place::Container => arguments.0,
    }
}

#[derive(Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn flag(&mut self, name: &str, value: impl Into<String>) {
        self.0.extend([name.to_owned(), value.into()]);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect_file;

    use super::*;
    use crate::cluster::member::Member;
    use crate::cluster::real::plan::TlsFiles;
    use crate::cluster::real::reserved_ports::ReservedPorts;

    fn plan(tls: Option<TlsFiles>) -> Plan {
        Plan {
            servers: Vec::new(),
            _ports: ReservedPorts::default(),
            directory: "/cluster".into(),
            secret_file: "/cluster/secret".into(),
            jwt_secret: "secret".to_owned(),
            root_password: "passwd".to_owned(),
            proxy_ports: Vec::new(),
            tls,
        }
    }

    fn all_roles(version: &str, place: &Place, plan: &Plan) -> String {
        let mut text = String::new();
        for role in Role::ALL {
            let server = Server { member: Member { role, index: 0 }, port: 8529 };
            let addresses = Addresses {
                listen: "127.0.0.1:8529".to_owned(),
                internal: "127.0.0.1:8529".to_owned(),
                advertised: matches!(place, Place::Container).then(|| "127.0.0.1:5000".to_owned()),
                agents: [4001, 4002, 4003].map(|port| format!("127.0.0.1:{port}")).to_vec(),
            };
            let files = SharedFiles {
                secret: "/cluster/secret".to_owned(),
                key: plan.tls.as_ref().map(|tls| tls.key_file.display().to_string()),
            };
            let version = Version::read(version).unwrap();
            let arguments = argv(server, version, plan, place, &addresses, &files);
            let lines: Vec<_> = arguments.chunks(2).map(|pair| pair.join(" ")).collect();
            _ = writeln!(text, "# {role:?}\n{}\n", lines.join("\n"));
        }
        text
    }

    fn local(version: &str) -> String {
        let place = Place::Local {
            directory: "/cluster/server".to_owned(),
            javascript: Some("/usr/share/arangodb3/js".to_owned()),
        };
        all_roles(version, &place, &plan(None))
    }

    #[test]
    fn each_version_gets_the_command_lines_of_its_file() {
        expect_file!["golden/3.10.txt"].assert_eq(&local("3.10.14"));
        expect_file!["golden/3.11.txt"].assert_eq(&local("3.11.14"));
        expect_file!["golden/3.12.txt"].assert_eq(&local("3.12.5"));
        expect_file!["golden/4.0.txt"].assert_eq(&local("4.0.0"));
    }

    #[test]
    fn a_container_gets_the_command_lines_of_its_file() {
        let files = TlsFiles { ca_file: "/ca.pem".into(), key_file: "/server.pem".into() };

        expect_file!["golden/container-3.12-tls.txt"].assert_eq(&all_roles(
            "3.12.5",
            &Place::Container,
            &plan(Some(files)),
        ));
    }

    #[test]
    fn no_version_gets_an_option_that_it_does_not_have() {
        for removed in
            ["--agency.pool-size", "--log.use-local-time", "--log.performance", "--network.protocol"]
        {
            assert!(!["3.10.14", "4.0.0"].map(local).concat().contains(removed), "{removed}");
        }
        for obsolete in ["--javascript.", "--foxx.", "--server.statistics"] {
            assert!(!local("4.0.0").contains(obsolete), "{obsolete}");
            assert!(local("3.12.5").contains(obsolete), "{obsolete}");
        }
    }

    #[test]
    fn addresses_never_depend_on_a_resolver() {
        assert!(!local("3.12.5").contains("localhost"));
    }
}
