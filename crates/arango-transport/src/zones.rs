//! Where coordinators stand, as the user says.

use std::fmt;
use std::sync::Arc;

use crate::Coordinator;

type Tell = dyn Fn(&Coordinator, &mut dyn FnMut(&str)) + Send + Sync;

/// Tells of each coordinator in which zone it is: a rack, a data centre, a region. Clones are cheap.
///
/// Made by [`TransportBuilder::zones`](crate::TransportBuilder::zones).
#[derive(Clone, Default)]
pub struct Zones(Option<Arc<Tell>>);

impl Zones {
    pub(crate) fn by<Z: AsRef<str>>(tell: impl Fn(&Coordinator) -> Z + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(move |coordinator, hear| hear(tell(coordinator).as_ref()))))
    }

    /// Whether nobody has said anything of zones.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this coordinator is in this zone. Allocates nothing of its own.
    pub fn holds(&self, zone: &str, coordinator: &Coordinator) -> bool {
        let mut holds = false;
        if let Some(tell) = &self.0 {
            tell(coordinator, &mut |label| holds = label == zone);
        }
        holds
    }

    /// The zone of this coordinator.
    pub fn of(&self, coordinator: &Coordinator) -> Option<String> {
        let mut zone = None;
        if let Some(tell) = &self.0 {
            tell(coordinator, &mut |label| zone = Some(label.to_owned()));
        }
        zone
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "no Zones" } else { "Zones" })
    }
}
