//! The variables by which the image's own programs find what a tree has besides libraries: modules, data, configuration.

use std::path::Path;

use crate::launch::environment::expand;
use crate::tree::records;

/// How the paths of a variable are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// All of them, with colons between.
    List,
    /// The first.
    One,
    /// One of them: which, nobody but the user can tell.
    Choice,
}

/// What each variable names, as patterns of paths in a tree where `*` stands for any one name. Those of a language's own
/// modules (`usr/share/perl`, `usr/lib/ruby/3.3.0`) are not among them: they fit the tree's interpreter and no other.
const VARIABLES: [(&str, Form, &[&str]); 32] = [
    ("LD_LIBRARY_PATH", Form::List, &[records::LIBRARIES]),
    ("PYTHONPATH", Form::List, &["usr/lib/python3/dist-packages/*"]),
    ("PERL5LIB", Form::List, &["usr/lib/*-linux-gnu/perl5/5.*", "usr/share/perl5"]),
    ("RUBYLIB", Form::List, &["usr/lib/ruby/vendor_ruby", "usr/lib/*-linux-gnu/ruby/vendor_ruby/*"]),
    ("NODE_PATH", Form::List, &["usr/lib/*-linux-gnu/nodejs", "usr/share/nodejs", "usr/lib/nodejs"]),
    ("GI_TYPELIB_PATH", Form::List, &["usr/lib/*-linux-gnu/girepository-1.0", "usr/lib/girepository-1.0"]),
    ("GST_PLUGIN_PATH", Form::List, &["usr/lib/*-linux-gnu/gstreamer-1.0"]),
    ("GIO_EXTRA_MODULES", Form::List, &["usr/lib/*-linux-gnu/gio/modules"]),
    ("GSETTINGS_SCHEMA_DIR", Form::One, &["usr/share/glib-2.0/schemas/gschemas.compiled"]),
    ("GDK_PIXBUF_MODULE_FILE", Form::One, &["usr/lib/*-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders.cache"]),
    ("GDAL_DATA", Form::One, &["usr/share/gdal"]),
    ("PROJ_DATA", Form::One, &["usr/share/proj/proj.db"]),
    ("FONTCONFIG_FILE", Form::One, &["etc/fonts/fonts.conf"]),
    ("FONTCONFIG_PATH", Form::One, &["etc/fonts"]),
    ("SSL_CERT_FILE", Form::One, &["etc/ssl/certs/ca-certificates.crt"]),
    ("REQUESTS_CA_BUNDLE", Form::One, &["etc/ssl/certs/ca-certificates.crt"]),
    ("CURL_CA_BUNDLE", Form::One, &["etc/ssl/certs/ca-certificates.crt"]),
    ("NODE_EXTRA_CA_CERTS", Form::One, &["etc/ssl/certs/ca-certificates.crt"]),
    ("LOCPATH", Form::One, &["usr/lib/locale/*_*"]),
    ("TZDIR", Form::One, &["usr/share/zoneinfo/tzdata.zi"]),
    ("TERMINFO_DIRS", Form::List, &["usr/lib/terminfo", "usr/share/terminfo"]),
    ("ODBCSYSINI", Form::One, &["etc/odbcinst.ini"]),
    ("MAGICK_CONFIGURE_PATH", Form::List, &["etc/ImageMagick-*"]),
    ("TESSDATA_PREFIX", Form::One, &["usr/share/tesseract-ocr/*/tessdata"]),
    ("MAGIC", Form::One, &["usr/lib/file/magic.mgc"]),
    ("DICPATH", Form::List, &["usr/share/hunspell"]),
    ("ESPEAK_DATA_PATH", Form::One, &["usr/lib/*-linux-gnu/espeak-ng-data"]),
    ("QT_PLUGIN_PATH", Form::List, &["usr/lib/*-linux-gnu/qt6/plugins", "usr/lib/*-linux-gnu/qt5/plugins"]),
    ("LIBVA_DRIVERS_PATH", Form::List, &["usr/lib/*-linux-gnu/dri/*_drv_video.so"]),
    ("TCLLIBPATH", Form::List, &["usr/share/tcltk"]),
    ("PKG_CONFIG_PATH", Form::List, &["usr/lib/*-linux-gnu/pkgconfig", "usr/share/pkgconfig"]),
    (
        "LD_PRELOAD",
        Form::Choice,
        &[
            "var/lib/aptlet/lib/libjemalloc.so.*",
            "var/lib/aptlet/lib/libtcmalloc.so.*",
            "var/lib/aptlet/lib/libtcmalloc_minimal.so.*",
            "var/lib/aptlet/lib/libmimalloc.so.*",
            "usr/lib/*-linux-gnu/faketime/libfaketime.so.*",
            "usr/lib/*-linux-gnu/libeatmydata.so",
            "usr/lib/*-linux-gnu/libnss_wrapper.so",
        ],
    ),
];

/// Of these it is the folder that is named, and something in it that is looked for.
const FOLDER_OF: [&str; 7] = [
    "PYTHONPATH",
    "GSETTINGS_SCHEMA_DIR",
    "PROJ_DATA",
    "LOCPATH",
    "TZDIR",
    "ODBCSYSINI",
    "LIBVA_DRIVERS_PATH",
];

/// A variable for the image's own programs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    /// Whether it is one of several that the user has to choose from, and none is set by itself.
    pub(crate) is_choice: bool,
}

/// The variables for what a generation has, as the main container sees it at `prefix`.
pub(crate) fn variables(generation: &Path, prefix: &str) -> Vec<Variable> {
    let mut variables = Vec::new();
    for (name, form, patterns) in VARIABLES {
        let mut paths: Vec<String> = Vec::new();
        for path in patterns.iter().flat_map(|pattern| expand(generation, pattern)) {
            let path = match path.rsplit_once('/') {
                Some((folder, _)) if FOLDER_OF.contains(&name) => folder.to_owned(),
                _ => path,
            };
            let path = seen(&path, prefix);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        let variable = |value: String| Variable { name, value, is_choice: form == Form::Choice };
        match form {
            Form::List if !paths.is_empty() => variables.push(variable(paths.join(":"))),
            Form::One => variables.extend(paths.into_iter().next().map(variable)),
            Form::Choice => variables.extend(paths.into_iter().map(variable)),
            Form::List => {}
        }
    }
    variables
}

/// A path of the tree as the main container sees it, by the destination's own link where there is one.
fn seen(path: &str, prefix: &str) -> String {
    match path.strip_prefix(records::LIBRARIES) {
        Some(rest) => format!("{prefix}/lib{rest}"),
        None => format!("{prefix}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn of(paths: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let path: PathBuf = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let variables = variables(folder.path(), "/p").into_iter();
        variables
            .map(|variable| {
                format!("{}={}{}", variable.name, variable.value, if variable.is_choice { "?" } else { "" })
            })
            .collect()
    }

    #[test]
    fn a_variable_is_there_for_what_the_tree_has() {
        assert_eq!(of(&["usr/bin/jq"]), [""; 0]);
        assert_eq!(
            of(&[
                "var/lib/aptlet/lib/libz.so.1",
                "usr/lib/python3/dist-packages/yaml/__init__.py",
                "usr/share/proj/proj.db",
                "etc/ssl/certs/ca-certificates.crt",
                "usr/lib/locale/de_DE.utf8/LC_TIME",
                "usr/lib/x86_64-linux-gnu/perl5/5.36/X.pm",
                "usr/share/perl5/Y.pm",
                "usr/share/perl/5.36/strict.pm",
            ]),
            [
                "LD_LIBRARY_PATH=/p/lib",
                "PYTHONPATH=/p/usr/lib/python3/dist-packages",
                "PERL5LIB=/p/usr/lib/x86_64-linux-gnu/perl5/5.36:/p/usr/share/perl5",
                "PROJ_DATA=/p/usr/share/proj",
                "SSL_CERT_FILE=/p/etc/ssl/certs/ca-certificates.crt",
                "REQUESTS_CA_BUNDLE=/p/etc/ssl/certs/ca-certificates.crt",
                "CURL_CA_BUNDLE=/p/etc/ssl/certs/ca-certificates.crt",
                "NODE_EXTRA_CA_CERTS=/p/etc/ssl/certs/ca-certificates.crt",
                "LOCPATH=/p/usr/lib/locale",
            ]
        );
    }

    #[test]
    fn of_what_can_be_preloaded_all_are_told() {
        assert_eq!(
            of(&["var/lib/aptlet/lib/libjemalloc.so.2", "usr/lib/x86_64-linux-gnu/libeatmydata.so"]),
            [
                "LD_LIBRARY_PATH=/p/lib",
                "LD_PRELOAD=/p/lib/libjemalloc.so.2?",
                "LD_PRELOAD=/p/usr/lib/x86_64-linux-gnu/libeatmydata.so?",
            ]
        );
    }
}
