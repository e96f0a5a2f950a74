//! Creating a view unless it exists.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;

use super::create::CreateView;
use super::info::{GetView, ViewInfo};
use crate::ensured::Ensured;

/// Creates a view, or compares the existing one.
///
/// Created by [`CreateView::ensure`]. That a view exists is found out by [`Resolve`], which reads it. It is never
/// changed.
///
/// # Errors
///
/// As [`CreateView`]; 409 with error 1207 only if a collection has the name.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureView {
    create: CreateView,
}

impl EnsureView {
    pub(super) fn new(create: CreateView) -> Self {
        Self { create }
    }

    fn subject(&self) -> String {
        format!("view {}", self.create.name)
    }
}

impl Operation for EnsureView {
    type Output = Ensured<ViewInfo>;

    const METADATA: Metadata = Metadata::post("view.ensure", "/_api/view")
        .fenced()
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.create.build(Self::METADATA)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Ensured<ViewInfo>, OutputError> {
        ViewInfo::read(&response).map(|view| Ensured::created(self.subject(), view))
    }
}

impl Resolve for EnsureView {
    type Question = GetView;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetView> {
        let is_name_used = failure.number == Some(ErrorNumber::DUPLICATE_NAME);
        (failure.is_response_lost() || is_name_used).then(|| self.create.read_existing())
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<ViewInfo>, &ErrorObject>,
    ) -> Conclusion<Ensured<ViewInfo>> {
        match answer {
            Ok(Some(view)) => {
                let differences = self.create.view.differences(&view);
                Conclusion::Executed(Ensured::existed(self.subject(), view, differences))
            }
            Ok(None) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::View;
    use super::super::info::tests::SEARCH;
    use super::*;
    use crate::testing::read;
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_view_that_exists_is_compared() {
        let ensure = CreateView::new("v", View::arangosearch()).ensure();
        assert_eq!(ensure.properties().class, RequestClass::Fenced);
        assert!(!read(&ensure, SEARCH).existed);
        let number = Some(ErrorNumber::DUPLICATE_NAME);
        for failure in [
            Failure::new(ErrorKind::Conflict, Outcome::NotExecuted, number),
            Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None),
        ] {
            let existing = read(&ensure.question(&failure).unwrap(), SEARCH);
            let conclusion = ensure.conclusion(&failure, Ok(existing));
            let Conclusion::Executed(ensured) = conclusion else { panic!("{conclusion:?}") };
            assert!(ensured.existed);
            let text =
                r#"view v exists and differs: links.books is {"analyzers":["identity"]}, expected null"#;
            assert_eq!(ensured.to_string(), text);
        }
    }
}
