//! Indexes for similar vectors.

use arango_protocol::BuildError;
use serde_json::{Map, Value, json};

use super::definition::Index;

/// How the distance of two vectors is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VectorMetric {
    /// By their angle.
    Cosine,
    /// By their Euclidean distance.
    L2,
    /// By their inner product; since 3.12.6.
    InnerProduct,
}

impl VectorMetric {
    /// Returns the name, as the server spells it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::L2 => "l2",
            Self::InnerProduct => "innerProduct",
        }
    }
}

/// An index for similar vectors, by the library Faiss.
///
/// Since 3.12.4, on servers that were started with it enabled. Up to 3.12.8 the documents must be there before, at least as
/// many as centroids: the index is trained with them, once.
///
/// ```
/// use arango_data::{Index, VectorIndex, VectorMetric};
///
/// let index: Index = VectorIndex::new("embedding", VectorMetric::Cosine, 768, 100).default_probes(10).into();
/// # drop(index);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an index is created by `EnsureIndex`"]
pub struct VectorIndex {
    attributes: Map<String, Value>,
    params: Map<String, Value>,
}

impl VectorIndex {
    /// Indexes the attribute with a vector of this dimension, around this many centroids.
    ///
    /// The authors of the library advise a fifteenth of the number of documents of a shard for the centroids.
    pub fn new(field: impl Into<String>, metric: VectorMetric, dimension: u64, centroids: u64) -> Self {
        let attributes = [("type".to_owned(), "vector".into()), ("fields".to_owned(), json!([field.into()]))];
        let params = [
            ("metric".to_owned(), metric.as_str().into()),
            ("dimension".to_owned(), dimension.into()),
            ("nLists".to_owned(), centroids.into()),
        ];
        Self { attributes: Map::from_iter(attributes), params: Map::from_iter(params) }
    }

    /// Sets how many centroids a search looks at if the query does not say; by default 1.
    ///
    /// More of them are slower, and find more.
    pub fn default_probes(self, centroids: u64) -> Self {
        self.param("defaultNProbe", centroids)
    }

    /// Sets how often the training is repeated; by default 25.
    pub fn training_iterations(self, iterations: u64) -> Self {
        self.param("trainingIterations", iterations)
    }

    /// Sets the kind of index that Faiss creates, such as `IVF100_HNSW10,Flat`. It must begin with `IVF`.
    pub fn factory(self, description: impl Into<String>) -> Self {
        self.param("factory", description.into())
    }

    /// Sets how many threads build it; by default 2.
    pub fn parallelism(self, threads: u64) -> Self {
        self.with("parallelism", threads)
    }

    /// Leaves out documents without a vector.
    pub fn sparse(self) -> Self {
        self.with("sparse", true)
    }

    /// Stores these attributes in it too, so that a search filters by them.
    ///
    /// Since 3.12.7.
    pub fn stored_values<F: Into<String>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        let fields: Value = fields.into_iter().map(|field| Value::from(field.into())).collect();
        self.with("storedValues", fields)
    }

    /// Returns the definition, to name it or to build it in the background.
    #[must_use]
    pub fn into_index(self) -> Index {
        let params = self.params.clone();
        Index::from_attributes(self.with("params", params).attributes)
    }

    fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }
}

/// Refuses parameters that the server would refuse.
#[inline]
pub(super) fn check_params(params: Option<&Value>) -> Result<(), BuildError> {
    for (name, field) in
        [("dimension", "dimension"), ("nLists", "centroids"), ("defaultNProbe", "default_probes")]
    {
        if params.and_then(|params| params.get(name)) == Some(&json!(0)) {
            return Err(BuildError::Field { field, reason: "is zero" });
        }
    }
    Ok(())
}

impl From<VectorIndex> for Index {
    #[inline]
    fn from(index: VectorIndex) -> Self {
        index.into_index()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_options_are_spelled_as_the_server_documents_them() {
        let index = VectorIndex::new("v", VectorMetric::L2, 3, 7).default_probes(2).training_iterations(9);
        let index = index.factory("IVF7,Flat").parallelism(4).sparse().stored_values(["a"]).into_index();
        let index = index.named("similar").in_background();
        index.check().unwrap();
        let expected = json!({ "type": "vector", "fields": ["v"], "parallelism": 4, "sparse": true,
            "storedValues": ["a"], "name": "similar", "inBackground": true,
            "params": { "metric": "l2", "dimension": 3, "nLists": 7, "defaultNProbe": 2, "trainingIterations": 9,
                "factory": "IVF7,Flat" } });
        assert_eq!(serde_json::to_value(index).unwrap(), expected);
    }

    #[test]
    fn numbers_that_the_server_would_refuse_are_refused() {
        let index = |dimension, centroids| VectorIndex::new("v", VectorMetric::Cosine, dimension, centroids);
        let fault = |index: VectorIndex| index.into_index().check().unwrap_err().to_string();
        assert_eq!(fault(index(0, 1)), "`dimension` is zero");
        assert_eq!(fault(index(1, 0)), "`centroids` is zero");
        assert_eq!(fault(index(1, 1).default_probes(0)), "`default_probes` is zero");
        assert!(index(1, 1).into_index().unique().check().is_err());
    }
}
