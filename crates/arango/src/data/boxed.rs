//! The box of the future of a call.

use std::pin::Pin;

/// Boxes a future where it is made.
///
/// [`Box::pin`] takes a future that is made already, and copies all of it: hundreds of bytes, most of which have no value
/// yet.
#[inline]
pub(super) fn boxed<F>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    let place = Box::new_uninit();
    Box::into_pin(Box::write(place, make()))
}
