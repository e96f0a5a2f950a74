//! Aggregations, value by value.

use std::cmp::Ordering;

use crate::check::Aggregation;
use crate::value::{Collation, Value, ValueMap};

/// The largest number that bitwise aggregations take.
const MOST_BITS: i64 = u32::MAX as i64;

/// What an aggregation has seen of a group.
pub(super) struct Accumulator {
    aggregation: Aggregation,
    state: State,
}

enum State {
    Count(u64),
    Extreme(Option<Value>),
    Sum(Sum),
    Moments(Moments),
    Distinct(ValueMap<()>),
    Bits(Bits),
}

/// A sum of doubles, as a server computes it.
#[derive(Default)]
struct Sum {
    total: f64,
    count: u64,
    /// Whether any value was seen, `null` or not.
    is_used: bool,
    is_invalid: bool,
}

/// Mean and squared deviations, updated by Welford's method.
#[derive(Default)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
    is_invalid: bool,
}

#[derive(Default)]
struct Bits {
    bits: Option<i64>,
    is_invalid: bool,
}

impl Accumulator {
    pub(super) fn new(aggregation: Aggregation) -> Self {
        let state = match aggregation {
            Aggregation::Length => State::Count(0),
            Aggregation::Min | Aggregation::Max => State::Extreme(None),
            Aggregation::Sum | Aggregation::Average => State::Sum(Sum::default()),
            Aggregation::Variance { .. } | Aggregation::Deviation { .. } => {
                State::Moments(Moments::default())
            }
            Aggregation::Unique | Aggregation::SortedUnique | Aggregation::CountDistinct => {
                State::Distinct(ValueMap::new())
            }
            Aggregation::BitAnd | Aggregation::BitOr | Aggregation::BitXor => State::Bits(Bits::default()),
        };
        Self { aggregation, state }
    }

    /// Adds the value of a row.
    pub(super) fn add(&mut self, value: Value, collation: &mut Collation) {
        match &mut self.state {
            State::Count(count) => *count += 1,
            State::Extreme(extreme) => {
                let wanted =
                    if self.aggregation == Aggregation::Min { Ordering::Less } else { Ordering::Greater };
                let is_new = match extreme {
                    // The least value is never `null`, unless all are.
                    _ if value.is_null() && self.aggregation == Aggregation::Min => false,
                    None => true,
                    Some(extreme) => value.compare_in(extreme, collation) == wanted,
                };
                if is_new {
                    *extreme = Some(value);
                }
            }
            State::Sum(sum) => sum.add(&value),
            State::Moments(moments) => moments.add(&value),
            State::Distinct(values) => {
                values.entry(value, || ());
            }
            State::Bits(bits) => bits.add(&value, self.aggregation),
        }
    }

    /// Returns the result.
    pub(super) fn finish(self, collation: &mut Collation) -> Value {
        match self.state {
            State::Count(count) => Value::from(count),
            State::Extreme(extreme) => extreme.unwrap_or(Value::Null),
            State::Sum(sum) => sum.finish(self.aggregation == Aggregation::Average),
            State::Moments(moments) => moments.finish(self.aggregation),
            State::Distinct(values) if self.aggregation == Aggregation::CountDistinct => {
                Value::from(values.len())
            }
            State::Distinct(values) => {
                let mut values: Vec<Value> =
                    values.into_entries().into_iter().map(|(value, ())| value).collect();
                if self.aggregation == Aggregation::SortedUnique {
                    values.sort_by(|left, right| left.compare_in(right, collation));
                }
                Value::array(values)
            }
            State::Bits(Bits { bits: Some(bits), is_invalid: false }) => Value::Int(bits),
            State::Bits(_) => Value::Null,
        }
    }
}

impl Sum {
    fn add(&mut self, value: &Value) {
        self.is_used = true;
        if value.is_number() {
            self.total += value.to_double();
            self.count += 1;
        } else if !value.is_null() {
            self.is_invalid = true;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a server divides by a double, too")]
    fn finish(self, is_average: bool) -> Value {
        if self.is_invalid || !self.is_used || (is_average && self.count == 0) {
            return Value::Null;
        }
        Value::double(if is_average { self.total / self.count as f64 } else { self.total })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a server divides by a double, too")]
impl Moments {
    fn add(&mut self, value: &Value) {
        if value.is_number() {
            let number = value.to_double();
            let delta = number - self.mean;
            self.count += 1;
            self.mean += delta / self.count as f64;
            self.squares += delta * (number - self.mean);
        } else if !value.is_null() {
            self.is_invalid = true;
        }
    }

    fn finish(self, aggregation: Aggregation) -> Value {
        let (of_population, is_deviation) = match aggregation {
            Aggregation::Deviation { of_population } => (of_population, true),
            Aggregation::Variance { of_population } => (of_population, false),
            _ => unreachable!("only these use moments"),
        };
        let divisor = if of_population { self.count } else { self.count.saturating_sub(1) };
        if self.is_invalid || divisor == 0 {
            return Value::Null;
        }
        let variance = self.squares / divisor as f64;
        Value::double(if is_deviation { variance.sqrt() } else { variance })
    }
}

impl Bits {
    fn add(&mut self, value: &Value, aggregation: Aggregation) {
        if value.is_null() {
            return;
        }
        let bits = value.to_integer();
        if !value.is_number() || value.to_double() < 0.0 || bits > MOST_BITS {
            self.is_invalid = true;
            return;
        }
        self.bits = Some(match (self.bits, aggregation) {
            (None, _) => bits,
            (Some(before), Aggregation::BitAnd) => before & bits,
            (Some(before), Aggregation::BitOr) => before | bits,
            (Some(before), _) => before ^ bits,
        });
    }
}
