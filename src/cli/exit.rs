//! How a command ends.

use std::process::ExitCode;

/// All is well; there is nothing to do.
pub const FINE: u8 = 0;
/// There is something to do, or something a person should look at.
pub const SOMETHING: u8 = 2;
/// Something could not be found out, or cannot be.
pub const ERROR: u8 = 1;

/// The process' exit code.
pub fn code(code: u8) -> ExitCode {
    ExitCode::from(code)
}
