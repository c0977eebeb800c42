//! When Debian's Python comes along although the image has one: packages that extend its own library, as `python3-venv` does, put their
//! files beside those of the image's, where nobody can write. What has only modules of its own is found by the image's Python.

use crate::live::Package;

/// Parts of Python's own library that are packages by themselves, whatever the release.
const PARTS: [&str; 4] = ["python3-distutils", "python3-lib2to3", "python3-tk", "python3-gdbm"];
/// Which has the program itself.
const PROGRAM: &str = "python3-minimal";

/// Whether a package of an image is Python, or for it: none of these counts where the destination has a Python of its own, which does
/// not look into the image.
pub(super) fn is_of_python(name: &str) -> bool {
    name == "python3"
        || ["python3-", "python3.", "libpython3"].iter().any(|beginning| name.starts_with(beginning))
}

/// Whether installed packages have a Python.
pub(super) fn is_in<'p>(mut packages: impl Iterator<Item = &'p Package>) -> bool {
    packages.any(|package| package.name == PROGRAM)
}

/// Whether packages of these names extend the library of a Python that is not among them.
pub(super) fn extends_that_of_image<'n>(names: impl Iterator<Item = &'n str>) -> bool {
    let (mut extends, mut brings) = (false, false);
    for name in names {
        brings |= name == PROGRAM;
        extends |= PARTS.contains(&name)
            || name.starts_with("python3.") && name.ends_with("-venv")
            || name.starts_with("libpython3.") && name.ends_with("-stdlib");
    }
    extends && !brings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_extends_the_library_of_python_needs_one_beside_it() {
        let extends = |names: &[&str]| extends_that_of_image(names.iter().copied());
        for names in [&["python3-yaml"][..], &["python3-distutils", "python3-minimal"], &["python3.11-dev"]] {
            assert!(!extends(names), "{names:?}");
        }
        for names in
            [&["python3.11-venv"][..], &["python3-pip", "python3-distutils"], &["libpython3.11-stdlib"]]
        {
            assert!(extends(names), "{names:?}");
        }
        assert!(
            is_of_python("python3")
                && is_of_python("libpython3.11-minimal")
                && !is_of_python("python-is-python3")
        );
    }
}
