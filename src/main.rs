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

#[cfg(target_env = "musl")]
#[expect(unsafe_code, reason = "a declaration of what the allocator has")]
unsafe extern "C" {
    /// Of mimalloc's own `mimalloc.h`, whose Rust bindings do not name the options.
    fn mi_option_set(option: std::ffi::c_int, value: std::ffi::c_long);
}

/// mimalloc gives memory back a second after it was freed, and what the index took is missed before: by the decoders, under the
/// limit of a small container.
#[cfg(target_env = "musl")]
fn give_back_at_once() {
    /// `mi_option_purge_delay`, in milliseconds.
    const PURGE_DELAY: std::ffi::c_int = 15;
    #[expect(unsafe_code, reason = "an option of the allocator, set while this is the only thread")]
    unsafe {
        mi_option_set(PURGE_DELAY, 0);
    }
}

fn main() -> ExitCode {
    if let Some(code) = aptlet::command::become_apt() {
        return code;
    }
    if let Some(code) = aptlet::launch::become_command() {
        return ExitCode::from(code);
    }
    #[cfg(target_env = "musl")]
    if aptlet::command::has_little_memory() {
        give_back_at_once();
    }
    aptlet::command::main()
}
