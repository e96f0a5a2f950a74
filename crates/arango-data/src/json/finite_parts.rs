//! The parts of sequences, maps and structs, with what is needed to name one of them.

use serde::ser::{self, Serialize};

use super::finite::Finite;
use super::write_state::WriteState;

/// The parts of a sequence, map or struct, with what is needed to name one of them.
pub(super) struct Parts<'a, C> {
    inner: C,
    state: &'a WriteState,
    index: usize,
    key: Option<String>,
}

impl<'a, C> Parts<'a, C> {
    pub(super) fn new(inner: C, state: &'a WriteState) -> Self {
        Self { inner, state, index: 0, key: None }
    }

    fn finite<'b, T: ?Sized>(&self, value: &'b T) -> Finite<'b, T>
    where
        'a: 'b,
    {
        Finite { value, state: self.state }
    }

    /// Passes the next element on; names its index if it is refused.
    fn element<T: ?Sized, E>(
        &mut self,
        value: &T,
        write: impl FnOnce(&mut C, &Finite<'_, T>) -> Result<(), E>,
    ) -> Result<(), E> {
        let state = self.state;
        write(&mut self.inner, &Finite { value, state })
            .inspect_err(|_| state.fault.add_index(self.index))?;
        self.index += 1;
        Ok(())
    }
}

/// Implements one of the traits whose parts are elements with an index.
macro_rules! elements {
    ($($trait:ident::$method:ident,)*) => {
        $(impl<C: ser::$trait> ser::$trait for Parts<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                self.element(value, |inner, value| inner.$method(value))
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        })*
    };
}

/// Implements one of the traits whose parts are fields with a name.
macro_rules! fields {
    ($($trait:ident,)*) => {
        $(impl<C: ser::$trait> ser::$trait for Parts<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn serialize_field<T>(&mut self, name: &'static str, value: &T) -> Result<(), C::Error>
            where
                T: Serialize + ?Sized,
            {
                self.state.record_name(name);
                let value = self.finite(value);
                self.inner.serialize_field(name, &value).inspect_err(|_| self.state.fault.add_name(name))
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), C::Error> {
                self.inner.skip_field(name)
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        })*
    };
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

fields! {
    SerializeStruct,
    SerializeStructVariant,
}

impl<C: ser::SerializeMap> ser::SerializeMap for Parts<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.key = Some(key_text(key));
        let key = self.finite(key);
        self.inner.serialize_key(&key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let value = self.finite(value);
        let key = self.key.take();
        self.inner
            .serialize_value(&value)
            .inspect_err(|_| self.state.fault.add_name(key.as_deref().unwrap_or("?")))
    }

    // Nearly all maps are written by this one, which needs the text of a key only after a failure.
    fn serialize_entry<K, V>(&mut self, key: &K, value: &V) -> Result<(), C::Error>
    where
        K: Serialize + ?Sized,
        V: Serialize + ?Sized,
    {
        let value = self.finite(value);
        self.inner.serialize_entry(key, &value).inspect_err(|_| self.state.fault.add_name(&key_text(key)))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}

fn key_text<K: Serialize + ?Sized>(key: &K) -> String {
    match serde_json::to_value(key) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => "?".to_owned(),
    }
}
