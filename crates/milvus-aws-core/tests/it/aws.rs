//! The target `aws`, as far as it can be said without an account.

mod names;
mod policies;
mod tokens;
