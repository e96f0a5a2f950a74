//! What is done to one server as a whole.

use serde_json::Value;

use super::desk::{Desk, Refused, done, version};

impl Desk {
    /// Does it to a coordinator; `None` if there is no such deed.
    pub(super) async fn to_coordinator(
        &self,
        index: &str,
        deed: &str,
        body: &[u8],
    ) -> Result<Option<Value>, Refused> {
        let coordinator = self.coordinator(index)?;
        match deed {
            "kill" => coordinator.kill(),
            "deregister" => coordinator.deregister(),
            "pause" => coordinator.pause(),
            "resume" => coordinator.resume(),
            "restart" => coordinator.restart().await.map_err(|error| (500, error.to_string()))?,
            "upgrade" => {
                let started = coordinator.restart_as(version(body)?.text()).await;
                started.map_err(|error| (500, error.to_string()))?;
            }
            _ => return Ok(None),
        }
        Ok(Some(done()))
    }

    /// Does it to a DB-Server; `None` if there is no such deed.
    pub(super) fn to_db_server(
        &self,
        index: &str,
        deed: &str,
        body: &[u8],
    ) -> Result<Option<Value>, Refused> {
        let mut state = self.cluster.state();
        let found = index.parse().ok().filter(|index| *index < state.db_servers.len());
        let index = found.ok_or_else(|| (404, format!("no DB-Server {index}")))?;
        match deed {
            "stop" => state.stop_db_server(index),
            "start" => state.start_db_server(index, None),
            "upgrade" => state.start_db_server(index, Some(version(body)?)),
            "pause" => state.pause_db_server(index),
            "resume" => state.resume_db_server(index),
            _ => return Ok(None),
        }
        Ok(Some(done()))
    }
}
