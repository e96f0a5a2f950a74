//! Operators on numbers. Operands are converted to numbers first.

use super::Value;
use super::number::nearest;

impl Value {
    /// Adds. A sum of integers that is too large becomes a double.
    pub fn add(&self, other: &Self) -> Value {
        calculate(self, other, i64::checked_add, |left, right| left + right)
    }

    /// Subtracts. A difference of integers that is too large becomes a double.
    pub fn subtract(&self, other: &Self) -> Value {
        calculate(self, other, i64::checked_sub, |left, right| left - right)
    }

    /// Multiplies. A product of integers that is too large becomes a double.
    pub fn multiply(&self, other: &Self) -> Value {
        calculate(self, other, i64::checked_mul, |left, right| left * right)
    }

    /// Divides; `None` if the divisor is 0. An integer results only if nothing remains.
    pub fn divide(&self, other: &Self) -> Option<Value> {
        let (left, right) = (self.to_number(), other.to_number());
        if !right.is_true() {
            return None;
        }
        if let (Self::Int(left), Self::Int(right)) = (&left, &right)
            && left.checked_rem(*right) == Some(0)
            && let Some(quotient) = left.checked_div(*right)
        {
            return Some(Self::Int(quotient));
        }
        Some(Self::double(left.to_double() / right.to_double()))
    }

    /// Returns the remainder, with the sign of the dividend; `None` if the divisor is 0.
    pub fn modulo(&self, other: &Self) -> Option<Value> {
        let (left, right) = (self.to_number(), other.to_number());
        if !right.is_true() {
            return None;
        }
        Some(match (&left, &right) {
            // The one quotient that is too large leaves no remainder.
            (Self::Int(left), Self::Int(right)) => Self::Int(left.checked_rem(*right).unwrap_or(0)),
            _ => Self::double(left.to_double() % right.to_double()),
        })
    }

    /// Changes the sign.
    pub fn negate(&self) -> Value {
        match self.to_number() {
            Self::Int(value) => value.checked_neg().map_or(Self::Double(-nearest(value)), Self::Int),
            other => Self::double(-other.to_double()),
        }
    }
}

fn calculate(
    left: &Value,
    right: &Value,
    integers: fn(i64, i64) -> Option<i64>,
    doubles: fn(f64, f64) -> f64,
) -> Value {
    let (left, right) = (left.to_number(), right.to_number());
    if let (Value::Int(left), Value::Int(right)) = (&left, &right)
        && let Some(result) = integers(*left, *right)
    {
        return Value::Int(result);
    }
    Value::double(doubles(left.to_double(), right.to_double()))
}
