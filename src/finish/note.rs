//! What finishing could not do to the letter, each as a kind of its own with what it concerns; as text, a line for the
//! user.

use std::fmt;

use super::maintainer_script::Script;

/// What finishing could not do to the letter. Paths are as the tree's own programs see them; names and lines are as
/// packages have them, with any letter.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Note {
    /// A maintainer script has lines that nothing here does.
    ScriptNotRun {
        /// The package that it is of.
        package: String,
        /// Which of its scripts.
        script: Script,
        /// The first of these lines, shortened.
        lines: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// A line of a sysusers.d(5) file is not understood.
    SysusersLine {
        /// The file.
        path: String,
        /// The line.
        line: String,
    },
    /// A line of a tmpfiles.d(5) file is not followed.
    TmpfilesLine {
        /// The file.
        path: String,
        /// The line.
        line: String,
    },
    /// Packages declare more accounts than any tree needs.
    TooManyAccounts {
        /// How many are made, at most.
        most: usize,
        /// How many are declared.
        declared: usize,
    },
    /// A user that a package declares is not made.
    UserNotMade {
        /// The user's name.
        user: String,
        /// Why.
        reason: NoAccount,
    },
    /// A group that a package declares is not made.
    GroupNotMade {
        /// The group's name.
        group: String,
        /// Why.
        reason: NoAccount,
    },
    /// A user has another number than a package declares.
    UserRenumbered {
        /// The user's name.
        user: String,
        /// The number that it has.
        number: u32,
        /// The number that another has already.
        taken: u32,
    },
    /// A group has another number than a package declares.
    GroupRenumbered {
        /// The group's name.
        group: String,
        /// The number that it has.
        number: u32,
        /// The number that another has already.
        taken: u32,
    },
    /// A user that nothing makes is declared to be in a group.
    NoSuchMember {
        /// The user's name.
        user: String,
        /// The group's name.
        group: String,
    },
    /// A file of a package that should be a certificate is none.
    NoCertificate {
        /// The file.
        path: String,
    },
    /// The bundle of all certificates is not made, because a link leads out of the tree.
    NoBundle {
        /// The folder that it would be in.
        path: String,
    },
    /// A file is not made.
    FileNotMade {
        /// The file.
        path: String,
        /// Why.
        reason: NoFile,
    },
    /// A file is not made of its template.
    TemplateNotCopied {
        /// The file.
        path: String,
        /// The template.
        template: String,
    },
    /// A file that a program makes of others is not made.
    CacheNotMade {
        /// The file.
        path: String,
        /// What it is.
        cache: Cache,
    },
    /// A file of GSettings schemas, or one that changes their defaults, cannot be used.
    SchemasLeftOut {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A line that changes the default of a GSettings key cannot be used.
    OverrideLeftOut {
        /// The file.
        path: String,
        /// The schema, the key, and what is wrong.
        reason: String,
    },
    /// A module that gdk-pixbuf reads images with is not known here.
    ImageLoaderLeftOut {
        /// The module.
        path: String,
    },
    /// A plugin of Graphviz cannot be read.
    GraphvizPluginLeftOut {
        /// The plugin.
        path: String,
    },
    /// A program that only the tree's own package has was not run on it, or failed.
    GeneratorNotRun {
        /// The package that calls it.
        package: String,
        /// The call.
        line: String,
        /// Why, or how it failed.
        reason: String,
    },
    /// What a program has made for the generation before is in this one as well.
    GeneratedBefore {
        /// The package that calls it.
        package: String,
        /// The call.
        line: String,
    },
    /// Packages have input methods for GTK, which only its own program can list.
    InputMethodsNotListed {
        /// The packages' names.
        packages: Vec<String>,
    },
    /// A file of MIME types, or all files together, are too large.
    MimeFileTooLarge {
        /// The file.
        path: String,
    },
    /// A file of MIME types cannot be used.
    MimeFileLeftOut {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A MIME type lacks some of what its package says of it.
    MimeTypeCut {
        /// The file.
        path: String,
        /// The type, and what is wrong.
        reason: String,
    },
    /// More MIME types of a file than are listed each are cut.
    MoreMimeTypesCut {
        /// The file.
        path: String,
        /// How many more.
        count: usize,
    },
    /// Something is in the way of files of the MIME database.
    MimeFilesNotMade {
        /// The folder of the database.
        path: String,
        /// How many files.
        count: usize,
    },
}

/// Why an account is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoAccount {
    /// The name or another field cannot be in the file.
    NotValid,
    /// Other accounts have all numbers for system accounts.
    NoNumber,
}

/// Why a file is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoFile {
    /// A link in its way leads out of the tree.
    LinkOut,
    /// Its format does not hold so much.
    TooLarge,
}

/// A file that a program makes of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cache {
    /// `gschemas.compiled`.
    Gsettings,
    /// `ld.so.cache`.
    Ldconfig,
    /// gdk-pixbuf's `loaders.cache`.
    Pixbuf,
    /// Graphviz's `config6a`.
    Graphviz,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScriptNotRun { package, script, lines, more } => {
                write!(f, "{package}: its {script} was not run, which has: {}", lines.join("; "))?;
                if *more > 0 { write!(f, "; and {more} more") } else { Ok(()) }
            }
            Self::SysusersLine { path, line } => {
                write!(f, "{path}: an account is missing, because this line is not supported: {line}")
            }
            Self::TmpfilesLine { path, line } => write!(f, "{path}: not done: {line}"),
            Self::TooManyAccounts { most, declared } => {
                write!(f, "only {most} of {declared} accounts are made")
            }
            Self::UserNotMade { user, reason } => {
                let reason = match reason {
                    NoAccount::NotValid => "its name or another field is not a valid one",
                    NoAccount::NoNumber => "no number is free",
                };
                write!(f, "the user '{}' is not made: {reason}", user.escape_debug())
            }
            Self::GroupNotMade { group, reason } => {
                let reason = match reason {
                    NoAccount::NotValid => "its name is not a valid one",
                    NoAccount::NoNumber => "no number is free",
                };
                write!(f, "the group '{}' is not made: {reason}", group.escape_debug())
            }
            Self::UserRenumbered { user, number, taken } => {
                write!(f, "the user '{user}' has the number {number}, because {taken} is taken")
            }
            Self::GroupRenumbered { group, number, taken } => {
                write!(f, "the group '{group}' has the number {number}, because {taken} is taken")
            }
            Self::NoSuchMember { user, group } => write!(
                f,
                "the user '{}' is not in the group '{}', because nothing makes that user",
                user.escape_debug(),
                group.escape_debug()
            ),
            Self::NoCertificate { path } => {
                write!(f, "{path}: left out of the trusted certificates, because it holds none in PEM")
            }
            Self::NoBundle { path } => {
                write!(f, "{path}: no bundle of certificates, because a link leads out of the tree")
            }
            Self::FileNotMade { path, reason } => {
                let reason = match reason {
                    NoFile::LinkOut => "a link leads out of the tree",
                    NoFile::TooLarge => "it would be too large",
                };
                write!(f, "{path}: not made, because {reason}")
            }
            Self::TemplateNotCopied { path, template } => write!(f, "{path}: not made of {template}"),
            Self::CacheNotMade { path, cache } => {
                let effect = match cache {
                    Cache::Gsettings => "programs that use GSettings end at once",
                    Cache::Ldconfig => "libraries in the folders of ld.so.conf.d are not found",
                    Cache::Pixbuf => "programs that use GdkPixbuf cannot read these formats",
                    Cache::Graphviz => "Graphviz has no layouts and formats",
                };
                write!(f, "{path}: not made, so {effect}")
            }
            Self::SchemasLeftOut { path, reason } => {
                write!(f, "{path}: left out of the compiled schemas: {reason}")
            }
            Self::OverrideLeftOut { path, reason } => write!(f, "{path}: not done: {reason}"),
            Self::ImageLoaderLeftOut { path } => write!(
                f,
                "{path}: gdk-pixbuf-query-loaders was not run, so programs that use GdkPixbuf cannot read its \
                 image formats"
            ),
            Self::GraphvizPluginLeftOut { path } => {
                write!(f, "{path}: Graphviz will not find what it has: its tables cannot be read")
            }
            Self::GeneratorNotRun { package, line, reason } => {
                write!(f, "{package}: '{line}' was not run to its end: {reason}")
            }
            Self::GeneratedBefore { package, line } => {
                write!(f, "{package}: '{line}' was not run anew; what it made before is taken over")
            }
            Self::InputMethodsNotListed { packages } => write!(
                f,
                "{}: gtk-query-immodules-3.0 --update-cache was not run, so GTK has no input methods but its own",
                packages.join(", ")
            ),
            Self::MimeFileTooLarge { path } => {
                write!(f, "{path}: left out of the MIME types, because it is too large")
            }
            Self::MimeFileLeftOut { path, reason } => {
                write!(f, "{path}: left out of the MIME types: {reason}")
            }
            Self::MimeTypeCut { path, reason } => write!(f, "{path}: a MIME type is not whole: {reason}"),
            Self::MoreMimeTypesCut { path, count } => {
                write!(f, "{path}: {count} more MIME types are not whole")
            }
            Self::MimeFilesNotMade { path, count } => write!(
                f,
                "{path}: {count} files of MIME types are not made, because something is in their way"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
