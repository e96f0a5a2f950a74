//! Distances on the surface of the earth, and searches for what is near.

use super::arguments::argument;
use super::context::Context;
use crate::error::{QueryError, number};
use crate::store::SearchIndex;
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, QueryError>;

/// The radius with which a server computes, in meters.
const EARTH_RADIUS: f64 = 6_371_000.0;

/// How many documents `NEAR` returns, unless a call says so.
const NEAREST: usize = 100;

/// A latitude and a longitude, in degrees.
#[derive(Debug, Clone, Copy)]
struct Position {
    latitude: f64,
    longitude: f64,
}

impl Position {
    fn read(latitude: &Value, longitude: &Value) -> Option<Self> {
        let degrees = |value: &Value| value.is_number().then(|| value.to_double());
        Some(Self { latitude: degrees(latitude)?, longitude: degrees(longitude)? })
    }

    /// Returns the length of the shortest way along the surface, in meters.
    fn distance(self, other: Self) -> f64 {
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let cosines = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let chord = half(self.latitude, other.latitude) + cosines * half(self.longitude, other.longitude);
        2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()
    }
}

pub(super) fn distance(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let at = |first| Position::read(argument(arguments, first), argument(arguments, first + 1));
    match (at(0), at(2)) {
        (Some(from), Some(to)) => Ok(Value::double(from.distance(to))),
        _ => context.invalid(),
    }
}

pub(super) fn near(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let most = match argument(arguments, 3) {
        Value::Null => NEAREST,
        limit if limit.is_number() => usize::try_from(limit.to_integer()).unwrap_or(0),
        _ => return Err(context.argument_error()),
    };
    let mut found = by_distance(context, arguments)?;
    found.truncate(most);
    results(context, found, argument(arguments, 4))
}

pub(super) fn within(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let radius = argument(arguments, 3);
    if !radius.is_number() {
        return Err(context.argument_error());
    }
    let radius = radius.to_double();
    let mut found = by_distance(context, arguments)?;
    found.retain(|(distance, _)| *distance <= radius);
    results(context, found, argument(arguments, 4))
}

/// Returns the documents of the index with their distances, the nearest first.
fn by_distance(context: &Context<'_>, arguments: &[Value]) -> Result<Vec<(f64, Value)>> {
    let Some(collection) = argument(arguments, 0).as_str() else { return Err(context.argument_error()) };
    let Some(center) = Position::read(argument(arguments, 1), argument(arguments, 2)) else {
        return Err(context.argument_error());
    };
    let documents = context.documents.scan(collection)?;
    let indexes = context.documents.search_indexes(collection);
    let index = indexes.iter().find_map(|index| match index {
        SearchIndex::Geo { fields, longitude_first } => Some((fields, *longitude_first)),
        SearchIndex::Fulltext { .. } => None,
    });
    let Some((fields, longitude_first)) = index else {
        let message = format!("no suitable geo index found for geo restriction on '{collection}'");
        return Err(QueryError::new(number::GEO_INDEX_MISSING, message));
    };
    let mut found = Vec::new();
    for document in documents {
        if let Some(position) = position(context, &document, fields, longitude_first)? {
            found.push((center.distance(position), document));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Ok(found)
}

/// Returns the position of a document; `None` if the index does not contain it.
fn position(
    context: &Context<'_>,
    document: &Value,
    fields: &[String],
    longitude_first: bool,
) -> Result<Option<Position>> {
    if let [latitude, longitude] = fields {
        return Ok(Position::read(&at(document, latitude), &at(document, longitude)));
    }
    let value = fields.first().map_or(Value::Null, |field| at(document, field));
    match value.as_array() {
        Some([first, second]) if longitude_first => Ok(Position::read(second, first)),
        Some([first, second]) => Ok(Position::read(first, second)),
        _ if longitude_first && value.as_object().is_some() => {
            Err(context.not_implemented("GeoJSON objects"))
        }
        _ => Ok(None),
    }
}

/// Returns the attribute at a path.
pub(super) fn at(document: &Value, path: &str) -> Value {
    path.split('.').fold(document.clone(), |value, name| value.attribute(name))
}

/// Returns the documents, with their distances if an attribute for these is named.
fn results(context: &Context<'_>, found: Vec<(f64, Value)>, name: &Value) -> Result {
    let name = match name {
        Value::Null => return Ok(Value::array(found.into_iter().map(|(_, document)| document).collect())),
        name => name.as_str().ok_or_else(|| context.argument_error())?,
    };
    let with_distance = |(distance, document): (f64, Value)| {
        let mut object = document.as_object().cloned().unwrap_or_default();
        object.set(name, Value::double(distance));
        Value::object(object)
    };
    Ok(Value::array(found.into_iter().map(with_distance).collect()))
}
