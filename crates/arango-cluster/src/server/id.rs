//! What names a server.

use std::fmt;
use std::marker::PhantomData;

use arango_protocol::BuildError;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ServerRole;
use crate::open_enum::Word;

/// The id of a server, such as `PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41`.
///
/// It is kept on the server's disk: it survives a restart, but not a wiped disk. It is compared by
/// case. Nothing is checked, because some calls also take a short name such as `DBServer0001`; those
/// that do say so.
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
    /// The id as the server wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of server has such an id, by its prefix; `None` for a short name or a new prefix.
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

    /// This id, which names nobody if it is empty: the caller's mistake is found sooner here than by the server.
    pub(crate) fn given(&self, field: &'static str) -> Result<&Self, BuildError> {
        if self.0.is_empty() { Err(BuildError::Field { field, reason: "is empty" }) } else { Ok(self) }
    }
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
        deserializer.deserialize_str(Word(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_tells_the_kind() {
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
    fn an_id_reads_and_writes_as_the_bare_string() {
        let id: ServerId = serde_json::from_str(r#""CRDN-a\u0062""#).unwrap();
        assert_eq!(id, ServerId::from("CRDN-ab"));
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""CRDN-ab""#);
        assert_eq!(format!("{id} {id:?} {id:>8}"), r#"CRDN-ab "CRDN-ab"  CRDN-ab"#);
    }
}
