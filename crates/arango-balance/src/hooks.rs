//! Who is told what happens to members.

use crate::Member;

/// Is told of a member.
type Told<K> = Box<dyn Fn(&Member<K>) + Send + Sync>;

/// Who is told what happens to members.
pub(crate) struct Hooks<K> {
    pub(crate) ejected: Vec<Told<K>>,
    pub(crate) removed: Option<Told<K>>,
    pub(crate) gone: Option<Told<K>>,
}

impl<K> Hooks<K> {
    pub(crate) fn ejected(&self, member: &Member<K>) {
        self.ejected.iter().for_each(|tell| tell(member));
    }

    pub(crate) fn removed(&self, member: &Member<K>) {
        self.removed.iter().for_each(|tell| tell(member));
    }

    pub(crate) fn gone(&self, member: &Member<K>) {
        self.gone.iter().for_each(|tell| tell(member));
    }
}

impl<K> Default for Hooks<K> {
    fn default() -> Self {
        Self { ejected: Vec::new(), removed: None, gone: None }
    }
}
