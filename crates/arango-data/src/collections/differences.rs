//! Comparing a collection with what it should be.

use serde_json::Value;

use super::create::CreateCollection;
use super::properties::CollectionProperties;
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
        found.compare("schema", body.schema.as_ref(), existing.schema.as_ref());
        found.compare("computedValues", body.computed_values.as_ref(), existing.computed_values.as_ref());
        found.compare("keyOptions", body.key_options.as_ref(), existing.key_options.as_ref());
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
            let is_changeable = is_changeable(property, &difference.expected, &difference.actual);
            self.0.push(difference.changeable(is_changeable));
        }
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
    use crate::collections::{ComputedValue, GetCollectionProperties, Schema};
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
