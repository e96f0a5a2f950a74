//! What is asked of coordinators to find others.

use std::time::Duration;

use arango_cluster::{Availability, GetAvailability, GetEndpoints, GetServerId};
use arango_transport::balance::Identity;
use arango_transport::protocol::Operation;
use arango_transport::{
    BoxError, BoxFuture, Call, CallOptions, Coordinator, Credentials, Discover, RetryPolicy, Transport,
};

/// The longest that one question may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks by operations of ours.
pub(crate) struct ByOperations;

impl Discover for ByOperations {
    fn endpoints(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Vec<String>, BoxError>> {
        Box::pin(async move {
            let there = There { transport, coordinator };
            let endpoints = there.ask(GetEndpoints, there.call::<GetEndpoints>()).await?;
            Ok(endpoints.known().map(str::to_owned).collect())
        })
    }

    fn identify(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Identity, BoxError>> {
        Box::pin(async move {
            let there = There { transport, coordinator };
            // Whoever cannot even say this is shown nobody's password.
            let call = there.call::<GetAvailability>().credentials(&Credentials::none());
            match there.ask(GetAvailability, call).await? {
                Availability::Available(_) => {}
                _ => return Err("it takes no requests at the moment".into()),
            }
            // What stands before several sends each connection to another.
            let id = || there.ask(GetServerId, there.call::<GetServerId>().on_a_fresh_connection());
            let (first, second) = (id().await?, id().await?);
            Ok(if first == second { Identity::One(first.to_string()) } else { Identity::Shared })
        })
    }
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
        Call::of(&O::FACTS, O::FACTS.class).pinned_to(self.coordinator.clone()).trying_out().options(options)
    }

    async fn ask<O: Operation>(&self, operation: O, call: Call) -> Result<O::Output, BoxError> {
        let request = operation.request()?;
        let prepared = self.transport.prepare(request, call);
        Ok(self.transport.ask_prepared(prepared, |answer| operation.output(answer)).await?)
    }
}
