//! The variables that launchers set: what programs need where their paths could not be rewritten.

use std::collections::BTreeMap;
use std::path::Path;

use super::commands::resolve;
use crate::control::glob::Glob;
use crate::tree::libraries::list;

/// What compiled-in paths need instead: a variable, and the folders or files of the tree that it names; `*`
/// stands for any one name. A variable is set only where its first pattern is in the tree.
const ENVIRONMENT: [(&str, &[&str]); 39] = [
    ("GIT_EXEC_PATH", &["usr/lib/git-core"]),
    ("GIT_TEMPLATE_DIR", &["usr/share/git-core/templates"]),
    (
        "PERL5LIB",
        &[
            "usr/share/perl/*",
            "usr/lib/*/perl/*",
            "etc/perl",
            "usr/lib/*/perl5/*",
            "usr/share/perl5",
            "usr/lib/*/perl-base",
            "usr/share/postgresql-common",
        ],
    ),
    ("CURL_CA_BUNDLE", &["etc/ssl/certs/ca-certificates.crt"]),
    ("SSL_CERT_FILE", &["etc/ssl/certs/ca-certificates.crt"]),
    ("GIT_SSL_CAINFO", &["etc/ssl/certs/ca-certificates.crt"]),
    ("FONTCONFIG_FILE", &["etc/fonts/fonts.conf"]),
    ("FONTCONFIG_PATH", &["etc/fonts"]),
    (
        "MAGICK_CONFIGURE_PATH",
        &["etc/ImageMagick-*", "usr/lib/*/ImageMagick-*/config-*", "usr/share/ImageMagick-*"],
    ),
    ("MAGICK_CODER_MODULE_PATH", &["usr/lib/*/ImageMagick-*/modules-*/coders"]),
    ("MAGICK_CODER_FILTER_PATH", &["usr/lib/*/ImageMagick-*/modules-*/filters"]),
    ("GVBINDIR", &["usr/lib/*/graphviz"]),
    ("TESSDATA_PREFIX", &["usr/share/tesseract-ocr/*/tessdata"]),
    ("VIMRUNTIME", &["usr/share/vim/vim*"]),
    ("TERMINFO_DIRS", &["lib/terminfo", "usr/share/terminfo"]),
    ("GCONV_PATH", &["usr/lib/*/gconv"]),
    // others than C.UTF-8, which most images have: with this it does not look into the main image any more
    ("LOCPATH", &["usr/lib/locale/*_*"]),
    ("OPENSSL_MODULES", &["usr/lib/*/ossl-modules"]),
    ("OPENSSL_CONF", &["etc/ssl/openssl.cnf"]),
    ("TZDIR", &["usr/share/zoneinfo"]),
    ("MAGIC", &["usr/lib/file/magic.mgc"]),
    ("GROFF_FONT_PATH", &["usr/share/groff/*/font"]),
    ("GROFF_TMAC_PATH", &["usr/share/groff/*/tmac"]),
    ("DICPATH", &["usr/share/hunspell"]),
    ("NMAPDIR", &["usr/share/nmap"]),
    ("RHOME", &["usr/lib/R"]),
    ("M4", &["usr/bin/m4"]),
    ("BISON_PKGDATADIR", &["usr/share/bison"]),
    // GCC searches these before its own, so all of its own that come first must be named
    ("C_INCLUDE_PATH", &["usr/lib/gcc/*/*/include", "usr/include/*-linux-gnu", "usr/include"]),
    (
        "CPLUS_INCLUDE_PATH",
        &[
            "usr/include/c++/*",
            "usr/include/*/c++/*",
            "usr/include/c++/*/backward",
            "usr/lib/gcc/*/*/include",
            "usr/include/*-linux-gnu",
            "usr/include",
        ],
    ),
    ("RUBYLIB", &["usr/lib/ruby/*", "usr/lib/*/ruby/*"]),
    ("TCL_LIBRARY", &["usr/share/tcltk/tcl8.*"]),
    ("TCLLIBPATH", &["usr/share/tcltk"]),
    ("PERL_LWP_SSL_CA_FILE", &["etc/ssl/certs/ca-certificates.crt"]),
    ("GUILE_SYSTEM_PATH", &["usr/share/guile/*"]),
    ("GUILE_SYSTEM_COMPILED_PATH", &["usr/lib/*/guile/*/ccache"]),
    ("XDG_DATA_DIRS", &["usr/share/mime"]),
    ("GSETTINGS_SCHEMA_DIR", &["usr/share/glib-2.0/schemas"]),
    ("GDK_PIXBUF_MODULE_FILE", &["usr/lib/*/gdk-pixbuf-2.0/2.10.0/loaders.cache"]),
];

/// The variables for what a tree has, and the paths in it that they name, without `/`.
pub(super) fn environment(tree: &Path) -> BTreeMap<String, Vec<String>> {
    let mut environment = BTreeMap::new();
    for (variable, patterns) in ENVIRONMENT {
        let paths: Vec<Vec<String>> = patterns.iter().map(|pattern| expand(tree, pattern)).collect();
        if paths.first().is_some_and(|first| !first.is_empty()) {
            let paths = match variable {
                // these name something else than the path that was looked for
                "LOCPATH" => vec!["usr/lib/locale".to_owned()],
                "XDG_DATA_DIRS" => vec!["usr/share".to_owned()],
                _ => paths.concat(),
            };
            environment.insert(variable.to_owned(), paths);
        }
    }
    environment
}

/// The paths of a tree that match a pattern, sorted; a link is followed inside the tree.
pub(super) fn expand(tree: &Path, pattern: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in pattern.split('/') {
        let mut next = Vec::new();
        for parent in &found {
            let join =
                |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            match Glob::exact(part).ok().filter(|_| Glob::is_pattern(part)) {
                None => next.push(join(part)),
                Some(glob) => {
                    let names = list(&tree.join(parent)).into_iter().filter_map(|path| {
                        path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
                    });
                    next.extend(names.filter(|name| glob.matches(name)).map(|name| join(&name)));
                }
            }
        }
        found = next;
    }
    found.retain(|path| resolve(tree, Path::new(path)).is_some());
    found
}
