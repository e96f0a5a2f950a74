//! Creating a graph unless it exists.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorObject, Failure, Metadata, Operation, OutputError, Permission,
    Resolve, Scope,
};
use bytes::Bytes;
use http::Request;

use super::DUPLICATE_GRAPH;
use super::create::CreateGraph;
use super::info::{GetGraph, GraphInfo};
use crate::ensured::Ensured;

/// Creates a graph, or compares the existing one.
///
/// Created by [`CreateGraph::ensure`]. That a graph exists is found out by [`Resolve`], which reads it. It is never
/// changed.
///
/// # Errors
///
/// As [`CreateGraph`], but for 409 with error 1925.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureGraph {
    create: CreateGraph,
}

impl EnsureGraph {
    pub(super) fn new(create: CreateGraph) -> Self {
        Self { create }
    }

    fn subject(&self) -> String {
        format!("graph {}", self.create.name())
    }
}

impl Operation for EnsureGraph {
    type Output = Ensured<GraphInfo>;

    const METADATA: Metadata = Metadata::post("graph.ensure", "/_api/gharial")
        .fenced()
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.create.builder(Self::METADATA).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Ensured<GraphInfo>, OutputError> {
        GraphInfo::read(&response).map(|graph| Ensured::created(self.subject(), graph))
    }
}

impl Resolve for EnsureGraph {
    type Question = GetGraph;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetGraph> {
        let is_name_used = failure.number == Some(DUPLICATE_GRAPH);
        (failure.is_response_lost() || is_name_used).then(|| self.create.read_existing())
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<GraphInfo>, &ErrorObject>,
    ) -> Conclusion<Ensured<GraphInfo>> {
        match answer {
            Ok(Some(graph)) => {
                let differences = self.create.differences(&graph);
                Conclusion::Executed(Ensured::existed(self.subject(), graph, differences))
            }
            Ok(None) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::library;
    use super::super::info::tests::LIBRARY;
    use super::*;
    use crate::testing::read;
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_graph_that_exists_is_compared() {
        let ensure = library().shards(9).ensure();
        assert_eq!(ensure.properties().class, RequestClass::Fenced);
        assert!(!read(&ensure, LIBRARY).existed);
        for failure in [
            Failure::new(ErrorKind::Conflict, Outcome::Executed, Some(DUPLICATE_GRAPH)),
            Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None),
        ] {
            let existing = read(&ensure.question(&failure).unwrap(), LIBRARY);
            let conclusion = ensure.conclusion(&failure, Ok(existing));
            let Conclusion::Executed(ensured) = conclusion else { panic!("{conclusion:?}") };
            assert!(ensured.existed);
            assert_eq!(
                ensured.to_string(),
                "graph library exists and differs: numberOfShards is 3, expected 9"
            );
        }
    }
}
