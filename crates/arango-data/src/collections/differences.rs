//! Comparing a collection with what it should be.

use serde_json::Value;

use super::computed_value::ComputedValue;
use super::create::CreateCollection;
use super::key_options::KeyOptions;
use super::properties::CollectionProperties;
use super::schema::Schema;
use super::set_properties::SetCollectionProperties;
use crate::names::CollectionName;
use crate::property_difference::{PropertyDifference, difference_if_set};

impl CreateCollection {
    /// Returns the name of the collection.
    pub fn name(&self) -> &CollectionName {
        &self.body.name
    }

    /// Returns what changes an existing collection so that these differences are gone; `None` if none can be changed.
    #[inline]
    pub fn changes(&self, differences: &[PropertyDifference]) -> Option<SetCollectionProperties> {
        let mut changes = None;
        for difference in differences.iter().filter(|difference| difference.is_changeable()) {
            let set = changes.take().unwrap_or_else(|| SetCollectionProperties::new(self.name()));
            changes = Some(self.apply(&difference.property, set));
        }
        changes
    }

    /// Sets a property to what it should be.
    #[inline]
    fn apply(&self, property: &str, set: SetCollectionProperties) -> SetCollectionProperties {
        let body = &self.body;
        match property {
            "waitForSync" if body.wait_for_sync == Some(true) => set.wait_for_sync(),
            "waitForSync" => set.skip_waiting_for_sync(),
            "cacheEnabled" if body.cache_enabled == Some(true) => set.cache(),
            "cacheEnabled" => set.disable_cache(),
            "schema" => match &body.schema {
                Some(schema) => set.schema(schema.clone()),
                None => set,
            },
            "computedValues" => set.computed_values(body.computed_values.clone().unwrap_or_default()),
            "replicationFactor" => match &body.replication_factor {
                Some(factor) => set.replication_factor(factor.clone()),
                None => set,
            },
            "writeConcern" => match body.write_concern {
                Some(copies) => set.write_concern(copies),
                None => set,
            },
            _ => set,
        }
    }

    /// Returns how an existing collection differs from what was set.
    pub fn differences(&self, existing: &CollectionProperties) -> Vec<PropertyDifference> {
        let body = &self.body;
        let mut found = Found(Vec::new());
        found.compare("type", Some(body.collection_type), Some(existing.collection_type));
        found.compare("waitForSync", body.wait_for_sync, Some(existing.wait_for_sync));
        found.compare("cacheEnabled", body.cache_enabled, Some(existing.cache_enabled));
        found.compare_by("schema", body.schema.as_ref(), existing.schema.as_ref(), Schema::is_equivalent);
        // A server reports `null` for none.
        let (expected, actual) = (body.computed_values.as_deref(), existing.computed_values.as_deref());
        let actual = actual.or(expected.map(|_| &[][..]));
        found.compare_by("computedValues", expected, actual, |expected, actual| {
            let is_same =
                |(expected, actual): (&ComputedValue, &ComputedValue)| expected.is_equivalent(actual);
            expected.len() == actual.len() && expected.iter().zip(actual).all(is_same)
        });
        found.compare_by(
            "keyOptions",
            body.key_options.as_ref(),
            existing.key_options.as_ref(),
            KeyOptions::is_equivalent,
        );
        found.compare("shardKeys", body.shard_keys.as_ref(), Some(&existing.shard_keys));
        found.compare(
            "shardingStrategy",
            body.sharding_strategy.as_ref(),
            existing.sharding_strategy.as_ref(),
        );
        let (expected, actual) =
            (body.distribute_shards_like.as_ref(), existing.distribute_shards_like.as_deref());
        found.compare("distributeShardsLike", expected.map(AsRef::as_ref), actual);
        // Those of the other collection hold, and are not reported reliably.
        if body.distribute_shards_like.is_none() {
            found.compare("numberOfShards", body.number_of_shards, existing.number_of_shards);
            let (expected, actual) = (&body.replication_factor, &existing.replication_factor);
            found.compare("replicationFactor", expected.as_ref(), actual.as_ref());
            found.compare("writeConcern", body.write_concern, existing.write_concern);
        }
        found.0
    }
}

struct Found(Vec<PropertyDifference>);

impl Found {
    /// Records a property that was set and differs.
    fn compare<T>(&mut self, property: &'static str, expected: Option<T>, actual: Option<T>)
    where
        T: PartialEq + serde::Serialize,
    {
        if let Some(difference) = difference_if_set(property, expected, actual) {
            self.record(property, difference);
        }
    }

    /// Records a property that was set and is not equivalent.
    fn compare_by<T: ?Sized + serde::Serialize>(
        &mut self,
        property: &'static str,
        expected: Option<&T>,
        actual: Option<&T>,
        is_equivalent: impl FnOnce(&T, &T) -> bool,
    ) {
        let Some(expected) = expected else { return };
        if !actual.is_some_and(|actual| is_equivalent(expected, actual)) {
            let json = |value: Option<&T>| serde_json::to_value(value).unwrap_or_default();
            let difference = PropertyDifference::fixed(property, json(Some(expected)), json(actual));
            self.record(property, difference);
        }
    }

    fn record(&mut self, property: &str, difference: PropertyDifference) {
        let is_changeable = is_changeable(property, &difference.expected, &difference.actual);
        self.0.push(difference.changeable(is_changeable));
    }
}

/// Returns whether a property can be changed by [`SetCollectionProperties`].
fn is_changeable(property: &str, expected: &Value, actual: &Value) -> bool {
    const CHANGEABLE: [&str; 6] =
        ["waitForSync", "schema", "computedValues", "cacheEnabled", "replicationFactor", "writeConcern"];
    // Neither becomes a collection a satellite, nor the other way round.
    let keeps_kind = |value: &Value| property != "replicationFactor" || value.is_number();
    CHANGEABLE.contains(&property) && keeps_kind(expected) && keeps_kind(actual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections::properties::tests::properties;
    use crate::collections::{ComputeOn, ComputedValue, GetCollectionProperties, KeyGenerator, Schema};
    use crate::testing::{name, read};
    use arango_protocol::{Operation, ReplicationFactor};
    use serde_json::json;

    fn differences(create: &CreateCollection, changed: &Value) -> Vec<String> {
        let existing = read(&GetCollectionProperties { collection: name("books") }, &properties(changed));
        create.differences(&existing).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_was_set_is_compared() {
        let create = CreateCollection::new(&name("books"));
        assert!(differences(&create, &json!({ "writeConcern": 7, "cacheEnabled": true })).is_empty());
        let found = differences(&create.clone().write_concern(2).shards(3), &json!({}));
        assert_eq!(found, ["writeConcern is 1, expected 2"]);
        assert_eq!(differences(&create.edge(), &json!({})), ["type is 2, expected 3"]);
    }

    #[test]
    fn defaults_that_a_server_adds_to_key_options_are_no_difference() {
        let keys = |options: KeyOptions| CreateCollection::new(&name("books")).key_options(options);
        let counted = || KeyOptions::new(KeyGenerator::Autoincrement);
        let reported = |increment: u64, offset: u64| {
            json!({ "keyOptions": { "type": "autoincrement", "allowUserKeys": true, "offset": offset,
                "increment": increment, "lastValue": 7 } })
        };
        assert_eq!(differences(&keys(counted()), &reported(1, 0)), [""; 0]);
        assert_eq!(differences(&keys(counted().increment(5)), &reported(5, 0)), [""; 0]);
        for other in [counted().increment(2), counted().offset(3), counted().server_keys_only()] {
            assert_eq!(differences(&keys(other.clone()), &reported(1, 0)).len(), 1, "{other:?}");
        }
        assert_eq!(differences(&keys(counted()), &reported(5, 0)).len(), 1);
        assert_eq!(differences(&keys(KeyOptions::new(KeyGenerator::Traditional)), &json!({})), [""; 0]);
        assert_eq!(differences(&keys(counted()), &json!({})).len(), 1);
    }

    #[test]
    fn the_order_of_writes_and_an_empty_list_of_computed_values_are_no_difference() {
        let at = || ComputedValue::new("at", "RETURN DATE_NOW()");
        let of = |value| CreateCollection::new(&name("books")).computed_values([value]);
        let reported = json!({ "computedValues": [{ "name": "at", "expression": "RETURN DATE_NOW()",
            "computeOn": ["insert", "update"], "overwrite": false, "failOnWarning": false, "keepNull": true }] });
        let writes = [ComputeOn::Update, ComputeOn::Insert, ComputeOn::Update];
        assert_eq!(differences(&of(at().compute_on(writes)), &reported), [""; 0]);
        for other in [
            at(),
            at().compute_on([ComputeOn::Insert]),
            at().compute_on([ComputeOn::Update, ComputeOn::Insert]).overwrite(),
        ] {
            assert_eq!(differences(&of(other.clone()), &reported).len(), 1, "{other:?}");
        }
        let none = CreateCollection::new(&name("books")).computed_values([]);
        assert_eq!(differences(&none, &json!({ "computedValues": null })), [""; 0]);
        assert_eq!(differences(&none, &reported).len(), 1);
        assert_eq!(differences(&of(at()), &json!({})).len(), 1);
    }

    #[test]
    fn a_number_of_a_schema_that_is_written_otherwise_is_no_difference() {
        let rule = json!({ "properties": { "pages": { "maximum": 10.0, "enum": [1.5, 2.0] } } });
        let create = CreateCollection::new(&name("books")).schema(Schema::new(rule));
        let reported = |maximum: u64| {
            json!({ "schema": { "rule": { "properties": { "pages": { "maximum": maximum, "enum": [1.5, 2] } } },
                "level": "strict", "message": "", "type": "json" } })
        };
        assert_eq!(differences(&create, &reported(10)), [""; 0]);
        assert_eq!(differences(&create, &reported(11)).len(), 1);
    }

    #[test]
    fn a_prototype_decides_about_shards_and_copies() {
        let create = CreateCollection::new(&name("books")).shards(9).distribute_shards_like(&name("authors"));
        assert!(differences(&create, &json!({ "distributeShardsLike": "authors" })).is_empty());
        let found = differences(&create, &json!({}));
        assert_eq!(found, [r#"distributeShardsLike is null, expected "authors""#]);
    }

    #[test]
    fn a_difference_says_whether_it_can_be_changed() {
        let existing = read(&GetCollectionProperties { collection: name("books") }, &properties(&json!({})));
        let schema = Schema::new(json!({ "type": "object" }));
        let create = CreateCollection::new(&name("books")).schema(schema).shards(9);
        let found = create.differences(&existing);
        let changeable: Vec<_> =
            found.iter().map(|found| (&*found.property, found.is_changeable())).collect();
        assert_eq!(changeable, [("schema", true), ("numberOfShards", false)]);
        let satellite = create.clone().replication_factor(ReplicationFactor::Satellite);
        assert!(
            satellite
                .differences(&existing)
                .iter()
                .all(|found| found.property != "replicationFactor" || !found.is_changeable())
        );
    }

    #[test]
    fn a_change_has_what_differs_and_can_be_changed() {
        let create = CreateCollection::new(&name("books")).shards(9).wait_for_sync().cache().write_concern(2);
        let create = create.replication_factor(3).schema(Schema::new(json!({ "type": "object" })));
        let create = create.computed_values([ComputedValue::new("at", "RETURN DATE_NOW()")]);
        let read_existing = |changed: &Value| {
            read(&GetCollectionProperties { collection: name("books") }, &properties(changed))
        };
        let found = create.differences(&read_existing(&json!({ "numberOfShards": 3 })));
        let body = create.changes(&found).unwrap().request().unwrap();
        let body: Value = serde_json::from_slice(body.body()).unwrap();
        assert_eq!(
            body.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["cacheEnabled", "computedValues", "replicationFactor", "schema", "waitForSync", "writeConcern"]
        );
        let only_fixed = CreateCollection::new(&name("books")).shards(9);
        assert!(only_fixed.changes(&only_fixed.differences(&read_existing(&json!({})))).is_none());
        // What was not set stays.
        let fewer = CreateCollection::new(&name("books")).write_concern(1);
        let changes =
            fewer.changes(&fewer.differences(&read_existing(&json!({ "writeConcern": 2 })))).unwrap();
        assert_eq!(changes.request().unwrap().body().as_ref(), br#"{"writeConcern":1}"#);
    }
}
