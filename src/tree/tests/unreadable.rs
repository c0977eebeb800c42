//! What cannot be read is named, and not said to be unwritable. None of it depends on permissions: root has them all.

use super::testing::too_deep;
use super::*;
use crate::on_disk::OnDisk;

#[track_caller]
fn assert_unread(result: Result<impl std::fmt::Debug, Error>, path: &Path) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::OnDisk(OnDisk::Read { .. })), "{error}");
    let said = error.to_string();
    assert!(said.starts_with(&format!("cannot read {}: ", path.display())), "{said}");
}

#[test]
fn a_file_in_place_of_a_root() {
    let mut scratch = Scratch::new();
    let outside = scratch.folder.path().join("outside");
    assert_unread(Tree::create(&outside, "amd64"), &outside);
    let unpacked = scratch.unpack(&[]).unwrap();
    assert_unread(scratch.tree.as_mut().unwrap().merge(unpacked, &outside), &outside);
}

#[test]
fn a_private_root_that_is_gone() {
    let mut scratch = Scratch::new();
    let unpacked = scratch.unpack(&[]).unwrap();
    fs::remove_dir(scratch.private()).unwrap();
    let private = scratch.private();
    assert_unread(scratch.merge(unpacked), &private);
}

#[test]
fn a_configuration_file_behind_a_loop() {
    let mut scratch = Scratch::new();
    let control = [file("./conffiles", "/etc/loop\n")];
    scratch.add_with("a", "", &control, &[symlink("./etc/loop", "loop")]).unwrap();
    let path = scratch.at("etc/loop");
    assert_unread(database::write(scratch.tree.as_mut().unwrap(), 0), &path);
}

#[test]
fn a_folder_whose_owner_is_to_change() {
    let scratch = Scratch::new();
    let deep = too_deep(&scratch.at("usr"));
    assert_unread(owners::apply(scratch.tree.as_ref().unwrap()), &deep);
}
