//! The options of a rebalance.

use arango_protocol::BuildError;
use serde::Serialize;

/// The maximum number of moves that the server plans.
const MAX_MOVES: usize = 5000;

/// The options of a rebalance.
///
/// Default values are sent too, so that the result does not depend on the server's defaults.
///
/// ```
/// use arango_cluster::RebalanceOptions;
///
/// let options = RebalanceOptions::new().maximum_moves(200).move_followers().exclude_database("logs");
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "it is the request body, which has four flags")]
pub struct RebalanceOptions {
    version: u8,
    maximum_number_of_moves: usize,
    leader_changes: bool,
    move_leaders: bool,
    move_followers: bool,
    // A server rejects unknown options, so newer ones are sent only if they are set.
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
    /// Returns options that allow leaders to swap roles with followers.
    ///
    /// Swapping roles copies no data. A plan has up to 1000 moves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the number of planned moves. Default: 1000.
    ///
    /// More than 5000 is rejected before sending.
    #[must_use]
    pub fn maximum_moves(mut self, moves: usize) -> Self {
        self.maximum_number_of_moves = moves;
        self
    }

    /// Forbids swapping the roles of leaders and in-sync followers. Default: allowed.
    #[must_use]
    pub fn without_leader_changes(mut self) -> Self {
        self.leader_changes = false;
        self
    }

    /// Allows moving leaders to DB-Servers without a copy, **which copies data**.
    ///
    /// Default: not.
    #[must_use]
    pub fn move_leaders(mut self) -> Self {
        self.move_leaders = true;
        self
    }

    /// Allows moving followers to DB-Servers without a copy, **which copies data**.
    ///
    /// Default: not.
    #[must_use]
    pub fn move_followers(mut self) -> Self {
        self.move_followers = true;
        self
    }

    /// Excludes collections whose names begin with `_`. Default: not.
    ///
    /// Since 3.11; 3.10 rejects it with 500.
    #[must_use]
    pub fn exclude_system_collections(mut self) -> Self {
        self.exclude_system_collections = true;
        self
    }

    /// Sets the penalty for leaders of one collection on the same DB-Server.
    ///
    /// Default: the server's, which is documented as 256e6 but may be 1 in [plans](crate::PlanRebalance).
    /// [`GetImbalance`](crate::GetImbalance) always uses 256e6: set the same value for comparisons.
    #[must_use]
    pub fn pi_factor(mut self, factor: f64) -> Self {
        self.pi_factor = Some(factor);
        self
    }

    /// Excludes a database, by its name. Default: none.
    #[must_use]
    pub fn exclude_database(mut self, name: impl Into<String>) -> Self {
        self.databases_excluded.push(name.into());
        self
    }

    #[inline]
    pub(super) fn checked(&self) -> Result<&Self, BuildError> {
        if self.maximum_number_of_moves > MAX_MOVES {
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
    fn the_defaults_are_understood_by_3_10() {
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
    fn invalid_options_are_rejected_by_name() {
        let error = |options: RebalanceOptions| options.checked().unwrap_err().to_string();
        assert_eq!(error(RebalanceOptions::new().maximum_moves(5001)), "`maximum_moves` is more than 5000");
        assert_eq!(error(RebalanceOptions::new().pi_factor(f64::NAN)), "`pi_factor` is not finite");
    }
}
