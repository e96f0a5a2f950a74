//! IPv6 addresses that hold within a zone of this machine, such as `fe80::1%eth0`.

use std::net::Ipv6Addr;

use crate::HostFault;
use crate::coordinator::Host;

/// Reads what stands in brackets: an IPv6 address, and its zone if there is one.
///
/// The `%` before the zone is written as `%25` (RFC 6874), or as it is, where `25` does not follow.
pub(crate) fn read(text: &str) -> Result<Host, HostFault> {
    let (ip, zone) = match text.split_once('%') {
        Some((ip, rest)) => {
            (ip, Some(rest.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(rest)))
        }
        None => (text, None),
    };
    let ip: Ipv6Addr = ip.parse().map_err(|_| HostFault::Host)?;
    let Some(zone) = zone else { return Ok(Host::Ip(ip.into())) };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(fits) {
        return Err(HostFault::Zone);
    }
    Ok(Host::Zoned(ip, zone.to_owned()))
}
