//! The zones of coordinators, as configured by the user.

use std::fmt;
use std::sync::Arc;

use crate::types::coordinator::Coordinator;

type ZoneOf = dyn Fn(&Coordinator, &mut dyn FnMut(&str)) + Send + Sync;

/// Maps each coordinator to its zone.
///
/// A zone is a rack, a data center or a region. Set with [`TransportBuilder::zones`](crate::TransportBuilder::zones).
/// Clones are cheap.
#[derive(Clone, Default)]
pub struct Zones(Option<Arc<ZoneOf>>);

impl Zones {
    pub(crate) fn from_fn<Z: AsRef<str>>(
        zone_of: impl Fn(&Coordinator) -> Z + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(move |coordinator, visit| visit(zone_of(coordinator).as_ref()))))
    }

    /// Returns whether no zones are configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns whether a coordinator is in a zone.
    ///
    /// Does not allocate, unless the configured function does.
    pub fn contains(&self, zone: &str, coordinator: &Coordinator) -> bool {
        let mut holds = false;
        if let Some(zone_of) = &self.0 {
            zone_of(coordinator, &mut |label| holds = label == zone);
        }
        holds
    }

    /// Returns the zone of a coordinator; `None` if no zones are configured.
    pub fn zone_of(&self, coordinator: &Coordinator) -> Option<String> {
        let mut zone = None;
        if let Some(zone_of) = &self.0 {
            zone_of(coordinator, &mut |label| zone = Some(label.to_owned()));
        }
        zone
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Zones(none)" } else { "Zones" })
    }
}
