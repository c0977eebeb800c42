//! The directories at the top of a tree whose paths are rewritten, and what below them is the main image's all the same.

/// They, and what stands for them at the destination. The first of them that a path begins with counts.
pub(super) const TOP_LEVEL: [TopLevel; 10] = [
    TopLevel { path: "/usr", link: "u", target: "usr" },
    TopLevel { path: "/etc", link: "e", target: "etc" },
    TopLevel { path: "/lib64", link: "l64", target: "lib64" },
    TopLevel { path: "/lib32", link: "l32", target: "lib32" },
    TopLevel { path: "/libx32", link: "lx32", target: "libx32" },
    TopLevel { path: "/lib", link: "l", target: "lib" },
    TopLevel { path: "/bin", link: "b", target: "bin" },
    TopLevel { path: "/sbin", link: "s", target: "sbin" },
    TopLevel { path: "/var", link: "v", target: "var" },
    TopLevel { path: "/opt", link: "o", target: "opt" },
];

/// Of `/etc`, what is the pod's and not a package's: accounts, names of hosts, time, identity.
const ETC_OF_THE_IMAGE: [&str; 24] = [
    "passwd",
    "group",
    "shadow",
    "gshadow",
    "subuid",
    "subgid",
    "hosts",
    "resolv.conf",
    "nsswitch.conf",
    "host.conf",
    "gai.conf",
    "localtime",
    "timezone",
    "hostname",
    "mtab",
    "machine-id",
    "os-release",
    "debian_version",
    "fstab",
    "services",
    "protocols",
    "networks",
    "shells",
    "environment",
];

/// Of `/var`, what is written at run time: the tree may be mounted read-only.
const VAR_OF_THE_IMAGE: [&str; 6] = ["tmp", "run", "lock", "log", "mail", "spool"];

/// A directory at the top of a tree: `/usr`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TopLevel {
    /// As files have it: `/usr`.
    pub(super) path: &'static str,
    /// The name of its link in the destination, in the exact form: `u`, so that `/p/u` is as long as `/usr`.
    pub(super) link: &'static str,
    /// The path in the tree that the link stands for, without a slash before it: `usr`.
    pub(super) target: &'static str,
}

impl TopLevel {
    /// The one that a path begins with: `/usr` of `/usr/bin/jq`; none of `/usrx`.
    pub(super) fn of(path: &[u8]) -> Option<&'static Self> {
        TOP_LEVEL.iter().find(|top| {
            path.strip_prefix(top.path.as_bytes())
                .is_some_and(|below| below.first().is_none_or(|byte| *byte == b'/'))
        })
    }

    /// Whether a path below it is the main image's: `/passwd` below `/etc`.
    pub(super) fn is_of_the_image(&self, below: &[u8]) -> bool {
        let name = below.split(|byte| *byte == b'/').find(|name| !name.is_empty()).unwrap_or_default();
        self.names_of_the_image().iter().any(|own| own.as_bytes() == name)
    }

    /// Whether what begins so may be: `/pas` below `/etc`.
    pub(super) fn begins_some_of_the_image(&self, below: &[u8]) -> bool {
        let start = below.strip_prefix(b"/").unwrap_or(below);
        self.names_of_the_image().iter().any(|own| own.as_bytes().starts_with(start))
    }

    /// Whether a name below it may be one that is the image's, and then something else: `passwdsome text`.
    pub(super) fn may_be_of_the_image(&self, name: &[u8]) -> bool {
        self.names_of_the_image().iter().any(|own| name.starts_with(own.as_bytes()))
    }

    fn names_of_the_image(&self) -> &'static [&'static str] {
        match self.link {
            "e" => &ETC_OF_THE_IMAGE,
            "v" => &VAR_OF_THE_IMAGE,
            _ => &[],
        }
    }
}
