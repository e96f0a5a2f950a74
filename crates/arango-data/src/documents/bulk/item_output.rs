//! What a bulk write returns for each item.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::documents::evidence::Evidence;
use crate::documents::remove::Removed;
use crate::documents::write_output::{Sealed as _, Silent, Written};
use crate::documents::written_attributes::WrittenAttributes;
use crate::names::{Key, Revision};

/// What a bulk write returns for each item: [`Written`], [`Silent`] or [`Removed`].
///
/// Sealed: it cannot be implemented outside of this crate.
pub trait ItemOutput: Sized + Sealed {}

mod sealed {
    use super::{Evidence, Key, RawValue};

    pub trait Sealed: Sized {
        /// Reads one element of a response, which is no error. `None` if it is about another key.
        fn read_element(json: &str, key: Option<&Key>) -> Result<Option<Self>, serde_json::Error>;

        /// Creates the output from what is stored now, instead of from a response.
        fn found_stored(stored: Option<&RawValue>, evidence: Evidence, returns_new: bool) -> Option<Self>;

        /// Creates the output for a document that does not exist, if that is a success.
        fn of_missing() -> Option<Self> {
            None
        }
    }
}

pub(super) use sealed::Sealed;

fn is_expected(actual: &str, expected: Option<&Key>) -> bool {
    expected.is_none_or(|expected| expected.as_str() == actual)
}

impl<New: DeserializeOwned, Old: DeserializeOwned> ItemOutput for Written<New, Old> {}

impl<New: DeserializeOwned, Old: DeserializeOwned> Sealed for Written<New, Old> {
    fn read_element(json: &str, key: Option<&Key>) -> Result<Option<Self>, serde_json::Error> {
        let written = match WrittenAttributes::read(json.as_bytes(), key) {
            Some(written) => Self::of_attributes(written),
            None => serde_json::from_str(json)?,
        };
        Ok(is_expected(written.key.as_str(), key).then_some(written))
    }

    fn found_stored(stored: Option<&RawValue>, evidence: Evidence, returns_new: bool) -> Option<Self> {
        Self::found(stored?, evidence, returns_new)
    }
}

impl ItemOutput for Silent {}

impl Sealed for Silent {
    #[inline]
    fn read_element(json: &str, key: Option<&Key>) -> Result<Option<Self>, serde_json::Error> {
        /// What a success has at least.
        #[derive(Deserialize)]
        struct Names<'a> {
            #[serde(rename = "_key", borrow)]
            key: Cow<'a, str>,
            #[serde(rename = "_rev", borrow)]
            _revision: Cow<'a, str>,
        }
        let names: Names<'_> = serde_json::from_str(json)?;
        Ok(is_expected(&names.key, key).then_some(Self { evidence: None }))
    }

    fn found_stored(_: Option<&RawValue>, evidence: Evidence, _: bool) -> Option<Self> {
        Some(Self { evidence: Some(evidence) })
    }
}

impl<Old: DeserializeOwned> ItemOutput for Removed<Old> {}

impl<Old: DeserializeOwned> Sealed for Removed<Old> {
    fn read_element(json: &str, key: Option<&Key>) -> Result<Option<Self>, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "Old: DeserializeOwned"))]
        struct Element<'a, Old> {
            #[serde(rename = "_key", borrow)]
            key: Cow<'a, str>,
            #[serde(rename = "_rev")]
            revision: Revision,
            #[serde(default = "Option::default")]
            old: Option<Old>,
        }
        let element: Element<'_, Old> = serde_json::from_str(json)?;
        let removed = Self { revision: Some(element.revision), old: element.old, evidence: None };
        Ok(is_expected(&element.key, key).then_some(removed))
    }

    fn found_stored(_: Option<&RawValue>, evidence: Evidence, _: bool) -> Option<Self> {
        Some(Self { revision: None, old: None, evidence: Some(evidence) })
    }

    fn of_missing() -> Option<Self> {
        Some(Self { revision: None, old: None, evidence: None })
    }
}
