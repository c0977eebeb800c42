#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use super::*;
use crate::digest::Sha256;
use crate::on_disk::OnDisk;
use crate::tree::volume::Lacks;
use crate::tree::{Error, records};

const ODD: &[u8] = b"usr/share/a b#c\\d=e\n\xff*[x]";

fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("usr/share")).unwrap();
    fs::create_dir_all(root.join("var/lib/aptlet")).unwrap();
    fs::write(root.join("usr/tool"), "tool").unwrap();
    fs::write(root.join(OsStr::from_bytes(ODD)), "").unwrap();
    fs::set_permissions(root.join("usr/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("usr/a b", root.join("link")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .unwrap();
    fs::write(root.join(records::MANIFEST), describe(root, false, |_| None, &BTreeMap::new()).unwrap().0)
        .unwrap();
    folder
}

fn judged(group: Option<u32>) -> (Option<u32>, Lacks) {
    (group, Lacks::default())
}

fn said(root: &Path) -> String {
    verify(root, judged(None), &BTreeMap::new())
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn a_tree_that_nobody_touched() {
    let folder = tree();
    assert_eq!(said(folder.path()), "");
    fs::write(folder.path().join("var/lib/aptlet/state.json"), "anything").unwrap();
    assert_eq!(said(folder.path()), "");
}

#[test]
fn the_text_is_mtree() {
    let folder = tree();
    let text = String::from_utf8(fs::read(folder.path().join(records::MANIFEST)).unwrap()).unwrap();
    assert!(text.starts_with("#mtree\n./link type=link link=usr/a\\040b\n"), "{text}");
    let digest = Sha256::of(b"tool");
    assert!(
        text.contains(&format!("./usr/tool type=file mode=0755 size=4 sha256digest={digest}\n")),
        "{text}"
    );
    assert!(text.contains("./usr/share/a\\040b\\043c\\134d\\075e\\012\\377\\052\\133x] type=file"), "{text}");
}

#[test]
fn every_kind_of_difference_is_named() {
    let folder = tree();
    let root = folder.path();
    let change = |path: &str, how: &dyn Fn(&Path)| {
        how(&root.join(path));
        said(root)
    };
    assert_eq!(change("usr/tool", &|path| fs::write(path, "tolo").unwrap()), "content: /usr/tool");
    fs::write(root.join("usr/tool"), "tools").unwrap();
    assert_eq!(said(root), "content: /usr/tool");
    fs::write(root.join("usr/tool"), "tool").unwrap();
    let mode = |mode| move |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(change("usr/tool", &mode(0o777)), "mode: /usr/tool (0755 is now 0777)");
    assert_eq!(change("usr/tool", &mode(0o755)), "");
    assert_eq!(change("usr/more", &|path| fs::write(path, "").unwrap()), "added: /usr/more");
    fs::remove_file(root.join("usr/more")).unwrap();
    fs::remove_file(root.join("link")).unwrap();
    assert_eq!(said(root), "missing: /link");
    symlink("/etc/shadow", root.join("link")).unwrap();
    assert_eq!(said(root), "target: /link");
    assert_eq!(
        change("pipe", &|path| fs::remove_file(path).and_then(|()| fs::create_dir(path)).unwrap()),
        "target: /link; type: /pipe"
    );
}

#[test]
fn owners_are_compared_where_they_matter() {
    let folder = tree();
    let root = folder.path();
    let owner =
        |path: &str| (root.join(path).metadata().unwrap().uid(), root.join(path).metadata().unwrap().gid());
    let (text, _) = describe(root, true, |_| None, &BTreeMap::new()).unwrap();
    let (user, group) = owner("usr/tool");
    let tool = format!("./usr/tool type=file mode=0755 uid={user} gid={group} size=4 ");
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&tool), "{text}");
    fs::write(root.join(records::MANIFEST), &text).unwrap();
    assert_eq!(said(root), "");
    let other = tool.replace(&format!("gid={group}"), "gid=12345");
    fs::write(root.join(records::MANIFEST), text.replace(&tool, &other)).unwrap();
    assert_eq!(said(root), format!("owner: /usr/tool ({user}:12345 is now {user}:{group})"));
}

#[test]
fn what_the_kubelet_does_is_no_difference() {
    let folder = tree();
    let root = folder.path();
    let mode = |path: &str, mode| {
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("usr/tool", 0o775);
    mode("pipe", 0o660);
    mode("usr/share", 0o2775);
    assert_eq!(verify(root, judged(None), &BTreeMap::new()).unwrap().len(), 3);
    assert_eq!(verify(root, judged(Some(1)), &BTreeMap::new()).unwrap(), []);
    mode("usr/tool", 0o777);
    assert_eq!(verify(root, judged(Some(1)), &BTreeMap::new()).unwrap().len(), 1);
}

fn unreadable(result: Result<impl std::fmt::Debug, Error>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::OnDisk(OnDisk::Read { .. })), "{error}");
    error.to_string()
}

#[test]
fn a_manifest_that_is_missing_or_damaged_is_an_error() {
    let folder = tree();
    let manifest = folder.path().join(records::MANIFEST);
    fs::write(&manifest, "./usr type=dir\n").unwrap();
    let said = unreadable(verify(folder.path(), judged(None), &BTreeMap::new()));
    assert_eq!(said, format!("cannot read {}: line 1 cannot be understood", manifest.display()));
    fs::remove_file(&manifest).unwrap();
    let said = unreadable(verify(folder.path(), judged(None), &BTreeMap::new()));
    assert!(said.starts_with(&format!("cannot read {}: No such file", manifest.display())), "{said}");
}

#[test]
fn a_folder_that_cannot_be_read_is_named() {
    let folder = tree();
    let tool = folder.path().join("usr/tool");
    let said = unreadable(describe(&tool, false, |_| None, &BTreeMap::new()));
    assert!(said.starts_with(&format!("cannot read {}: Not a directory", tool.display())), "{said}");
    let deep = crate::tree::testing::too_deep(folder.path());
    let said = unreadable(describe(folder.path(), false, |_| None, &BTreeMap::new()));
    assert!(said.starts_with(&format!("cannot read {}: File name too long", deep.display())), "{said}");
    let said = unreadable(verify(folder.path(), judged(None), &BTreeMap::new()));
    assert!(said.starts_with(&format!("cannot read {}: ", deep.display())), "{said}");
}

#[test]
fn modes_mean_nothing_where_they_are_not_kept() {
    let folder = tree();
    let root = folder.path();
    fs::set_permissions(root.join("usr/tool"), fs::Permissions::from_mode(0o777)).unwrap();
    let lacks = Lacks { modes: true, ..Lacks::default() };
    assert_eq!(verify(root, (None, lacks), &BTreeMap::new()).unwrap(), []);
    fs::write(root.join("usr/tool"), "tolo").unwrap();
    assert_eq!(verify(root, (None, lacks), &BTreeMap::new()).unwrap().len(), 1);
}
