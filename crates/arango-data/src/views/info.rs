//! Which views there are.

use arango_protocol::{
    ApiResponse, BuildError, ErrorNumber, Metadata, Operation, OutputError, RequestBuilder, Scope, open_enum,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::expected_error::accept_error;

open_enum! {
    /// What a view consists of.
    pub enum ViewType {
        /// Its own index over linked collections.
        ArangoSearch = "arangosearch",
        /// Inverted indexes of collections.
        SearchAlias = "search-alias",
    }
}

/// A view.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ViewInfo {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// What it consists of.
    #[serde(rename = "type")]
    pub view_type: ViewType,
    /// The linked collections, and what is indexed of each. Empty in lists.
    #[serde(default)]
    pub links: Map<String, Value>,
    /// The inverted indexes of which it consists. Empty in lists.
    #[serde(default)]
    pub indexes: Vec<ViewIndex>,
    /// All other properties, by type. Lists have nearly none.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An inverted index in a view.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ViewIndex {
    /// The collection.
    pub collection: String,
    /// The name of the index.
    pub index: String,
}

impl ViewInfo {
    /// Reads the properties of a view from a response with or without an envelope.
    #[inline]
    pub(super) fn read(response: &ApiResponse) -> Result<Self, OutputError> {
        let mut view: Self = response.json()?;
        // These belong to the response, and not to the view.
        view.other.remove("error");
        view.other.remove("code");
        Ok(view)
    }
}

/// Lists the views of a database, without their properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListViews;

impl Operation for ListViews {
    type Output = Vec<ViewInfo>;

    const METADATA: Metadata = Metadata::get("view.list", "/_api/view").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<ViewInfo>, OutputError> {
        response.json_result()
    }
}

/// Returns a view with its properties; `None` if there is none with this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetView {
    /// The name.
    pub name: String,
}

impl Operation for GetView {
    type Output = Option<ViewInfo>;

    const METADATA: Metadata = Metadata::get("view.get", "/_api/view/{view}/properties")
        .scope(Scope::Database)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("view", &self.name).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<ViewInfo>, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, ErrorNumber::DATA_SOURCE_NOT_FOUND).map(|()| None);
        }
        ViewInfo::read(&response).map(Some)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, read, response};

    pub(in crate::views) const SEARCH: &str = r#"{"id":"7","name":"v","type":"arangosearch","globallyUniqueId":"c7/",
        "links":{"books":{"analyzers":["identity"]}},"commitIntervalMsec":1000,"error":false,"code":200}"#;

    #[test]
    fn a_view_of_each_type_is_read_or_is_not_there() {
        let get = GetView { name: "v".to_owned() };
        assert_request(&get, "GET", "/_api/view/v/properties");
        let view = read(&get, SEARCH).unwrap();
        assert_eq!((&view.view_type, view.links.len(), view.indexes.len()), (&ViewType::ArangoSearch, 1, 0));
        assert_eq!(view.other.keys().collect::<Vec<_>>(), ["commitIntervalMsec", "globallyUniqueId"]);
        let alias =
            r#"{"id":"8","name":"a","type":"search-alias","indexes":[{"collection":"books","index":"t"}]}"#;
        assert_eq!(read(&get, alias).unwrap().indexes[0].collection, "books");
        let missing = r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"not found"}"#;
        assert_eq!(get.output(response(404, missing)).unwrap(), None);
        assert!(get.output(response(404, &missing.replace("1203", "1228"))).is_err());
    }

    #[test]
    fn views_are_listed() {
        assert_request(&ListViews, "GET", "/_api/view");
        let body = r#"{"error":false,"code":200,"result":[{"id":"7","name":"v","type":"other","globallyUniqueId":"c7/"}]}"#;
        assert_eq!(read(&ListViews, body)[0].view_type, ViewType::Unknown("other".to_owned()));
    }

    #[test]
    fn a_view_is_written_under_the_names_of_the_server() {
        let view = read(&GetView { name: "v".to_owned() }, SEARCH).unwrap();
        assert_written(&view, &[("/type", "arangosearch".into()), ("/commitIntervalMsec", 1000.into())]);
    }
}
