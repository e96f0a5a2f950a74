//! The path of a value that JSON cannot hold.

use std::cell::RefCell;
use std::fmt::Write;

/// One step from a value to a value within it.
enum Step {
    Name(String),
    Index(usize),
}

/// What is wrong with a value, and where.
///
/// It is filled only when a value is refused: each level adds its step while the error is returned to the caller.
#[derive(Default)]
pub(super) struct Fault {
    reason: RefCell<Option<&'static str>>,
    /// The innermost step first.
    steps: RefCell<Vec<Step>>,
}

impl Fault {
    /// Refuses the current value.
    pub(super) fn refuse<E: serde::ser::Error>(&self, reason: &'static str) -> E {
        self.reason.borrow_mut().get_or_insert(reason);
        E::custom(reason)
    }

    /// Adds the name of the attribute whose value was refused.
    pub(super) fn add_name(&self, name: &str) {
        if self.reason.borrow().is_some() {
            self.steps.borrow_mut().push(Step::Name(name.to_owned()));
        }
    }

    /// Adds the index of the element that was refused.
    pub(super) fn add_index(&self, index: usize) {
        if self.reason.borrow().is_some() {
            self.steps.borrow_mut().push(Step::Index(index));
        }
    }

    /// Returns the text of the error, such as `` `prices[3].net` is not a finite number ``.
    pub(super) fn describe(&self) -> Option<String> {
        let reason = (*self.reason.borrow())?;
        let mut path = String::new();
        for step in self.steps.borrow().iter().rev() {
            match step {
                Step::Name(name) if path.is_empty() => path.push_str(name),
                Step::Name(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Index(index) => write!(path, "[{index}]").expect("a string takes all text"),
            }
        }
        Some(if path.is_empty() { format!("the value {reason}") } else { format!("`{path}` {reason}") })
    }
}
