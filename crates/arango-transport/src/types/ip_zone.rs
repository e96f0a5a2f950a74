//! IPv6 addresses with a zone of this machine, such as `fe80::1%eth0`.

use std::net::Ipv6Addr;

use crate::types::coordinator::Host;
use crate::types::invalid_hosts::InvalidHostReason;

/// Parses the text between brackets: an IPv6 address with an optional zone.
///
/// The `%` before the zone is written as `%25` (RFC 6874), or plainly if `25` does not follow.
pub(crate) fn read(text: &str) -> Result<Host, InvalidHostReason> {
    let (ip, zone) = match text.split_once('%') {
        Some((ip, rest)) => {
            (ip, Some(rest.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(rest)))
        }
        None => (text, None),
    };
    let ip: Ipv6Addr = ip.parse().map_err(|_| InvalidHostReason::Host)?;
    let Some(zone) = zone else { return Ok(Host::Ip(ip.into())) };
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(is_allowed) {
        return Err(InvalidHostReason::Zone);
    }
    Ok(Host::Zoned(ip, zone.to_owned()))
}
