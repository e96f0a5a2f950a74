//! Creating a view.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::definition::View;
use super::ensure::EnsureView;
use super::info::{GetView, ViewInfo};

/// Creates a view.
///
/// # Errors
///
/// 409 with error 1207 if a view or collection has the name, see [`ensure`](Self::ensure); 400 with error 1208 if the
/// name is not allowed, and with error 10 if the definition is invalid; 404 with error 1203 if a linked collection does
/// not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    pub(super) name: String,
    pub(super) view: View,
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    #[serde(flatten)]
    view: &'a View,
}

impl CreateView {
    /// Creates a view with this name.
    #[must_use]
    pub fn new(name: impl Into<String>, view: View) -> Self {
        Self { name: name.into(), view }
    }

    /// Creates the view, or compares the existing one.
    #[must_use]
    pub fn ensure(self) -> EnsureView {
        EnsureView::new(self)
    }

    #[inline]
    pub(super) fn build(&self, metadata: Metadata) -> Result<Request<Bytes>, BuildError> {
        self.view.check()?;
        RequestBuilder::new(metadata).json(&Body { name: &self.name, view: &self.view }).build()
    }

    pub(super) fn read_existing(&self) -> GetView {
        GetView { name: self.name.clone() }
    }
}

impl Operation for CreateView {
    type Output = ViewInfo;

    const METADATA: Metadata =
        Metadata::post("view.create", "/_api/view").scope(Scope::Database).permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.build(Self::METADATA)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ViewInfo, OutputError> {
        ViewInfo::read(&response)
    }
}

impl Resolve for CreateView {
    type Question = GetView;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetView> {
        let is_own_name =
            failure.number == Some(ErrorNumber::DUPLICATE_NAME) && failure.has_ambiguous_predecessor;
        (failure.is_response_lost() || is_own_name).then(|| self.read_existing())
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<ViewInfo>, &ErrorObject>,
    ) -> Conclusion<ViewInfo> {
        match answer {
            Ok(Some(view)) if self.view.resembles(&view) => Conclusion::Executed(view),
            Ok(Some(_)) => Conclusion::Superseded,
            Ok(None) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::SEARCH;
    use super::super::link::Link;
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, read};
    use arango_protocol::{ErrorKind, Outcome};

    #[test]
    fn the_name_stands_beside_the_definition() {
        let create = CreateView::new("v", View::search_alias().index("books", "t"));
        let body = r#"{"name":"v","indexes":[{"collection":"books","index":"t"}],"type":"search-alias"}"#;
        assert_request_with_body(&create, "POST", "/_api/view", body);
        let invalid = CreateView::new("v", View::arangosearch().index("books", "t"));
        assert_rejected(&invalid, "`view` has an option that its type does not have");
    }

    #[test]
    fn a_lost_creation_is_recognized_by_the_linked_collections() {
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        for (collection, executed) in [("books", true), ("films", false)] {
            let create = CreateView::new("v", View::arangosearch().link(collection, Link::new()));
            let existing = read(&create.question(&lost).unwrap(), SEARCH);
            let conclusion = create.conclusion(&lost, Ok(existing));
            assert_eq!(matches!(conclusion, Conclusion::Executed(_)), executed, "{conclusion:?}");
            assert_eq!(create.conclusion(&lost, Ok(None)), Conclusion::NotSeen);
        }
    }
}
