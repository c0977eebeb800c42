//! The `aptlet` binary: arguments in, exit code out.

use std::process::ExitCode;

/// musl's own allocator is slow across threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match aptlet::launch::become_command() {
        Some(code) => ExitCode::from(code),
        None => aptlet::command::main(),
    }
}
