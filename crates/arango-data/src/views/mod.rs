//! Views: creating, listing, changing and dropping them.

mod create;
mod definition;
mod differences;
mod drop;
mod ensure;
mod info;
mod link;
mod update;

pub use create::CreateView;
pub use definition::View;
pub use drop::DropView;
pub use ensure::EnsureView;
pub use info::{GetView, ListViews, ViewIndex, ViewInfo, ViewType};
pub use link::Link;
pub use update::UpdateView;
