//! Users and what they may access.

mod access;
mod create;
mod grant;
mod info;
mod password;
mod remove;
mod update;

pub use access::{Access, GetAccess, ListAccess};
pub use create::{CreateUser, UserCreation};
pub use grant::{GrantAccess, RevokeAccess};
pub use info::{GetUser, ListUsers, UserInfo};
pub use password::Password;
pub use remove::{RemoveUser, UserRemoval};
pub use update::UpdateUser;

use arango_protocol::ErrorNumber;

/// The error number of a user that exists.
const DUPLICATE_USER: ErrorNumber = ErrorNumber(1702);
/// The error number of a user that does not exist.
const USER_NOT_FOUND: ErrorNumber = ErrorNumber(1703);
