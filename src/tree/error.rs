//! Why a package could not be made part of the tree.

use std::io;
use std::path::{Path, PathBuf};

use crate::deb;
use crate::on_disk::OnDisk;

/// Why a package could not be made part of the tree.
///
/// Most variants say that a package is not to be trusted. The others are:
///
/// - [`Error::Overlap`] and [`Error::Diverted`]: the plan's packages exclude each other;
/// - [`Error::Allowance`] and [`Error::Declared`]: the destination is not for so much;
/// - [`Error::Owners`] and [`Error::OnDisk`], and [`Error::Deb`] with [`deb::Error::Read`]: the destination itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive itself.
    #[error("package {package}: {source}")]
    Deb {
        /// [`crate::plan::Artifact::label`].
        package: String,
        /// What is wrong with it.
        source: deb::Error,
    },
    /// A name or architecture that could lead a path astray.
    #[error("package {package}: the name or architecture is not a valid one (Debian Policy 5.6.1)")]
    Name {
        /// The label, escaped.
        package: String,
    },
    /// A version that dpkg's database cannot have.
    #[error("package {package}: the version is none that dpkg can read")]
    Version {
        /// [`crate::plan::Artifact::label`].
        package: String,
    },
    /// A path that no package may hold.
    #[error("package {package}: path '{path}' is refused: {reason}")]
    Path {
        /// The package's label.
        package: String,
        /// As archived, escaped.
        path: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A path below a symbolic link of the same archive.
    #[error("package {package}: path '{path}' passes through a symbolic link")]
    ThroughLink {
        /// The package's label.
        package: String,
        /// As archived, escaped.
        path: String,
    },
    /// The same path twice in one archive.
    #[error("package {package}: path '{path}' is there twice")]
    Duplicate {
        /// The package's label.
        package: String,
        /// As archived, escaped.
        path: String,
    },
    /// A hard link to something other than an earlier regular file of the same archive.
    #[error(
        "package {package}: hard link '{path}' to '{target}', which is no earlier regular file of the package"
    )]
    HardLink {
        /// The package's label.
        package: String,
        /// As archived, escaped.
        path: String,
        /// As archived, escaped.
        target: String,
    },
    /// A kind of member that a `.deb` must not have.
    #[error("package {package}: '{path}' is {kind}, which is not supported")]
    Unsupported {
        /// The package's label.
        package: String,
        /// As archived, escaped.
        path: String,
        /// What it is.
        kind: String,
    },
    /// Something other than a directory or the usual link where merged-usr has a link.
    #[error("package {package}: '{path}' is neither a directory nor a link to its place below /usr")]
    UsrMerge {
        /// The package's label.
        package: String,
        /// As archived.
        path: String,
    },
    /// More members than agreed to.
    #[error("package {package}: has more than {limit} members")]
    TooMany {
        /// The package's label.
        package: String,
        /// [`Limits::max_entries`].
        limit: u64,
    },
    /// More bytes of paths than agreed to.
    #[error("package {package}: the paths of its members take more than {limit} bytes")]
    LongNames {
        /// The package's label.
        package: String,
        /// [`Limits::max_names`].
        limit: u64,
    },
    /// More in all packages together than the user allows.
    #[error(
        "package {package}: the packages unpack to more than the {limit} bytes that --max-unpacked allows"
    )]
    Allowance {
        /// The label of the package that was one too many.
        package: String,
        /// [`Allowance::total`].
        limit: u64,
    },
    /// More than the user allows, by what the packages themselves declare.
    #[error(
        "the packages declare {declared} bytes unpacked, more than the {limit} that --max-unpacked allows"
    )]
    Declared {
        /// The sum of their `Installed-Size`, in bytes.
        declared: u64,
        /// [`Allowance::total`].
        limit: u64,
    },
    /// Two packages with different files of one name, neither replacing the other.
    #[error("package {second}: trying to overwrite '{path}', which is also in package {first}")]
    Overlap {
        /// In the tree, absolute.
        path: PathBuf,
        /// The package that has it.
        first: String,
        /// The package that came later.
        second: String,
    },
    /// Two packages that divert one file.
    #[error("package {second}: its dpkg-divert of '{}' clashes with that of package {first}", path.display())]
    Diverted {
        /// As the scripts have it.
        path: PathBuf,
        /// The name of the package that has the diversion.
        first: String,
        /// The name of the package that came later.
        second: String,
    },
    /// Files cannot be given to others here.
    #[error("cannot keep owners and set-id bits in {}: {source}", path.display())]
    Owners {
        /// The destination.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is at the destination already cannot be read, or the destination does not take something.
    #[error(transparent)]
    OnDisk(#[from] OnDisk),
    /// A volume that a tree cannot be on.
    #[error("the volume at {} has no symbolic links: {source}", path.display())]
    NoLinks {
        /// The destination.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A volume that gives back links to another place, or none of those that lead out of it.
    #[error("the volume at {} does not give back a symbolic link to {target}: {source}", path.display())]
    OtherLinks {
        /// The destination.
        path: PathBuf,
        /// Where it was to lead.
        target: &'static str,
        /// What came of it.
        source: io::Error,
    },
    /// Two names that are one on this volume.
    #[error("{} does not tell upper from lower case: {source}", path.display())]
    Case {
        /// The destination.
        path: PathBuf,
        /// What two packages, or two files of one, came to.
        source: Box<Error>,
    },
}

impl Error {
    pub(crate) fn read(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        OnDisk::read(path, source).into()
    }

    pub(crate) fn write(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        OnDisk::write(path, source).into()
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Deb { source, .. } => return source.hint(),
            Self::Overlap { .. } | Self::Diverted { .. } => {
                "drop one of the two packages from the request, or pin versions that go together"
            }
            Self::Allowance { .. } | Self::Declared { .. } => {
                "set --max-unpacked higher, or ask for fewer packages"
            }
            Self::Owners { .. } => {
                "run as root with CAP_CHOWN, CAP_FOWNER and CAP_FSETID on a volume that stores owners, or leave out \
                 --owners keep: then everything belongs to the current user"
            }
            Self::NoLinks { .. } => {
                "use another volume, such as an emptyDir or a disk with a file system of Linux: without symbolic links \
                 there is no tree of Debian's, as on exFAT, object stores and some mounts of SMB"
            }
            Self::OtherLinks { .. } => {
                "use another volume, or mount this one so that links stay as they are: sshfs has the option \
                 no_contain_symlinks"
            }
            Self::Case { .. } => "use a volume that tells them apart, or drop the package from the request",
            Self::TooMany { .. } | Self::LongNames { .. } => {
                "do not install this package: it holds far more than its Installed-Size declares; tell the \
                 repository's owner"
            }
            Self::OnDisk(OnDisk::Read { source, .. }) => return read_hint(source).map(str::to_owned),
            Self::OnDisk(OnDisk::Write { source, .. }) => return write_hint(source).map(str::to_owned),
            _ => "do not install this package, and tell the repository's owner",
        };
        Some(text.to_owned())
    }
}

/// What to do next where the destination cannot be read.
pub(crate) fn read_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Some("run it as a user who can read the destination"),
        io::ErrorKind::StaleNetworkFileHandle | io::ErrorKind::NotConnected => Some(FAILS),
        _ if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => Some(FAILS),
        _ => None,
    }
}

/// What to do next where the destination does not take something, in the middle of a run.
pub(crate) fn write_hint(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as K;
    let is = |errno: rustix::io::Errno| error.raw_os_error() == Some(errno.raw_os_error());
    match error.kind() {
        K::StorageFull => Some("give the volume more space or inodes"),
        K::QuotaExceeded => Some("raise the quota on the volume, or ask for fewer packages"),
        K::ReadOnlyFilesystem => Some(
            "look in the node's kernel log for an error of its disk or server: the volume could be written to when \
             this run began, unless it has a read-only part",
        ),
        K::PermissionDenied if is(rustix::io::Errno::PERM) => {
            Some("use another volume, or other options of its mount: it can be written to, and refuses this")
        }
        K::PermissionDenied => Some(
            "make the destination writable for this user: set securityContext.fsGroup, or use an emptyDir",
        ),
        K::AlreadyExists => Some(
            "a package has something else where this must be: leave it out, and tell the repository's owner",
        ),
        K::CrossesDevices => Some(
            "keep the whole destination on one file system; one that is put together of several may not move files \
             between its parts",
        ),
        K::FileTooLarge => Some(
            "raise the limit on the size of a file: that of this process (ulimit -f), or use a volume that takes \
             larger ones",
        ),
        K::InvalidFilename | K::InvalidInput => {
            Some("use a volume with a file system of Linux: this one does not take every name")
        }
        K::StaleNetworkFileHandle | K::NotConnected => Some(FAILS),
        _ if is(rustix::io::Errno::IO) => Some(FAILS),
        _ => None,
    }
}

/// It is not what is written.
const FAILS: &str = "look after the volume, which fails: in the node's kernel log, and at the disk, server or program behind it";
