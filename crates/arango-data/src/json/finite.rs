//! A serializer that refuses what JSON or the server would change in silence.

use std::fmt::Display;

use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::finite_parts::Parts;
use super::write_state::{KeyPresence, WriteState};

const NOT_FINITE: &str = "is not a finite number";
const TOO_LARGE: &str = "is an integer of more than 64 bits";

/// The bytes that are allocated at first: most documents are not larger.
///
/// Growing a buffer step by step costs more than a larger one. The common allocators are fast up to 1 KiB.
const TYPICAL_LENGTH: usize = 1000;

/// Serialises a value as JSON. Also returns whether it may have a `_key`.
///
/// The writer of `serde_json` writes NaN and infinities as `null`, and the server stores integers of more than 64 bits
/// as rounded numbers. Here both are errors that name the path.
pub(crate) fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<(Vec<u8>, KeyPresence), serde_json::Error> {
    let mut bytes = Vec::with_capacity(TYPICAL_LENGTH);
    let key = append(&mut bytes, value)?;
    Ok((bytes, key))
}

/// Appends the JSON of a value. Also returns whether it may have a `_key`. After an error `bytes` ends with a part of it.
pub(crate) fn append<T: Serialize + ?Sized>(
    bytes: &mut Vec<u8>,
    value: &T,
) -> Result<KeyPresence, serde_json::Error> {
    let (state, write) = (WriteState::default(), &mut serde_json::Serializer::new(bytes));
    Finite { value, state: &state }.serialize(write).map_err(|error| state.explain(error))?;
    Ok(state.key_presence())
}

/// Serialises a value as JSON that is inserted into other JSON later.
pub(crate) fn to_raw<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, serde_json::Error> {
    let state = WriteState::default();
    to_raw_value(&Finite { value, state: &state }).map_err(|error| state.explain(error))
}

/// A value that is serialised through [`FiniteSerializer`].
pub(super) struct Finite<'a, T: ?Sized> {
    pub(super) value: &'a T,
    pub(super) state: &'a WriteState,
}

impl<T: Serialize + ?Sized> Serialize for Finite<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(FiniteSerializer { inner: serializer, state: self.state })
    }
}

/// Passes everything on to `inner`, except numbers that JSON or the server would change, and records names in `state`.
struct FiniteSerializer<'a, S> {
    inner: S,
    state: &'a WriteState,
}

macro_rules! pass_on {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        })*
    };
}

impl<'a, S: Serializer> Serializer for FiniteSerializer<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Parts<'a, S::SerializeSeq>;
    type SerializeTuple = Parts<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Parts<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Parts<'a, S::SerializeTupleVariant>;
    type SerializeMap = Parts<'a, S::SerializeMap>;
    type SerializeStruct = Parts<'a, S::SerializeStruct>;
    type SerializeStructVariant = Parts<'a, S::SerializeStructVariant>;

    pass_on! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            self.inner.serialize_f32(value)
        } else {
            Err(self.state.fault.refuse(NOT_FINITE))
        }
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            self.inner.serialize_f64(value)
        } else {
            Err(self.state.fault.refuse(NOT_FINITE))
        }
    }

    fn serialize_i128(self, value: i128) -> Result<S::Ok, S::Error> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.inner.serialize_i64(value),
            (_, Ok(value)) => self.inner.serialize_u64(value),
            _ => Err(self.state.fault.refuse(TOO_LARGE)),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        match u64::try_from(value) {
            Ok(value) => self.inner.serialize_u64(value),
            Err(_) => Err(self.state.fault.refuse(TOO_LARGE)),
        }
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Finite { value, state: self.state })
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Finite { value, state: self.state })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let state = self.state;
        state.record_name(variant);
        self.inner
            .serialize_newtype_variant(name, index, variant, &Finite { value, state })
            .inspect_err(|_| state.fault.add_name(variant))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(Parts::new(self.inner.serialize_seq(length)?, self.state))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        Ok(Parts::new(self.inner.serialize_tuple(length)?, self.state))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        Ok(Parts::new(self.inner.serialize_tuple_struct(name, length)?, self.state))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.state.record_name(variant);
        let inner = self.inner.serialize_tuple_variant(name, index, variant, length)?;
        Ok(Parts::new(inner, self.state))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.state.record_other_names();
        Ok(Parts::new(self.inner.serialize_map(length)?, self.state))
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, S::Error> {
        Ok(Parts::new(self.inner.serialize_struct(name, length)?, self.state))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.state.record_name(variant);
        let inner = self.inner.serialize_struct_variant(name, index, variant, length)?;
        Ok(Parts::new(inner, self.state))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
