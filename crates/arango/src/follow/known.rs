//! Waiting until all coordinators have heard of something new.

use std::sync::Arc;

use arango_transport::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope,
};
use arango_transport::{Coordinator, Error, ErrorKind};
use bytes::Bytes;
use http::Request;

use super::fan_out::coordinators;
use super::looks::Looks;
use super::{Pace, Unfinished};
use crate::{CoordinatorHandle, Database};

/// Which coordinators have heard of something new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// Those that know of it.
    pub by: Vec<Coordinator>,
    /// Those that do not yet.
    pub unknown_to: Vec<Coordinator>,
    /// Those that could not be asked: they may be dead, and hear of it when they start.
    pub unasked: Vec<Coordinator>,
}

/// Asks one coordinator whether it knows a collection.
struct GetCollection<'a>(&'a str);

impl Operation for GetCollection<'_> {
    type Output = ();
    const METADATA: Metadata =
        Metadata::get("collection.get", "/_api/collection/{collection}").scope(Scope::Database);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("collection", self.0).build()
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        answer.acknowledged()
    }
}

impl Database {
    /// Waits until every coordinator of the client that lives knows this database, for example after it was created. At
    /// least one has to.
    ///
    /// Each is asked for itself. One that cannot be reached does not keep it waiting. Servers say the same of a database
    /// that a user may not know of and of one that is not there: whoever has no right to it waits in vain.
    ///
    /// # Errors
    ///
    /// If there is no time left, with who knows of it by then; if a coordinator refuses for another reason.
    pub async fn wait_until_known(&self, pace: Pace) -> Result<Known, Unfinished<Known>> {
        let ask = |one: CoordinatorHandle| async move { one.version().await.map(drop) };
        known(self, pace, ask).await
    }

    /// The same for a collection of this database, by its name.
    ///
    /// # Errors
    ///
    /// As [`wait_until_known`](Self::wait_until_known).
    pub async fn wait_for_collection(&self, name: &str, pace: Pace) -> Result<Known, Unfinished<Known>> {
        let ask = |one: CoordinatorHandle| async move { one.execute(GetCollection(name)).await };
        known(self, pace, ask).await
    }
}

async fn known<F>(
    database: &Database,
    pace: Pace,
    ask: impl Fn(CoordinatorHandle) -> F,
) -> Result<Known, Unfinished<Known>>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut looks = Looks::new(&database.transport, pace, &Arc::default());
    let mut known = Known::default();
    let by_all = |now: Known| {
        known = now;
        (known.unknown_to.is_empty() && !known.by.is_empty()).then_some(())
    };
    let ended = looks.until(|| look(database, &ask), by_all).await;
    match ended {
        Ok(()) => Ok(known),
        Err(why) => Err(Unfinished::new(known, why)),
    }
}

async fn look<F>(database: &Database, ask: impl Fn(CoordinatorHandle) -> F) -> Result<Known, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut known = Known::default();
    for (coordinator, answer) in coordinators(database, ask).await {
        match answer {
            Ok(()) => known.by.push(coordinator),
            // As a server says it of what it does not know, to who may know everything and to who may not.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DatabaseUnknown | ErrorKind::NotFound | ErrorKind::NotAuthorized
                ) =>
            {
                known.unknown_to.push(coordinator);
            }
            Err(error) if error.is_transient() => known.unasked.push(coordinator),
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}
