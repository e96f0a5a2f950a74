//! The edges at one vertex.

use std::fmt;

use super::direction::EdgeDirection;
use crate::names::{CollectionName, DocumentId, InvalidIdentifier};
use crate::queries::Aql;

/// Returns the query for the edges at a vertex, in no order.
///
/// [`Outbound`](EdgeDirection::Outbound) are those that begin there. An edge from the vertex to itself is in each
/// direction one row. The vertex need not exist.
///
/// ```
/// use arango_data::{EdgeDirection, edges_of};
///
/// let query = edges_of("wrote", "authors/herbert", EdgeDirection::Outbound);
/// assert_eq!(query.text(), "FOR e IN @@edges FILTER e._from == @vertex RETURN e");
/// assert!(query.is_read_only());
/// ```
#[must_use]
pub fn edges_of<C, V>(collection: C, vertex: V, direction: EdgeDirection) -> Aql
where
    C: TryInto<CollectionName, Error: fmt::Display>,
    V: TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
{
    let query = Aql::new(match direction {
        EdgeDirection::Outbound => "FOR e IN @@edges FILTER e._from == @vertex RETURN e",
        EdgeDirection::Inbound => "FOR e IN @@edges FILTER e._to == @vertex RETURN e",
        EdgeDirection::Any => "FOR e IN @@edges FILTER e._from == @vertex OR e._to == @vertex RETURN e",
    });
    let query = query.collection("edges", collection);
    match vertex.try_into() {
        Ok(vertex) => query.bind("vertex", vertex),
        Err(invalid) => query.fail(invalid.into().to_string()),
    }
}
