//! The aggregations of `COLLECT`.

use crate::error::{Position, QueryError, number};

/// What an aggregation computes from the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    Length,
    Min,
    Max,
    Sum,
    Average,
    Variance { of_population: bool },
    Deviation { of_population: bool },
    Unique,
    SortedUnique,
    CountDistinct,
    BitAnd,
    BitOr,
    BitXor,
}

impl Aggregation {
    /// Returns the aggregation of a function.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "LENGTH" | "COUNT" => Self::Length,
            "MIN" => Self::Min,
            "MAX" => Self::Max,
            "SUM" => Self::Sum,
            "AVERAGE" | "AVG" => Self::Average,
            "VARIANCE" | "VARIANCE_POPULATION" => Self::Variance { of_population: true },
            "VARIANCE_SAMPLE" => Self::Variance { of_population: false },
            "STDDEV" | "STDDEV_POPULATION" => Self::Deviation { of_population: true },
            "STDDEV_SAMPLE" => Self::Deviation { of_population: false },
            "UNIQUE" => Self::Unique,
            "SORTED_UNIQUE" => Self::SortedUnique,
            "COUNT_DISTINCT" | "COUNT_UNIQUE" => Self::CountDistinct,
            "BIT_AND" => Self::BitAnd,
            "BIT_OR" => Self::BitOr,
            "BIT_XOR" => Self::BitXor,
            _ => return None,
        })
    }

    /// Checks the number of arguments: one, except for the number of rows, which needs none.
    pub(super) fn check_count(self, name: &str, count: usize, position: Position) -> Result<(), QueryError> {
        let min = usize::from(self != Self::Length);
        if (min..=1).contains(&count) {
            return Ok(());
        }
        let message = format!(
            "invalid number of arguments for function '{name}()', expected number of arguments: minimum: 1, maximum: 1"
        );
        Err(QueryError::new(number::FUNCTION_ARGUMENT_NUMBER, message).at(position))
    }
}
