//! Randomness, which a seed makes repeatable.

use super::arguments::integer;
use super::context::Context;
use crate::error::QueryError;
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn rand(context: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(Value::double(context.environment.random()))
}

pub(super) fn random_token(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let length = integer(arguments, 0);
    if !(0..=65_536).contains(&length) {
        return Err(context.argument_error());
    }
    let mut char = || {
        let index = context.environment.random_bits() % ALPHABET.len() as u64;
        char::from(ALPHABET[usize::try_from(index).unwrap_or_default()])
    };
    Ok((0..length).map(|_| char()).collect::<String>().into())
}

pub(super) fn uuid(context: &mut Context<'_>, _: &[Value]) -> Result {
    let (high, low) = (context.environment.random_bits(), context.environment.random_bits());
    // Version 4, variant 1.
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    let digits = format!("{high:016x}{low:016x}");
    let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(groups.join("-").into())
}
