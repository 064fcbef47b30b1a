//! The one program of the workspace. Everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    patch_hive::cli::run()
}
