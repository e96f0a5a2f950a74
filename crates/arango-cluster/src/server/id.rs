//! Server ids.

use std::fmt;
use std::marker::PhantomData;

use arango_protocol::BuildError;
use arango_protocol::values::StringVisitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::server::ServerRole;

/// The id of a server, such as `PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41`.
///
/// It is stored on the server's disk: it survives a restart, but not a wiped disk. It is case-sensitive. Some calls
/// also accept a short name such as `DBServer0001`, as documented with each. A text that can be neither is rejected
/// before sending. [`ClusterHealth`](crate::ClusterHealth) lists both.
///
/// ```
/// use arango_cluster::{ServerId, ServerRole};
///
/// let id = ServerId::from("PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41");
/// assert_eq!(id.kind(), Some(ServerRole::DbServer));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct ServerId(String);

impl ServerId {
    /// Returns the id as the server wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the server's role by the id's prefix.
    ///
    /// `None` for a short name or a new prefix.
    pub fn kind(&self) -> Option<ServerRole> {
        let (prefix, _) = self.0.split_once('-')?;
        match prefix {
            "CRDN" => Some(ServerRole::Coordinator),
            "PRMR" => Some(ServerRole::DbServer),
            "AGNT" => Some(ServerRole::Agent),
            "SNGL" => Some(ServerRole::Single),
            _ => None,
        }
    }

    /// Returns this id, if it is a valid one. A server would report an invalid one later and less clearly.
    pub(crate) fn checked_id(&self, field: &'static str) -> Result<&Self, BuildError> {
        let reason = match self.form() {
            IdForm::Id => return Ok(self),
            IdForm::Empty => "is empty",
            IdForm::ShortName => {
                "is a short name, and only an id is accepted here, such as PRMR-9fc93aee-…: health() lists the ids"
            }
            IdForm::Invalid => {
                "is not a server id: those begin with PRMR-, CRDN-, AGNT- or SNGL-, and health() lists them"
            }
        };
        Err(BuildError::Field { field, reason })
    }

    /// Returns this id or short name, if it is a valid one.
    #[inline]
    pub(crate) fn checked_id_or_short_name(&self, field: &'static str) -> Result<&Self, BuildError> {
        let reason = match self.form() {
            IdForm::Id | IdForm::ShortName => return Ok(self),
            IdForm::Empty => "is empty",
            IdForm::Invalid => {
                "is neither a server id, such as PRMR-9fc93aee-…, nor a short name, such as DBServer0001: \
                 health() lists both"
            }
        };
        Err(BuildError::Field { field, reason })
    }

    /// Classifies the text.
    fn form(&self) -> IdForm {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_rest = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        // Accepts prefixes of future roles too.
        let is_prefix = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        let short = ["DBServer", "Coordinator"].iter().find_map(|name| self.0.strip_prefix(name));
        match self.0.split_once('-') {
            _ if self.0.is_empty() => IdForm::Empty,
            _ if short.is_some_and(is_number) => IdForm::ShortName,
            Some((prefix, rest)) if is_prefix(prefix) && is_rest(rest) => IdForm::Id,
            _ => IdForm::Invalid,
        }
    }
}

/// The possible forms of a server's name.
enum IdForm {
    Empty,
    Id,
    ShortName,
    Invalid,
}

impl From<&str> for ServerId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<String> for ServerId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&Self> for ServerId {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}

impl From<&String> for ServerId {
    fn from(id: &String) -> Self {
        Self(id.clone())
    }
}

impl AsRef<str> for ServerId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for ServerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(StringVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_determines_the_kind() {
        for (id, kind) in [
            ("CRDN-1", Some(ServerRole::Coordinator)),
            ("PRMR-1", Some(ServerRole::DbServer)),
            ("AGNT-1", Some(ServerRole::Agent)),
            ("SNGL-1", Some(ServerRole::Single)),
            ("prmr-1", None),
            ("PRMR", None),
            ("DBServer0001", None),
            ("", None),
        ] {
            assert_eq!(ServerId::from(id).kind(), kind, "{id}");
        }
    }

    #[test]
    fn an_invalid_server_name_is_rejected_with_a_hint() {
        let reason = |result: Result<&ServerId, BuildError>| result.err().map(|error| error.to_string());
        for (text, as_id, as_either) in [
            ("PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41", "", ""),
            ("CRDN-1", "", ""),
            ("AGNT-1", "", ""),
            ("SNGL-1", "", ""),
            ("GWAY-1", "", ""),
            ("DBServer0001", "is a short name", ""),
            ("Coordinator0012", "is a short name", ""),
            ("", "is empty", "is empty"),
            ("PRMR", "is not a server id", "is neither"),
            ("PRMR-", "is not a server id", "is neither"),
            ("prmr-1", "is not a server id", "is neither"),
            ("PRMR-1 ", "is not a server id", "is neither"),
            ("DBServer", "is not a server id", "is neither"),
            ("dbserver0001", "is not a server id", "is neither"),
            ("http://10.0.0.1:8529", "is not a server id", "is neither"),
            ("db1.example.com", "is not a server id", "is neither"),
        ] {
            let id = ServerId::from(text);
            for (message, expected) in
                [(id.checked_id("x"), as_id), (id.checked_id_or_short_name("x"), as_either)]
            {
                let message = reason(message).unwrap_or_default();
                assert!(
                    message.is_empty() == expected.is_empty() && message.contains(expected),
                    "{text}: {message}"
                );
                assert!(
                    message.is_empty() || message.contains("health()") || message.contains("empty"),
                    "{message}"
                );
            }
        }
    }

    #[test]
    fn an_id_reads_and_writes_as_the_bare_string() {
        let id: ServerId = serde_json::from_str(r#""CRDN-a\u0062""#).unwrap();
        assert_eq!(id, ServerId::from("CRDN-ab"));
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""CRDN-ab""#);
        assert_eq!(format!("{id} {id:?} {id:>8}"), r#"CRDN-ab "CRDN-ab"  CRDN-ab"#);
    }
}
