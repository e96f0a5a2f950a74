//! Strings in other forms: JSON, hexadecimal, Base64, URI and IPv4.

use super::arguments::{argument, integer, text};
use super::context::Context;
use crate::error::QueryError;
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn json_stringify(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).to_json_string().into())
}

pub(super) fn json_parse(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(json) = argument(arguments, 0).as_str() else { return context.invalid() };
    match Value::from_json(json.as_bytes()) {
        Ok(value) => Ok(value),
        // The text may be JSON all the same.
        Err(error) if error.to_string().starts_with("recursion limit exceeded") => {
            Err(context.not_implemented("more than 127 levels"))
        }
        Err(_) => context.invalid(),
    }
}

pub(super) fn to_hex(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let text = text(arguments, 0);
    Ok(text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect::<String>().into())
}

pub(super) fn to_base64(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text(arguments, 0).as_bytes().chunks(3) {
        let byte = |position| u32::from(chunk.get(position).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for position in 0..4 {
            let index = (bits >> (18 - 6 * position)) & 0x3f;
            let is_padding = position > chunk.len();
            encoded.push(if is_padding { '=' } else { char::from(ALPHABET[index as usize]) });
        }
    }
    Ok(encoded.into())
}

pub(super) fn encode_uri_component(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let encode = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    Ok(text(arguments, 0).bytes().map(encode).collect::<String>().into())
}

pub(super) fn is_ipv4(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).as_str().and_then(address).is_some().into())
}

pub(super) fn ipv4_to_number(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0).as_str().and_then(address) {
        Some(address) => Ok(Value::Int(address.into())),
        None => context.invalid(),
    }
}

pub(super) fn ipv4_from_number(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let number = if argument(arguments, 0).is_number() { integer(arguments, 0) } else { -1 };
    match u32::try_from(number) {
        Ok(address) => Ok(address.to_be_bytes().map(|octet| octet.to_string()).join(".").into()),
        Err(_) => context.invalid(),
    }
}

/// Reads four numbers without leading zeros.
fn address(text: &str) -> Option<u32> {
    let address: std::net::Ipv4Addr = text.parse().ok()?;
    Some(address.into())
}
