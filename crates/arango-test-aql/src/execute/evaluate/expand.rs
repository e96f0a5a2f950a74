//! Expansions: `[*]`, `[**]`, `[?]`, and what can stand in the brackets.

use super::{Row, Run};
use crate::error::QueryError;
use crate::syntax::tree::{Expand, Expansion, Expression, Quantifier};
use crate::value::Value;

impl Run<'_> {
    pub(super) fn expand(&mut self, expand: &Expand, row: &mut Row) -> Result<Value, QueryError> {
        let source = self.evaluate(&expand.source, row)?;
        let flat;
        let items = match source.as_array() {
            Some(items) if expand.levels > 1 => {
                flat = flattened(items, expand.levels - 1);
                Some(&flat[..])
            }
            other => other,
        };
        match &expand.expansion {
            Expansion::Map { limit, projection, body } => {
                let limit = self.expansion_limit(limit.as_deref(), row)?;
                let items = items.unwrap_or_default();
                self.mapped(expand, items, limit, projection.as_ref().unwrap_or(body), row)
            }
            Expansion::Test(quantifier) => match items {
                Some(items) => self.tested(expand, items, quantifier.as_ref(), row),
                None => Ok(Value::Bool(false)),
            },
        }
    }

    /// Returns the number of items to skip and to take.
    fn expansion_limit(
        &mut self,
        limit: Option<&(Option<Expression>, Expression)>,
        row: &mut Row,
    ) -> Result<(i64, i64), QueryError> {
        let Some((offset, count)) = limit else { return Ok((0, i64::MAX)) };
        let offset = match offset {
            Some(offset) => self.evaluate(offset, row)?.to_integer(),
            None => 0,
        };
        let count = self.evaluate(count, row)?.to_integer();
        Ok(if offset < 0 { (0, 0) } else { (offset, count) })
    }

    fn mapped(
        &mut self,
        expand: &Expand,
        items: &[Value],
        (mut offset, mut count): (i64, i64),
        body: &Expression,
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let mut mapped = Vec::new();
        for item in items {
            if count <= 0 {
                break;
            }
            if !self.matches(expand, item, row)? {
                continue;
            }
            if offset > 0 {
                offset -= 1;
                continue;
            }
            count -= 1;
            mapped.push(self.evaluate(body, row)?);
        }
        Ok(Value::array(mapped))
    }

    fn tested(
        &mut self,
        expand: &Expand,
        items: &[Value],
        quantifier: Option<&Quantifier>,
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let (least, most) = match quantifier {
            Some(quantifier) => self.required(quantifier, items.len(), row)?,
            None => (1, usize::MAX),
        };
        let mut matches = 0;
        for item in items {
            matches += usize::from(self.matches(expand, item, row)?);
        }
        Ok(Value::Bool((least..=most).contains(&matches)))
    }

    /// Makes an item the current one, and returns whether the filter holds for it.
    fn matches(&mut self, expand: &Expand, item: &Value, row: &mut Row) -> Result<bool, QueryError> {
        row.set(expand.item, item.clone());
        match &expand.filter {
            Some(filter) => Ok(self.evaluate(filter, row)?.is_true()),
            None => Ok(true),
        }
    }
}

/// Replaces items that are arrays by their items, some levels deep.
fn flattened(items: &[Value], levels: usize) -> Vec<Value> {
    let mut flat = Vec::new();
    for item in items {
        match item.as_array() {
            Some(inner) if levels > 0 => flat.extend(flattened(inner, levels - 1)),
            _ => flat.push(item.clone()),
        }
    }
    flat
}
