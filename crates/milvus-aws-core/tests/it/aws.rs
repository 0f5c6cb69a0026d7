//! The target `aws`, as far as it can be said without an account.

mod iam_policy;
mod names;
mod policies;
mod tokens;
