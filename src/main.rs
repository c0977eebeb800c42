//! The `aptlet` binary: arguments in, exit code out.

use std::alloc::{GlobalAlloc, Layout};
use std::process::ExitCode;

/// musl's own allocator is slow across threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: OrEnd<mimalloc::MiMalloc> = OrEnd(mimalloc::MiMalloc);
#[cfg(not(target_env = "musl"))]
#[global_allocator]
static ALLOCATOR: OrEnd<std::alloc::System> = OrEnd(std::alloc::System);

/// An allocator without which there is nothing to go on with. The standard library would abort, without a word that names the
/// limit, and with everything half-done left where it is.
struct OrEnd<A>(A);

#[expect(unsafe_code, reason = "what an allocator is made of; each call is handed on as it is")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for OrEnd<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        given(unsafe { self.0.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        given(unsafe { self.0.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { self.0.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        given(unsafe { self.0.realloc(pointer, layout, size) })
    }
}

fn given(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        aptlet::command::end_without_memory();
    }
    pointer
}

fn main() -> ExitCode {
    match aptlet::launch::become_command() {
        Some(code) => ExitCode::from(code),
        None => aptlet::command::main(),
    }
}
