//! Control actions on a whole server.

use serde_json::Value;

use super::router::{ControlError, Router, ok, version};

impl Router {
    /// Runs an action on a coordinator. `None` for an unknown action.
    pub(super) async fn coordinator_action(
        &self,
        index: &str,
        action: &str,
        body: &[u8],
    ) -> Result<Option<Value>, ControlError> {
        let coordinator = self.coordinator(index)?;
        match action {
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
        Ok(Some(ok()))
    }

    /// Runs an action on a DB-Server. `None` for an unknown action.
    pub(super) fn db_server_action(
        &self,
        index: &str,
        action: &str,
        body: &[u8],
    ) -> Result<Option<Value>, ControlError> {
        let mut state = self.cluster.state();
        let found = index.parse().ok().filter(|index| *index < state.db_servers.len());
        let index = found.ok_or_else(|| (404, format!("no DB-Server {index}")))?;
        match action {
            "stop" => state.stop_db_server(index),
            "start" => state.start_db_server(index, None),
            "upgrade" => state.start_db_server(index, Some(version(body)?)),
            "pause" => state.pause_db_server(index),
            "resume" => state.resume_db_server(index),
            _ => return Ok(None),
        }
        Ok(Some(ok()))
    }
}
