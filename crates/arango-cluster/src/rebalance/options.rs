//! What a rebalance may do.

use arango_protocol::BuildError;
use serde::Serialize;

/// How many moves the server plans at most.
const MOST_MOVES: usize = 5000;

/// What a rebalance may do.
///
/// What is the server's default is sent nevertheless, so that what is said here is what happens.
///
/// ```
/// use arango_cluster::RebalanceOptions;
///
/// let options = RebalanceOptions::new().maximum_moves(200).move_followers().exclude_database("logs");
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "it is the body, and the server has four switches")]
pub struct RebalanceOptions {
    version: u8,
    maximum_number_of_moves: usize,
    leader_changes: bool,
    move_leaders: bool,
    move_followers: bool,
    // A server refuses what it does not know, so what is new goes out only when it is wanted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exclude_system_collections: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pi_factor: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    databases_excluded: Vec<String>,
}

impl Default for RebalanceOptions {
    fn default() -> Self {
        Self {
            version: 1,
            maximum_number_of_moves: 1000,
            leader_changes: true,
            move_leaders: false,
            move_followers: false,
            exclude_system_collections: false,
            pi_factor: None,
            databases_excluded: Vec::new(),
        }
    }
}

impl RebalanceOptions {
    /// Lets leaders change places with their followers, which copies nothing; up to 1000 moves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits how many moves are planned. Default: 1000; more than 5000 is refused before sending.
    #[must_use]
    pub fn maximum_moves(mut self, moves: usize) -> Self {
        self.maximum_number_of_moves = moves;
        self
    }

    /// Keeps leaders from changing places with followers that are in sync. Default: they may.
    #[must_use]
    pub fn without_leader_changes(mut self) -> Self {
        self.leader_changes = false;
        self
    }

    /// Lets leaders be moved to DB-Servers that have no copy, **which copies data**. Default: not.
    #[must_use]
    pub fn move_leaders(mut self) -> Self {
        self.move_leaders = true;
        self
    }

    /// Lets followers be moved to DB-Servers that have no copy, **which copies data**. Default: not.
    #[must_use]
    pub fn move_followers(mut self) -> Self {
        self.move_followers = true;
        self
    }

    /// Leaves collections alone whose name begins with `_`. Default: not.
    ///
    /// Since 3.11; 3.10 refuses it with 500.
    #[must_use]
    pub fn exclude_system_collections(mut self) -> Self {
        self.exclude_system_collections = true;
        self
    }

    /// Weighs leaders of one collection that share a DB-Server: the higher, the worse they are.
    ///
    /// Default: the server's, which is documented as 256e6 but may be 1 in
    /// [plans](crate::PlanRebalance). [`GetImbalance`](crate::GetImbalance) always counts with 256e6:
    /// to compare with it, set the same.
    #[must_use]
    pub fn pi_factor(mut self, factor: f64) -> Self {
        self.pi_factor = Some(factor);
        self
    }

    /// Leaves a database alone, by its name. Default: none is left alone.
    #[must_use]
    pub fn exclude_database(mut self, name: impl Into<String>) -> Self {
        self.databases_excluded.push(name.into());
        self
    }

    pub(super) fn checked(&self) -> Result<&Self, BuildError> {
        if self.maximum_number_of_moves > MOST_MOVES {
            return Err(BuildError::Field { field: "maximum_moves", reason: "is more than 5000" });
        }
        if self.pi_factor.is_some_and(|factor| !factor.is_finite()) {
            return Err(BuildError::Field { field: "pi_factor", reason: "is not finite" });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(options: &RebalanceOptions) -> String {
        serde_json::to_string(options.checked().unwrap()).unwrap()
    }

    #[test]
    fn the_defaults_hold_nothing_that_3_10_does_not_know() {
        assert_eq!(
            json(&RebalanceOptions::new()),
            r#"{"version":1,"maximumNumberOfMoves":1000,"leaderChanges":true,"moveLeaders":false,"moveFollowers":false}"#
        );
    }

    #[test]
    fn every_option_is_sent_under_its_name() {
        let all = RebalanceOptions::new()
            .maximum_moves(5000)
            .without_leader_changes()
            .move_leaders()
            .move_followers()
            .exclude_system_collections()
            .pi_factor(256e6)
            .exclude_database("a")
            .exclude_database("b");
        assert_eq!(
            json(&all),
            concat!(
                r#"{"version":1,"maximumNumberOfMoves":5000,"leaderChanges":false,"moveLeaders":true,"#,
                r#""moveFollowers":true,"excludeSystemCollections":true,"piFactor":256000000.0,"#,
                r#""databasesExcluded":["a","b"]}"#
            )
        );
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_by_name() {
        let error = |options: RebalanceOptions| options.checked().unwrap_err().to_string();
        assert_eq!(error(RebalanceOptions::new().maximum_moves(5001)), "`maximum_moves` is more than 5000");
        assert_eq!(error(RebalanceOptions::new().pi_factor(f64::NAN)), "`pi_factor` is not finite");
    }
}
