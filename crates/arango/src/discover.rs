//! What is asked of coordinators to find others.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arango_cluster::{Availability, GetAvailability, GetEndpoints, GetOwnDatabases, GetServerId, ServerId};
use arango_transport::balance::Identity;
use arango_transport::protocol::{DatabaseName, ErrorNumber, Operation};
use arango_transport::{
    BoxError, BoxFuture, Call, CallOptions, Coordinator, Credentials, Discover, Discovery, Error, NoRights,
    RetryPolicy, Transport,
};

use crate::database::in_database;

/// The longest that one question may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks by operations of ours.
pub(crate) struct ByOperations(Arc<Rights>);

/// Where the user may ask a coordinator for its id: in a database in which it has any rights.
struct Rights {
    /// As the user says; else `_system`.
    set: Option<String>,
    /// Found out, where it may not ask there.
    found: Mutex<Option<String>>,
}

impl ByOperations {
    pub(crate) fn new(discovery: &Discovery) -> Self {
        let set = discovery.asks_in().map(str::to_owned);
        Self(Arc::new(Rights { set, found: Mutex::default() }))
    }
}

impl Discover for ByOperations {
    fn endpoints(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Vec<String>, BoxError>> {
        Box::pin(async move {
            let there = There { transport, coordinator };
            let endpoints = there.ask(GetEndpoints, "_system", there.call::<GetEndpoints>()).await?;
            Ok(endpoints.known().map(str::to_owned).collect())
        })
    }

    fn identify(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Identity, BoxError>> {
        let rights = Arc::clone(&self.0);
        Box::pin(async move {
            let there = There { transport, coordinator };
            // Whoever cannot even say this is shown nobody's password.
            let call = there.call::<GetAvailability>().credentials(&Credentials::none());
            match there.ask(GetAvailability, "_system", call).await? {
                Availability::Available(_) => {}
                _ => return Err("it takes no requests at the moment".into()),
            }
            let (database, first) = rights.ask_id(&there).await?;
            // What stands before several sends each connection to another.
            let second = there.id(&database).await?;
            Ok(if first == second { Identity::One(first.to_string()) } else { Identity::Shared })
        })
    }
}

impl Rights {
    /// Asks for the id in a database in which the user may, and tells in which that was.
    async fn ask_id(&self, there: &There) -> Result<(String, ServerId), BoxError> {
        let database = self.database();
        let refusal = match there.id(&database).await {
            Ok(id) => return Ok((database, id)),
            Err(error) if is_refused(&error) => error,
            Err(error) => return Err(error.into()),
        };
        let own = match there.own_database().await {
            Ok(own) if own != database => own,
            Ok(_) => return Err(refusal.into()),
            Err(why) => return Err(NoRights::new(impossible(&database, &why)).into()),
        };
        let id = there.id(&own).await?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(own.clone());
        Ok((own, id))
    }

    fn database(&self) -> String {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.or_else(|| self.set.clone()).unwrap_or_else(|| "_system".to_owned())
    }
}

fn impossible(database: &str, why: &str) -> String {
    format!(
        "discovery needs rights in some database to ask a coordinator for its id: the user has none in `{database}`, \
         and {why}; grant some, or name a database with `Discovery::database`"
    )
}

/// Whether the user has no rights in the database, or it is none that it may know.
fn is_refused(error: &Error) -> bool {
    error.error_number() == Some(ErrorNumber::FORBIDDEN) && error.status().is_some_and(|status| status == 401)
}

/// One coordinator, member or not.
struct There {
    transport: Transport,
    coordinator: Coordinator,
}

impl There {
    fn call<O: Operation>(&self) -> Call {
        // What fails is asked again in time.
        let options = CallOptions::default().total(LIMIT).retry(RetryPolicy::never());
        Call::of(&O::METADATA, O::METADATA.class)
            .pinned_to(self.coordinator.clone())
            .trying_out()
            .options(options)
    }

    async fn id(&self, database: &str) -> Result<ServerId, Error> {
        self.ask(GetServerId, database, self.call::<GetServerId>().on_a_fresh_connection()).await
    }

    /// A database in which the user has rights, or why none is known.
    async fn own_database(&self) -> Result<String, String> {
        let user = self.transport.user().ok_or("whose token it sends is not known")?;
        let call = self.call::<GetOwnDatabases>();
        match self.ask(GetOwnDatabases { user: user.clone() }, "_system", call).await {
            Ok(databases) => databases.into_iter().next().ok_or(format!("`{user}` has none in any other")),
            Err(error) => Err(format!("the databases of `{user}` could not be read: {error}")),
        }
    }

    async fn ask<O: Operation>(&self, operation: O, database: &str, call: Call) -> Result<O::Output, Error> {
        let request = DatabaseName::new(database).map_err(Into::into);
        match request.and_then(|name| in_database(&name, operation.request())) {
            Ok(request) => {
                let prepared = self.transport.prepare(request, call);
                self.transport.ask_prepared(prepared, |answer| operation.output(answer)).await
            }
            Err(error) => Err(Error::request(&call, O::METADATA.method, O::METADATA.path, error)),
        }
    }
}
