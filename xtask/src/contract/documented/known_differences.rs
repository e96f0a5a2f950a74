//! Where the embedded cluster is known to differ from what is documented, each with a reason.

use anyhow::Result;
use serde::Deserialize;

use crate::contract::compare::Difference;
use crate::contract::script::read_json;

/// The list.
#[derive(Debug)]
pub(crate) struct KnownDifferences {
    differences: Vec<KnownDifference>,
    used: Vec<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownDifference {
    step: String,
    place: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    reason: String,
}

impl KnownDifferences {
    /// Reads the list.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read() -> Result<Self> {
        let differences: Vec<KnownDifference> = read_json("known-differences.json")?;
        Ok(Self { used: vec![false; differences.len()], differences })
    }

    /// Returns the differences that are not known.
    pub(crate) fn unknown(&mut self, differences: Vec<Difference>) -> Vec<Difference> {
        let is_unknown = |one: &Difference| {
            let matches = |known: &KnownDifference| known.step == one.id() && known.place == one.place;
            match self.differences.iter().position(matches) {
                Some(index) => {
                    self.used[index] = true;
                    false
                }
                None => true,
            }
        };
        differences.into_iter().filter(is_unknown).collect()
    }

    /// Known differences that were not found: they have to be removed from the list.
    pub(crate) fn unused(&self) -> impl Iterator<Item = String> + '_ {
        let all = self.differences.iter().zip(&self.used);
        all.filter(|(_, used)| !**used).map(|(known, _)| format!("{}, {}", known.step, known.place))
    }
}
