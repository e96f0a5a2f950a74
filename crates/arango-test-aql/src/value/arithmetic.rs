//! Operators on numbers. Operands are converted to numbers first.

use super::Value;
use super::number::whole_or_double;

/// An operator that takes two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

impl Arithmetic {
    /// Calculates with doubles, as a server does while a query runs; `None` if the divisor is 0.
    ///
    /// A result that is too large for a double is `null`.
    #[must_use]
    pub(crate) fn calculate(self, left: &Value, right: &Value) -> Option<Value> {
        let (left, right) = (left.to_double(), right.to_double());
        if right == 0.0 && matches!(self, Self::Divide | Self::Modulo) {
            return None;
        }
        Some(whole_or_double(match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Modulo => left % right,
        }))
    }

    /// Calculates as a server does before a query runs, for operands that are known by then.
    ///
    /// Differs from [`calculate`](Self::calculate) beyond 2⁵³: integers are exact, unless the result is too large, or a
    /// quotient.
    #[must_use]
    pub(crate) fn calculate_constants(self, left: &Value, right: &Value) -> Option<Value> {
        let (left, right) = (left.to_number(), right.to_number());
        if let (Value::Int(left), Value::Int(right)) = (&left, &right) {
            let (left, right) = (*left, *right);
            let exact = match self {
                Self::Add => left.checked_add(right),
                Self::Subtract => left.checked_sub(right),
                Self::Multiply => left.checked_mul(right),
                Self::Divide => left.checked_div(right).filter(|_| (-1..=1).contains(&right)),
                Self::Modulo => left.checked_rem(right),
            };
            if let Some(exact) = exact {
                return Some(Value::Int(exact));
            }
        }
        self.calculate(&left, &right)
    }
}

impl Value {
    /// Changes the sign.
    pub(crate) fn negate(&self) -> Value {
        match self.resolve() {
            Self::Int(value) => {
                value.checked_neg().map_or_else(|| Self::double(-self.to_double()), Self::Int)
            }
            other => whole_or_double(-other.to_double()),
        }
    }
}
