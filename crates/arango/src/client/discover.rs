//! The requests of discovery: listing endpoints and identifying coordinators.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arango_cluster::{Availability, GetAvailability, GetEndpoints, GetServerId, GetUserDatabases, ServerId};
use arango_transport::balance::Identity;
use arango_transport::protocol::{BuildError, DatabaseName, ErrorNumber, Operation, RequestProperties};
use arango_transport::{
    BoxError, BoxFuture, Call, CallOptions, Coordinator, Credentials, Discover, Discovery, Error,
    MissingPermission, RetryPolicy, Transport,
};

use crate::handles::execute::set_database;

/// The timeout of one discovery call.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Implements discovery with operations of this workspace.
pub(crate) struct OperationDiscovery(Arc<DatabaseAccess>);

/// The database in which the server id can be read: one in which the user has any rights.
struct DatabaseAccess {
    /// The configured database; `_system` if there is none.
    configured: Option<String>,
    /// The database found instead, if the user has no rights in the configured one.
    discovered: Mutex<Option<String>>,
}

impl OperationDiscovery {
    #[inline]
    pub(crate) fn new(discovery: &Discovery) -> Self {
        let set = discovery.database_name().map(str::to_owned);
        Self(Arc::new(DatabaseAccess { configured: set, discovered: Mutex::default() }))
    }
}

impl Discover for OperationDiscovery {
    #[inline]
    fn endpoints(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Vec<String>, BoxError>> {
        Box::pin(async move {
            let probe = CoordinatorProbe { transport, coordinator };
            let endpoints = probe.execute(GetEndpoints, "_system", probe.call::<GetEndpoints>()).await?;
            Ok(endpoints.addresses().map(str::to_owned).collect())
        })
    }

    #[inline]
    fn identify(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Identity, BoxError>> {
        let access = Arc::clone(&self.0);
        Box::pin(async move {
            let probe = CoordinatorProbe { transport, coordinator };
            // Sent without credentials: a server that does not respond like ArangoDB must not receive the password.
            let call = probe.call::<GetAvailability>().credentials(Credentials::none());
            match probe.execute(GetAvailability, "_system", call).await? {
                Availability::Available(_) => {}
                _ => return Err("it is unavailable at the moment".into()),
            }
            let (database, first) = access.server_id(&probe).await?;
            // An intermediary in front of several coordinators sends each connection to another one.
            let second = probe.query_id(&database).await?;
            Ok(if first == second { Identity::One(first.to_string()) } else { Identity::Shared })
        })
    }
}

impl DatabaseAccess {
    /// Reads the id in a database in which the user has rights; returns that database too.
    #[inline]
    async fn server_id(&self, probe: &CoordinatorProbe) -> Result<(String, ServerId), BoxError> {
        let database = self.database();
        let refused = match probe.query_id(&database).await {
            Ok(id) => return Ok((database, id)),
            Err(error) if is_refused(&error) => error,
            Err(error) => return Err(error.into()),
        };
        let accessible = match probe.accessible_database().await {
            Ok(accessible) if accessible != database => accessible,
            Ok(_) => return Err(refused.into()),
            Err(reason) => return Err(MissingPermission::new(no_rights_message(&database, &reason)).into()),
        };
        let id = probe.query_id(&accessible).await?;
        *self.discovered.lock().unwrap_or_else(PoisonError::into_inner) = Some(accessible.clone());
        Ok((accessible, id))
    }

    #[inline]
    fn database(&self) -> String {
        let found = self.discovered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.or_else(|| self.configured.clone()).unwrap_or_else(|| "_system".to_owned())
    }
}

fn no_rights_message(database: &str, reason: &str) -> String {
    format!(
        "discovery needs rights in some database to read the id of a coordinator: the user has none in `{database}`, \
         and {reason}; grant some, or name a database with `Discovery::database`"
    )
}

/// Returns whether the user has no rights in the database, or the database does not exist.
#[inline]
fn is_refused(error: &Error) -> bool {
    match error.error_number() {
        Some(ErrorNumber::FORBIDDEN) => error.status().is_some_and(|status| status == 401),
        // Only a user whose rights cover every name gets this number.
        number => number == Some(ErrorNumber::DATABASE_NOT_FOUND),
    }
}

/// One coordinator, verified or not.
struct CoordinatorProbe {
    transport: Transport,
    coordinator: Coordinator,
}

impl CoordinatorProbe {
    fn call<O: Operation>(&self) -> Call {
        // Discovery repeats a failed call by itself, later.
        let options = CallOptions::default().total(CALL_TIMEOUT).retry(RetryPolicy::disabled());
        Call::new(&O::METADATA, RequestProperties::of(&O::METADATA))
            .pinned_to(self.coordinator.clone())
            .allow_unverified()
            .options(options)
    }

    #[inline]
    async fn query_id(&self, database: &str) -> Result<ServerId, Error> {
        self.execute(GetServerId, database, self.call::<GetServerId>().new_connection()).await
    }

    /// Returns a database in which the user has rights, or why none is known.
    #[inline]
    async fn accessible_database(&self) -> Result<String, String> {
        let user = self.transport.user().ok_or("the user of the token is unknown")?;
        let call = self.call::<GetUserDatabases>();
        match self.execute(GetUserDatabases { user: user.clone() }, "_system", call).await {
            Ok(databases) => databases.into_iter().next().ok_or(format!("`{user}` has none in any other")),
            Err(error) => Err(format!("the databases of `{user}` could not be read: {error}")),
        }
    }

    async fn execute<O: Operation>(
        &self,
        operation: O,
        database: &str,
        call: Call,
    ) -> Result<O::Output, Error> {
        let request = DatabaseName::new(database).map_err(BuildError::from);
        let request = request.and_then(|name| {
            let mut request = operation.request()?;
            set_database(&name, &mut request)?;
            Ok(request)
        });
        match request {
            Ok(request) => {
                let prepared = self.transport.prepare(request, call);
                self.transport.send_prepared(prepared, |response| operation.output(response)).await
            }
            Err(error) => Err(Error::request(&call, O::METADATA.method, O::METADATA.path, error)),
        }
    }
}
