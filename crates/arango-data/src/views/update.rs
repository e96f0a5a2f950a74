//! Changing a view.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::definition::View;
use super::info::ViewInfo;

/// Changes the properties of a view that are set, and keeps the others.
///
/// A server ignores changes of what never changes, such as the primary sort order. It is sent once: a late copy would undo a
/// later change.
///
/// # Errors
///
/// 404 with error 1203 if the view, or a linked collection, does not exist; 400 with error 10 if the change is invalid.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateView {
    name: String,
    view: View,
}

impl UpdateView {
    /// Changes the view with this name, which must have the type of `view`.
    #[must_use]
    pub fn new(name: impl Into<String>, view: View) -> Self {
        Self { name: name.into(), view }
    }
}

impl Operation for UpdateView {
    type Output = ViewInfo;

    const METADATA: Metadata = Metadata::patch("view.update", "/_api/view/{view}/properties")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.view.check()?;
        RequestBuilder::new(Self::METADATA).path_param("view", &self.name).json(&self.view.changes()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ViewInfo, OutputError> {
        ViewInfo::read(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::SEARCH;
    use super::super::link::Link;
    use super::*;
    use crate::testing::{assert_request_with_body, read};

    #[test]
    fn the_type_is_not_sent_because_it_never_changes() {
        let update = UpdateView::new("v", View::arangosearch().link("books", Link::new()).unlink("films"));
        let body = r#"{"links":{"books":{},"films":null}}"#;
        assert_request_with_body(&update, "PATCH", "/_api/view/v/properties", body);
        assert_eq!(read(&update, SEARCH).name, "v");
    }
}
