//! The address of a coordinator.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::types::invalid_hosts::InvalidHostReason;
use crate::types::{ip_zone, path_prefix};

/// The port of a host that is written without one.
const DEFAULT_PORT: u16 = 8529;

/// The address of a coordinator, parsed once.
///
/// Accepted forms:
///
/// - `http://host:port`, `tcp://host:port` and `http+tcp://host:port`, which are equivalent;
/// - with TLS `https://host:port`, `ssl://host:port` and `http+ssl://host:port`;
/// - `unix:///run/arangodb.sock` or `http+unix://%2Frun%2Farangodb.sock` for a Unix socket.
///
/// The port is optional; the default is 8529, also with TLS. IPv6 addresses are enclosed in brackets. A zone
/// follows `%25` or `%`, as in `http://[fe80::1%25eth0]`.
///
/// A path prefix that a gateway requires follows the port: `https://example.com:443/arango`. Addresses
/// with different prefixes are different coordinators.
///
/// Two coordinators are equal if their normalized URLs are equal. Clones are cheap.
///
/// ```
/// use arango_transport::Coordinator;
///
/// let local: Coordinator = "tcp://[::1]".parse()?;
/// assert_eq!(local.to_string(), "http://[::1]:8529");
/// assert_eq!(local, "HTTP://[0::1]:8529/".parse()?);
/// # Ok::<(), arango_transport::InvalidHostReason>(())
/// ```
#[derive(Clone)]
pub struct Coordinator(Arc<Parsed>);

struct Parsed {
    tls: bool,
    host: Host,
    port: u16,
    /// Whether the port was not written, so that the default applies.
    is_default_port: bool,
    url: String,
    /// Length of the part of the URL before the path prefix, in bytes.
    origin_length: usize,
    authority: HeaderValue,
}

/// The host of a coordinator.
///
/// It is a name, an address or a socket path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// A host name to be resolved, in lower case.
    Name(String),
    /// An IP address without a zone.
    Ip(IpAddr),
    /// An IPv6 address and its local zone.
    ///
    /// The zone is the name or the number of a network interface.
    Zoned(Ipv6Addr, String),
    /// The path of a Unix socket.
    Socket(PathBuf),
}

impl Coordinator {
    /// Returns the host.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Returns the port; 0 for a Unix socket.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Returns whether connections to it use TLS.
    pub fn is_tls(&self) -> bool {
        self.0.tls
    }

    /// Returns the prefix of every request path, such as `/arango`.
    ///
    /// Empty by default.
    pub fn path_prefix(&self) -> &str {
        &self.0.url[self.0.origin_length..]
    }

    /// Returns whether no port was written, so that the default applies.
    pub(crate) fn has_default_port(&self) -> bool {
        self.0.is_default_port
    }

    /// Returns the normalized URL with its path prefix, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0.url
    }

    /// Returns the value of the `Host` header.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.0.authority
    }
}

impl FromStr for Coordinator {
    type Err = InvalidHostReason;

    fn from_str(text: &str) -> Result<Self, InvalidHostReason> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidHostReason::Empty);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            let is_socket = text.starts_with("unix:") || text.starts_with("http+unix:");
            return Err(if is_socket {
                InvalidHostReason::SocketPath
            } else {
                InvalidHostReason::MissingScheme
            });
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "unix" | "http+unix" => return Self::socket(rest),
            "http" | "tcp" | "http+tcp" => false,
            "https" | "ssl" | "http+ssl" if cfg!(feature = "rustls") => true,
            "https" | "ssl" | "http+ssl" => return Err(InvalidHostReason::Tls),
            _ => return Err(InvalidHostReason::UnknownScheme(scheme.to_owned())),
        };
        // Also checked in the path, because a password may contain a slash.
        if rest.contains('@') {
            return Err(InvalidHostReason::Credentials);
        }
        if rest.contains(|c: char| c == ';' || c.is_whitespace()) {
            return Err(InvalidHostReason::Separator);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        match tail.find(['?', '#']).map(|at| tail.as_bytes()[at]) {
            Some(b'?') => return Err(InvalidHostReason::Query),
            Some(_) => return Err(InvalidHostReason::Fragment),
            None => {}
        }
        let (host, written_port) = split_port(authority)?;
        let port = match written_port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse() {
                // `parse` alone would accept a leading sign.
                Ok(number) if number != 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => number,
                _ => return Err(InvalidHostReason::Port(port.to_owned())),
            },
        };
        let prefix = path_prefix::read(tail)?;
        let authority = match &host {
            Host::Name(name) => format!("{name}:{port}"),
            Host::Ip(IpAddr::V4(ip)) => format!("{ip}:{port}"),
            // A zone is only meaningful on this machine, so it is not sent to the server.
            Host::Ip(IpAddr::V6(ip)) | Host::Zoned(ip, _) => format!("[{ip}]:{port}"),
            Host::Socket(_) => unreachable!("Unix sockets are parsed separately"),
        };
        let scheme = if tls { "https" } else { "http" };
        let mut url = match &host {
            Host::Zoned(ip, zone) => format!("{scheme}://[{ip}%25{zone}]:{port}"),
            _ => format!("{scheme}://{authority}"),
        };
        let origin_length = url.len();
        url.push_str(prefix);
        let authority = HeaderValue::try_from(authority).map_err(|_| InvalidHostReason::Host)?;
        let assumed_port = written_port.is_none();
        Ok(Self(Arc::new(Parsed {
            tls,
            host,
            port,
            is_default_port: assumed_port,
            url,
            origin_length,
            authority,
        })))
    }
}

impl Coordinator {
    /// Parses the path of a Unix socket, plain or percent-encoded.
    fn socket(path: &str) -> Result<Self, InvalidHostReason> {
        let decoded = percent_decode_str(path).decode_utf8();
        let path = if path.starts_with('/') { path } else { decoded.as_deref().unwrap_or_default() };
        if !path.starts_with('/') || path.contains('\0') {
            return Err(InvalidHostReason::SocketPath);
        }
        if !cfg!(unix) {
            return Err(InvalidHostReason::Socket);
        }
        // Encoded if the plain form could not be parsed again or would break a log line.
        let plain = !path.contains(|c: char| c == ',' || c.is_control()) && path.trim() == path;
        let url = if plain {
            format!("unix://{path}")
        } else {
            format!("http+unix://{}", utf8_percent_encode(path, NON_ALPHANUMERIC))
        };
        let host = Host::Socket(path.into());
        let authority = HeaderValue::from_static("localhost");
        let origin_length = url.len();
        Ok(Self(Arc::new(Parsed {
            tls: false,
            host,
            port: 0,
            is_default_port: false,
            url,
            origin_length,
            authority,
        })))
    }
}

/// Splits `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(authority: &str) -> Result<(Host, Option<&str>), InvalidHostReason> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (ip, tail) = rest.split_once(']').ok_or(InvalidHostReason::Brackets)?;
        let host = ip_zone::read(ip)?;
        let port = match tail.strip_prefix(':') {
            Some(port) => Some(port),
            None if tail.is_empty() => None,
            None => return Err(InvalidHostReason::Host),
        };
        return Ok((host, port));
    }
    let (name, port) = match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => return Err(InvalidHostReason::Brackets),
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    };
    if let Ok(ip) = name.parse::<IpAddr>() {
        return Ok((Host::Ip(ip), port));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || !name.bytes().all(is_allowed) {
        return Err(InvalidHostReason::Host);
    }
    Ok((Host::Name(name.to_ascii_lowercase()), port))
}

impl PartialEq for Coordinator {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.url == other.0.url
    }
}

impl Eq for Coordinator {}

impl Hash for Coordinator {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.url.hash(state);
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Zoned(ip, zone) => write!(f, "{ip}%{zone}"),
            Self::Name(name) => f.write_str(name),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

impl fmt::Display for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.url)
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.url)
    }
}
