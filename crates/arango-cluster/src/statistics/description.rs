//! The description of statistics.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Scope};
use serde::{Deserialize, Serialize};

/// The description of the figures in [`Statistics`](crate::Statistics).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StatisticsDescription {
    /// The groups of figures.
    pub groups: Vec<StatisticsGroup>,
    /// The figures.
    pub figures: Vec<StatisticsFigure>,
}

/// A group of figures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StatisticsGroup {
    /// Its key, such as `client`.
    pub group: String,
    /// Its name, for people.
    #[serde(default)]
    pub name: String,
    /// Its description, for people.
    #[serde(default)]
    pub description: String,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StatisticsFigure {
    /// The key of its group.
    pub group: String,
    /// Its own key, such as `bytesSent`.
    pub identifier: String,
    /// Its name, for people.
    #[serde(default)]
    pub name: String,
    /// Its description, for people.
    #[serde(default)]
    pub description: String,
    /// Its type: `current`, `accumulated` or `distribution`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its unit, such as `seconds`.
    #[serde(default)]
    pub units: String,
    /// The cuts of a [histogram](crate::Histogram); empty for other figures.
    #[serde(default)]
    pub cuts: Vec<f64>,
}

/// Reads the description of the responding server's statistics. Removed in 4.0.
///
/// # Errors
///
/// 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatisticsDescription;

impl Operation for GetStatisticsDescription {
    type Output = StatisticsDescription;

    const METADATA: Metadata =
        Metadata::get("server.statistics_description", "/_admin/statistics-description")
            .scope(Scope::Coordinator)
            .removed_in("4.0.0");

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<StatisticsDescription, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn figures_are_described() {
        assert_request(&GetStatisticsDescription, "GET", "/_admin/statistics-description");
        let described = read(
            &GetStatisticsDescription,
            r#"{"groups":[{"group":"client","name":"Client","description":"d"}],"figures":[
                {"group":"client","identifier":"connectionTime","name":"n","description":"d",
                    "type":"distribution","units":"seconds","cuts":[0.1,1,60]},
                {"group":"client","identifier":"httpConnections","type":"current","units":"number"}],
                "error":false,"code":200}"#,
        );
        assert_eq!(
            (described.groups[0].group.as_str(), described.groups[0].name.as_str()),
            ("client", "Client")
        );
        let [time, connections] = &described.figures[..] else { panic!("{described:?}") };
        assert_eq!((time.kind.as_str(), time.units.as_str()), ("distribution", "seconds"));
        assert_eq!(time.cuts, [0.1, 1.0, 60.0]);
        assert!(connections.cuts.is_empty() && connections.name.is_empty());
    }
}
