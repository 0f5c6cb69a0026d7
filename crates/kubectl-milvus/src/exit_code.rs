//! The exit codes that scripts may rely on.

/// How a command ended. The numbers are a contract: they do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything that was asked for holds.
    Done = 0,
    /// Something failed while it was being done.
    Failed = 1,
    /// Wrong usage, or a file that says something impossible.
    Usage = 2,
    /// A check or a verification did not hold.
    CheckFailed = 3,
    /// `plan --exit-code`: changes are pending.
    ChangesPending = 4,
    /// Refused, to protect data or somebody else's resource.
    Refused = 5,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        // The enum is `repr(u8)`, so the cast is exact.
        Self::from(code as u8)
    }
}
