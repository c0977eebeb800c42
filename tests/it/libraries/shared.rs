//! Shared libraries that need and have versions of symbols, made by the compiler that links the tests.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::stage::Run as _;

/// A folder of libraries that refer to each other.
pub(super) struct Shared {
    folder: tempfile::TempDir,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A library that has functions, each `NAME@VERSION` or a plain name, and calls others, of the libraries of these sonames.
    pub(super) fn library(&self, soname: &str, has: &[&str], calls: &[&str], of: &[&str]) -> Vec<u8> {
        let split = |function: &str| {
            let (name, version) = function.split_once('@').unwrap_or((function, ""));
            (name.to_owned(), version.to_owned())
        };
        let mut source = String::new();
        for name in calls {
            source += &format!("int {name}(void);\n");
        }
        let sum = calls.iter().fold(String::new(), |sum, name| sum + " + " + name + "()");
        let mut script = String::new();
        for (name, version) in has.iter().map(|function| split(function)) {
            source += &format!("int {name}(void) {{ return 1{sum}; }}\n");
            if !version.is_empty() {
                script += &format!("{version} {{ {name}; }};\n");
            }
        }
        if has.is_empty() {
            source += &format!("int calls_of_{}(void) {{ return 1{sum}; }}\n", soname.len());
        }
        let mut cc = Command::new("cc");
        cc.current_dir(self.folder.path());
        cc.args([
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-o",
            soname,
            &format!("-Wl,-soname,{soname}"),
            "source.c",
        ]);
        fs::write(self.path("source.c"), source).unwrap();
        if !script.is_empty() {
            fs::write(self.path("script"), script).unwrap();
            cc.arg("-Wl,--version-script=script");
        }
        cc.args(of.iter().map(|name| format!("./{name}"))).run().succeeded();
        fs::read(self.path(soname)).unwrap()
    }

    /// A library that calls a function of another, and looks for it in a folder.
    pub(super) fn looking_into(&self, folder: &str, soname: &str, calls: &str, of: &str) -> Vec<u8> {
        let source = format!("int {calls}(void);\nint calls(void) {{ return {calls}(); }}\n");
        fs::write(self.path("source.c"), source).unwrap();
        let mut cc = Command::new("cc");
        cc.current_dir(self.folder.path()).args(["-shared", "-fPIC", "-nostdlib", "-o", soname, "source.c"]);
        cc.args([
            format!("-Wl,-soname,{soname}"),
            format!("-Wl,-rpath,{folder},--enable-new-dtags"),
            format!("./{of}"),
        ]);
        cc.run().succeeded();
        fs::read(self.path(soname)).unwrap()
    }

    /// What stands for glibc: a `libc.so.6` that has `old` since 2.2.5, and `fresh` since `newest`.
    pub(super) fn libc(&self, newest: &str) -> Vec<u8> {
        self.library("libc.so.6", &["old@GLIBC_2.2.5", &format!("fresh@GLIBC_{newest}")], &[], &[])
    }
}
