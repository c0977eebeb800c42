//! What `aptlet --version` says beside the version: the commit that a release was built from, and for which machine. And how a
//! release is linked.

use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=BUILT_FOR={target}");
    // a build for tests would be made anew after each commit
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = if is_release { commit() } else { None };
    println!(
        "cargo::rustc-env=APTLET_COMMIT={}",
        commit.map(|commit| format!(" ({commit})")).unwrap_or_default()
    );
    if is_release && target.ends_with("-linux-musl") {
        leave_out_unwinding();
        if musl(&target).is_some_and(|version| version >= (1, 2, 4)) {
            // constants that are addresses take a word each for being moved, a thirtieth of the binary; this is the short form
            println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}

/// A release aborts where it panics, and has no names of functions: what unwinding would take is a tenth of the binary. Those files
/// whose code refers to it keep it. Compiled without, a debug build for the same target would not be: it unwinds.
fn leave_out_unwinding() {
    let path = format!("{}/no-unwinding.ld", std::env::var("OUT_DIR").unwrap_or_default());
    let kept = "EXCLUDE_FILE(*crtbegin*.o *crtend*.o)";
    let script = format!(
        "SECTIONS {{ /DISCARD/ : {{ *({kept} .eh_frame) *(.gcc_except_table*) }} }}\nINSERT AFTER .text;\n"
    );
    if fs::write(&path, script).is_ok() {
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr,-T,{path}");
    }
}

/// The version of the musl that the toolchain brings, which has to move such constants where the program starts.
fn musl(target: &str) -> Option<(u32, u32, u32)> {
    let rustc = Command::new(std::env::var_os("RUSTC")?).args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(rustc.stdout).ok()?;
    let libc = format!("{}/lib/rustlib/{target}/lib/self-contained/libc.a", sysroot.trim());
    let libc = fs::read(libc).ok()?;
    // __libc_version is a string of its own
    libc.split(|byte| !matches!(byte, b'0'..=b'9' | b'.')).find_map(|word| {
        let mut numbers = str::from_utf8(word).ok()?.split('.').map(str::parse);
        let version = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        (version.0 == 1 && numbers.next().is_none()).then_some(version)
    })
}

/// The commit, and its day; none for a source that is no checkout.
fn commit() -> Option<String> {
    let head = git(&["rev-parse", "--git-path", "HEAD"])?;
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    for path in [head, log].iter().filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
    git(&["log", "-1", "--abbrev=9", "--format=%h %cs"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
