//! Parses lists of coordinators.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use crate::types::coordinator::Coordinator;
use crate::types::invalid_hosts::{InvalidHost, InvalidHosts, without_secrets};

/// A non-empty list of distinct coordinators, in the order given.
///
/// ```
/// use arango_transport::Hosts;
///
/// let hosts: Hosts = "http://one:8529, tcp://two".parse()?;
/// assert_eq!(hosts.to_string(), "http://one:8529,http://two:8529");
/// assert_eq!(hosts, Hosts::parse(["http://one:8529", "http://two:8529"])?);
///
/// let error = "http://one,,ftp://two".parse::<Hosts>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "2 of the hosts cannot be used: number 2 is empty; \
///      number 3, `ftp://two`, has the unknown scheme `ftp`"
/// );
/// # Ok::<(), arango_transport::InvalidHosts>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<Coordinator>);

impl Hosts {
    /// Parses a list of hosts.
    ///
    /// Each item may itself contain several hosts, separated by commas.
    ///
    /// # Errors
    ///
    /// Lists every invalid item and its fault. An empty list is an error, too.
    pub fn parse<I>(items: I) -> Result<Self, InvalidHosts>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let (mut coordinators, mut seen) = (Vec::new(), HashSet::new());
        let mut faults = Vec::new();
        let mut number = 0;
        for item in items {
            let item = item.as_ref();
            // Found once: there may be a thousand hosts in one text.
            let last_at = item.rfind('@');
            let mut rest = Some(item);
            while let Some(left) = rest {
                number += 1;
                // A password may contain a comma, so the text before an `@` may look like several hosts.
                let secret = last_at.is_some_and(|at| at >= item.len() - left.len());
                let text;
                (text, rest) = match left.split_once(',') {
                    Some((text, rest)) => (text, Some(rest)),
                    None => (left, None),
                };
                match text.parse::<Coordinator>() {
                    Err(_) if secret => faults.push(InvalidHost::with_credentials(number, text)),
                    Ok(coordinator) if seen.insert(coordinator.clone()) => coordinators.push(coordinator),
                    Ok(_) => {}
                    Err(fault) => {
                        faults.push(InvalidHost { number, text: without_secrets(text.trim()), fault });
                    }
                }
            }
        }
        if coordinators.is_empty() || !faults.is_empty() {
            return Err(InvalidHosts { faults });
        }
        Ok(Self(coordinators))
    }

    /// Returns the coordinators.
    pub fn coordinators(&self) -> &[Coordinator] {
        &self.0
    }
}

impl FromStr for Hosts {
    type Err = InvalidHosts;

    fn from_str(text: &str) -> Result<Self, InvalidHosts> {
        Self::parse([text])
    }
}

impl From<Coordinator> for Hosts {
    fn from(coordinator: Coordinator) -> Self {
        Self(vec![coordinator])
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, coordinator) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{coordinator}")?;
        }
        Ok(())
    }
}

/// Hosts as the user wrote them, parsed when the client is built.
///
/// Created from one comma-separated string or from a list of strings.
#[derive(Clone, Default)]
pub struct HostList(Vec<String>);

impl HostList {
    /// Parses the list.
    ///
    /// # Errors
    ///
    /// The same as [`Hosts::parse`].
    pub fn parse(&self) -> Result<Hosts, InvalidHosts> {
        Hosts::parse(&self.0)
    }
}

impl fmt::Debug for HostList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|text| without_secrets(text))).finish()
    }
}

impl From<&str> for HostList {
    fn from(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }
}

impl From<String> for HostList {
    fn from(text: String) -> Self {
        Self(vec![text])
    }
}

impl From<&String> for HostList {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Hosts> for HostList {
    fn from(hosts: Hosts) -> Self {
        Self(hosts.0.iter().map(ToString::to_string).collect())
    }
}

impl<S: AsRef<str>> From<&[S]> for HostList {
    fn from(items: &[S]) -> Self {
        Self(items.iter().map(|item| item.as_ref().to_owned()).collect())
    }
}

impl<S: AsRef<str>> From<Vec<S>> for HostList {
    fn from(items: Vec<S>) -> Self {
        Self::from(&*items)
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for HostList {
    fn from(items: [S; N]) -> Self {
        Self::from(&items[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::invalid_hosts::InvalidHostReason;
    use proptest::prelude::*;

    fn fault(text: &str) -> InvalidHostReason {
        text.parse::<Hosts>().unwrap_err().faults()[0].fault().clone()
    }

    #[test]
    fn equivalent_spellings_parse_to_the_same_coordinator() {
        for (text, url) in [
            ("http://localhost:8529", "http://localhost:8529"),
            ("  tcp://LocalHost ", "http://localhost:8529"),
            ("http+tcp://db_1.example.com:80/", "http://db_1.example.com:80"),
            ("HTTP://10.0.0.1", "http://10.0.0.1:8529"),
            ("http://[::1]:8530", "http://[::1]:8530"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]:8529"),
            ("http://[FE80::1%25eth0]", "http://[fe80::1%25eth0]:8529"),
            ("http://[fe80::1%eth0]:1", "http://[fe80::1%25eth0]:1"),
            ("http://[fe80::1%25]", "http://[fe80::1%2525]:8529"),
            ("http://[fe80::1%2]", "http://[fe80::1%252]:8529"),
            ("http://a/arango", "http://a:8529/arango"),
            ("tcp://a:443/Arango/db%20/", "http://a:443/Arango/db%20"),
            #[cfg(unix)]
            ("unix:///run/a%20b.sock", "unix:///run/a%20b.sock"),
            #[cfg(unix)]
            ("HTTP+unix://%2Frun%2Fa%20b.sock", "unix:///run/a b.sock"),
            #[cfg(feature = "rustls")]
            ("HTTPS://a", "https://a:8529"),
            #[cfg(feature = "rustls")]
            ("ssl://[::1]:1", "https://[::1]:1"),
            #[cfg(feature = "rustls")]
            ("http+ssl://a", "https://a:8529"),
        ] {
            let hosts: Hosts = text.parse().unwrap();
            assert_eq!(hosts.to_string(), url, "{text}");
            assert_eq!(url.parse(), Ok(hosts), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_path_is_displayed_on_one_line_and_can_be_parsed_again() {
        for path in ["/a,b", "/a ", "/a\nb", "/a,%2F\u{85}"] {
            let encoded = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
            let hosts: Hosts = format!("http+unix://{encoded}").parse().unwrap();
            assert_eq!(hosts.coordinators()[0].host(), &crate::types::coordinator::Host::Socket(path.into()));
            let shown = hosts.to_string();
            assert!(!shown.contains(char::is_control), "{shown}");
            assert_eq!(shown.parse::<Hosts>().unwrap(), hosts);
            assert_eq!(HostList::from(hosts.clone()).parse().unwrap(), hosts);
        }
    }

    #[test]
    fn a_comma_separated_string_and_a_list_parse_to_the_same_distinct_hosts() {
        let string: Hosts = "http://a,http://b , tcp://a:8529".parse().unwrap();
        assert_eq!(string, Hosts::parse(vec!["http://a".to_owned(), "http://b".to_owned()]).unwrap());
        assert_eq!(string.coordinators().len(), 2);
    }

    #[test]
    fn each_fault_is_reported() {
        for (text, expected) in [
            ("", InvalidHostReason::Empty),
            (" ", InvalidHostReason::Empty),
            ("localhost:8529", InvalidHostReason::MissingScheme),
            ("ftp://a", InvalidHostReason::UnknownScheme("ftp".into())),
            ("vst://a", InvalidHostReason::UnknownScheme("vst".into())),
            ("http://", InvalidHostReason::Host),
            ("http://a b", InvalidHostReason::Separator),
            ("http://a:1 http://b:2", InvalidHostReason::Separator),
            ("http://a:1;http://b:2", InvalidHostReason::Separator),
            ("http://a\nhttp://b", InvalidHostReason::Separator),
            ("http://[fe80::1%25]x", InvalidHostReason::Host),
            ("http://[fe80::1%]", InvalidHostReason::Zone),
            ("http://[fe80::1%25a/b]", InvalidHostReason::Brackets),
            ("http://[fe80::1%25a,b]", InvalidHostReason::Brackets),
            ("http://[fe80::1%25a%2Fb]", InvalidHostReason::Zone),
            ("http://a/../b", InvalidHostReason::Prefix),
            ("http://a//", InvalidHostReason::Prefix),
            ("http://root:80/pw@a", InvalidHostReason::Credentials),
            ("http://[::zz]", InvalidHostReason::Host),
            ("http://::1:8529", InvalidHostReason::Brackets),
            ("http://[::1", InvalidHostReason::Brackets),
            ("http://a:", InvalidHostReason::Port(String::new())),
            ("http://a:0", InvalidHostReason::Port("0".into())),
            ("http://a:+80", InvalidHostReason::Port("+80".into())),
            ("http://a:65536", InvalidHostReason::Port("65536".into())),
            ("unix://run/a.sock", InvalidHostReason::SocketPath),
            ("unix:/run/a.sock", InvalidHostReason::SocketPath),
            ("http+unix:/run/a.sock", InvalidHostReason::SocketPath),
            ("unix://", InvalidHostReason::SocketPath),
            #[cfg(not(unix))]
            ("unix:///run/a.sock", InvalidHostReason::Socket),
            ("http://a/_db/x", InvalidHostReason::Path),
            ("http://a/?x=1", InvalidHostReason::Query),
            ("http://a?x=1", InvalidHostReason::Query),
            ("http://a#f", InvalidHostReason::Fragment),
            ("http://root:pw@a:8529", InvalidHostReason::Credentials),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
    }

    #[test]
    fn the_same_address_with_a_different_path_prefix_is_a_different_coordinator() {
        let hosts: Hosts = "http://a/one,http://a/two,http://a,http://a/one/".parse().unwrap();
        let prefixes: Vec<_> = hosts.coordinators().iter().map(Coordinator::path_prefix).collect();
        assert_eq!(prefixes, ["/one", "/two", ""]);
        let (one, two) = (&hosts.coordinators()[0], &hosts.coordinators()[1]);
        assert_eq!((one.authority(), format!("{two:?}")), (two.authority(), "http://a:8529/two".to_owned()));
    }

    #[cfg(not(feature = "rustls"))]
    #[test]
    fn a_tls_host_is_rejected_without_the_tls_feature() {
        for text in ["https://a", "ssl://a", "http+ssl://a"] {
            assert_eq!(fault(text), InvalidHostReason::Tls, "{text}");
        }
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn the_same_address_with_and_without_tls_is_two_coordinators() {
        let hosts: Hosts = "https://a,http://a,ssl://a".parse().unwrap();
        assert_eq!(hosts.to_string(), "https://a:8529,http://a:8529");
    }

    #[test]
    fn all_invalid_items_are_reported_together_without_secrets() {
        let error = Hosts::parse(["http://root:s3cret@a", "http://ok", "", "http://b?token=s3cret", "x"])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "4 of the hosts cannot be used: number 1, `…@a`, contains credentials; pass them to the client \
             separately; number 3 is empty; number 4, `http://b`, has a query; give the host alone; \
             number 5, `x`, has no scheme: write http://host:port"
        );
        assert!(!format!("{error:?}").contains("s3cret"));
        let none: [&str; 0] = [];
        assert!(Hosts::parse(none).unwrap_err().to_string().starts_with("no hosts were given"));
    }

    #[test]
    fn no_part_of_a_password_is_displayed() {
        for text in
            ["http://root:s3cr?et@a", "http://root:s3,cret@a", "http://root:s3#@a", "ftp://u:s3@a,http://ok"]
        {
            let error = text.parse::<Hosts>().unwrap_err();
            let shown = format!("{error} {error:?} {:?}", HostList::from(text));
            assert!(!shown.contains("s3") && !shown.contains("cret"), "{shown}");
            assert!(shown.contains("contains credentials"), "{shown}");
        }
        let error = "http://u:s3@a,ftp://b".parse::<Hosts>().unwrap_err().to_string();
        assert!(error.contains("number 2, `ftp://b`, has the unknown scheme `ftp`"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            drop(text.parse::<Hosts>());
        }

        #[test]
        fn displayed_hosts_can_be_parsed_again(host in "[a-z0-9][a-z0-9.-]{0,20}", port in 1_u16..) {
            let hosts: Hosts = format!("tcp://{host}:{port}").parse().unwrap();
            prop_assert_eq!(&hosts.to_string().parse::<Hosts>().unwrap(), &hosts);
        }

        #[cfg(unix)]
        #[test]
        fn any_displayed_socket_path_can_be_parsed_again(path in "/[^\\x00]{0,20}") {
            let encoded = percent_encoding::utf8_percent_encode(&path, percent_encoding::NON_ALPHANUMERIC);
            let coordinator: Coordinator = format!("http+unix://{encoded}").parse().unwrap();
            prop_assert_eq!(coordinator.host(), &crate::types::coordinator::Host::Socket(path.into()));
            let hosts = Hosts::from(coordinator);
            prop_assert_eq!(&hosts.to_string().parse::<Hosts>().unwrap(), &hosts);
        }

        #[test]
        fn any_ipv6_address_is_parsed(bits in any::<u128>()) {
            let ip = std::net::Ipv6Addr::from(bits);
            let coordinator: Coordinator = format!("http://[{ip}]:1").parse().unwrap();
            prop_assert_eq!(coordinator.host(), &crate::types::coordinator::Host::Ip(ip.into()));
        }
    }
}
