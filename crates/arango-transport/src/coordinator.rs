//! One coordinator: where it is, as the user wrote it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{HostFault, ip_zone, path_prefix};

/// The port that is meant where none is given.
const DEFAULT_PORT: u16 = 8529;

/// The address of a coordinator, parsed once.
///
/// Written as `http://host:port`, `tcp://host:port` or `http+tcp://host:port`, which all mean the
/// same, or with TLS as `https://host:port`, `ssl://host:port` or `http+ssl://host:port`; the port may be left out and is 8529 then, also with
/// TLS; IPv6 addresses stand in brackets, a zone after `%25` or `%`, as in `http://[fe80::1%25eth0]`. Two that mean the
/// same are equal. Clones are cheap.
///
/// Where a gateway wants a path before every path, that follows: `https://example.com:443/arango`. With another prefix
/// it is another coordinator.
///
/// A Unix socket is written with its path, as `unix:///run/arangodb.sock` or `http+unix://%2Frun%2Farangodb.sock`.
///
/// ```
/// use arango_transport::Coordinator;
///
/// let here: Coordinator = "tcp://[::1]".parse()?;
/// assert_eq!(here.to_string(), "http://[::1]:8529");
/// assert_eq!(here, "HTTP://[0::1]:8529/".parse()?);
/// # Ok::<(), arango_transport::HostFault>(())
/// ```
#[derive(Clone)]
pub struct Coordinator(Arc<Parsed>);

struct Parsed {
    tls: bool,
    host: Host,
    port: u16,
    /// Whether the port is the one that is meant where none is written.
    assumed_port: bool,
    url: String,
    /// How much of the URL stands before the path prefix.
    origin_length: usize,
    authority: HeaderValue,
}

/// A host by name or by address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// To be resolved, in lower case.
    Name(String),
    /// An address.
    Ip(IpAddr),
    /// An address within a zone of this machine: the name of a network interface, or its number.
    Zoned(Ipv6Addr, String),
    /// A Unix socket, by its path.
    Socket(PathBuf),
}

impl Coordinator {
    /// The host.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// The port; 0 for a Unix socket.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Whether TLS is spoken with it.
    pub fn is_tls(&self) -> bool {
        self.0.tls
    }

    /// What is put before every path that is sent there, such as `/arango`; empty unless a gateway wants something.
    pub fn path_prefix(&self) -> &str {
        &self.0.url[self.0.origin_length..]
    }

    /// Whether no port was written, so that the default is meant.
    pub(crate) fn assumes_port(&self) -> bool {
        self.0.assumed_port
    }

    /// The normalised URL, path prefix included, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0.url
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.0.authority
    }
}

impl FromStr for Coordinator {
    type Err = HostFault;

    fn from_str(text: &str) -> Result<Self, HostFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(HostFault::Empty);
        }
        let (scheme, rest) = text.split_once("://").ok_or(HostFault::MissingScheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "unix" | "http+unix" => return Self::socket(rest),
            "http" | "tcp" | "http+tcp" => false,
            "https" | "ssl" | "http+ssl" if cfg!(feature = "tls") => true,
            "https" | "ssl" | "http+ssl" => return Err(HostFault::Tls),
            _ => return Err(HostFault::UnknownScheme(scheme.to_owned())),
        };
        // Also in a path: a password may hold a slash.
        if rest.contains('@') {
            return Err(HostFault::Credentials);
        }
        if rest.contains(|c: char| c == ';' || c.is_whitespace()) {
            return Err(HostFault::Separator);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        match tail.find(['?', '#']).map(|at| tail.as_bytes()[at]) {
            Some(b'?') => return Err(HostFault::Query),
            Some(_) => return Err(HostFault::Fragment),
            None => {}
        }
        let (host, written_port) = split_port(authority)?;
        let port = match written_port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse() {
                // `parse` would take a sign.
                Ok(number) if number != 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => number,
                _ => return Err(HostFault::Port(port.to_owned())),
            },
        };
        let prefix = path_prefix::read(tail)?;
        let authority = match &host {
            Host::Name(name) => format!("{name}:{port}"),
            Host::Ip(IpAddr::V4(ip)) => format!("{ip}:{port}"),
            // Zones are this machine's own, and no server's.
            Host::Ip(IpAddr::V6(ip)) | Host::Zoned(ip, _) => format!("[{ip}]:{port}"),
            Host::Socket(_) => unreachable!("the scheme of a socket is another"),
        };
        let scheme = if tls { "https" } else { "http" };
        let mut url = match &host {
            Host::Zoned(ip, zone) => format!("{scheme}://[{ip}%25{zone}]:{port}"),
            _ => format!("{scheme}://{authority}"),
        };
        let origin_length = url.len();
        url.push_str(prefix);
        let authority = HeaderValue::try_from(authority).map_err(|_| HostFault::Host)?;
        let assumed_port = written_port.is_none();
        Ok(Self(Arc::new(Parsed { tls, host, port, assumed_port, url, origin_length, authority })))
    }
}

impl Coordinator {
    /// Reads the path of a Unix socket, as it is or percent-encoded.
    fn socket(path: &str) -> Result<Self, HostFault> {
        let decoded = percent_decode_str(path).decode_utf8();
        let path = if path.starts_with('/') { path } else { decoded.as_deref().unwrap_or_default() };
        if !path.starts_with('/') || path.contains('\0') {
            return Err(HostFault::SocketPath);
        }
        if !cfg!(unix) {
            return Err(HostFault::Socket);
        }
        // What would not be read again as it is shown, or not be one line of a log, is shown encoded.
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
            assumed_port: false,
            url,
            origin_length,
            authority,
        })))
    }
}

/// Splits `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(authority: &str) -> Result<(Host, Option<&str>), HostFault> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (ip, tail) = rest.split_once(']').ok_or(HostFault::Brackets)?;
        let host = ip_zone::read(ip)?;
        let port = match tail.strip_prefix(':') {
            Some(port) => Some(port),
            None if tail.is_empty() => None,
            None => return Err(HostFault::Host),
        };
        return Ok((host, port));
    }
    let (name, port) = match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => return Err(HostFault::Brackets),
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    };
    if let Ok(ip) = name.parse::<IpAddr>() {
        return Ok((Host::Ip(ip), port));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(HostFault::Host);
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
