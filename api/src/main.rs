//! The one program of the workspace. Everything it does is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request allocates hundreds of small pieces, on every core at once. docs/performance.md has the figures.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    patch_hive::cli::run()
}
