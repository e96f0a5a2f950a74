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
/// case. Some calls also take a short name such as `DBServer0001`; those that do say so. A request with what can be
/// neither is refused before it is sent. [`ClusterHealth`](crate::ClusterHealth) lists both.
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

    /// This id, if it can be one. The caller's mistake is found sooner here than by the server.
    pub(crate) fn given(&self, field: &'static str) -> Result<&Self, BuildError> {
        let reason = match self.form() {
            Form::Id => return Ok(self),
            Form::Empty => "is empty",
            Form::ShortName => {
                "is a short name, and only the id will do here, such as PRMR-9fc93aee-…: health() lists the ids"
            }
            Form::Neither => {
                "is no id of a server: those begin with PRMR-, CRDN-, AGNT- or SNGL-, and health() lists them"
            }
        };
        Err(BuildError::Field { field, reason })
    }

    /// This id or short name, if it can be one of the two.
    pub(crate) fn given_or_short(&self, field: &'static str) -> Result<&Self, BuildError> {
        let reason = match self.form() {
            Form::Id | Form::ShortName => return Ok(self),
            Form::Empty => "is empty",
            Form::Neither => {
                "is neither an id of a server, such as PRMR-9fc93aee-…, nor a short name, such as DBServer0001: \
                 health() lists both"
            }
        };
        Err(BuildError::Field { field, reason })
    }

    /// What the text can be.
    fn form(&self) -> Form {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_rest = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        // A prefix that comes later is one, too.
        let is_prefix = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        let short = ["DBServer", "Coordinator"].iter().find_map(|name| self.0.strip_prefix(name));
        match self.0.split_once('-') {
            _ if self.0.is_empty() => Form::Empty,
            _ if short.is_some_and(is_number) => Form::ShortName,
            Some((prefix, rest)) if is_prefix(prefix) && is_rest(rest) => Form::Id,
            _ => Form::Neither,
        }
    }
}

/// What a text that is to name a server can be.
enum Form {
    Empty,
    Id,
    ShortName,
    Neither,
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
    fn what_cannot_name_a_server_is_refused_with_what_can() {
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
            ("PRMR", "is no id of a server", "is neither"),
            ("PRMR-", "is no id of a server", "is neither"),
            ("prmr-1", "is no id of a server", "is neither"),
            ("PRMR-1 ", "is no id of a server", "is neither"),
            ("DBServer", "is no id of a server", "is neither"),
            ("dbserver0001", "is no id of a server", "is neither"),
            ("http://10.0.0.1:8529", "is no id of a server", "is neither"),
            ("db1.example.com", "is no id of a server", "is neither"),
        ] {
            let id = ServerId::from(text);
            for (said, expected) in [(id.given("x"), as_id), (id.given_or_short("x"), as_either)] {
                let said = reason(said).unwrap_or_default();
                assert!(said.is_empty() == expected.is_empty() && said.contains(expected), "{text}: {said}");
                assert!(said.is_empty() || said.contains("health()") || said.contains("empty"), "{said}");
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
