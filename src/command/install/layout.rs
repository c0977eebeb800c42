//! What the settings say of the tree, as building takes it.

use std::path::{Path, PathBuf};

use crate::building::{Layout, Unpacking};
use crate::config::{Generators, Owners, Settings};
use crate::error::Error;
use crate::fetch::CaBundle;
use crate::finish::Authority;
use crate::launch::libraries::Image;
use crate::publish;
use crate::relocate::remembered::Remembered;
use crate::tree::filter::Filter;
use crate::tree::{Unpacked, group, newest_mtime};

/// How packages are unpacked in `staging`.
pub(in crate::command) fn unpacking(
    settings: &Settings,
    filter: Filter,
    staging: &Path,
) -> Result<Unpacking, Error> {
    let keep_owners = settings.owners == Owners::Keep;
    // what is to be as dpkg has it is nobody else's
    let shared = !keep_owners
        && group::share(&settings.dest, staging).map_err(|source| publish::Error::write(staging, source))?;
    Ok(Unpacking { most: settings.max_unpacked, filter, keep_owners, shared })
}

/// What the tree of these packages is to be like.
pub(in crate::command) fn layout(
    settings: &Settings,
    authorities: &[CaBundle],
    unpacking: &Unpacking,
    unpacked: &[Unpacked],
    image: Option<Image>,
) -> Layout {
    Layout {
        prefix: settings.prefix.clone(),
        date: newest_mtime(unpacked),
        authorities: authorities.iter().flat_map(named).collect(),
        locales: settings.locales.clone(),
        require_scripts: settings.require_scripts,
        generate_at: generate_at(settings),
        owners: settings.owners,
        shared: unpacking.shared,
        libraries: image.map(|image| (image, settings.architecture.clone())),
        has_base: settings.base.is_some(),
        whole: false,
        also_exposed: Vec::new(),
        image_commands: None,
        image_interpreters: Vec::new(),
        remembered: Remembered::default(),
    }
}

/// The destination, where programs of the tree may run in it: it is where the tree will be seen.
fn generate_at(settings: &Settings) -> Option<PathBuf> {
    let is_here = settings.dest == Path::new(&settings.prefix) && settings.generators == Generators::Known;
    is_here.then(|| settings.dest.clone())
}

/// Certificate authorities that the settings add, each named after its file.
fn named(bundle: &CaBundle) -> impl Iterator<Item = Authority> + '_ {
    let name = bundle.path.file_stem().unwrap_or_default().to_string_lossy();
    let certificates = bundle.certificates.iter();
    certificates
        .map(move |certificate| Authority { name: name.clone().into_owned(), der: certificate.to_vec() })
}

/// What the settings leave out of packages.
pub(in crate::command) fn filter(settings: &Settings) -> Result<Filter, Error> {
    let translations: Vec<String> =
        settings.locales.iter().map(|locale| Filter::translations(locale)).collect();
    let mut rules: Vec<(bool, &str)> = Vec::new();
    if settings.paths.slim {
        rules.extend(Filter::slim());
        rules.extend(translations.iter().map(|pattern| (true, pattern.as_str())));
    }
    rules.extend(settings.paths.rules.iter().map(|rule| (rule.include, rule.pattern.as_str())));
    Filter::new(rules).map_err(|bad| Error::Internal(format!("a pattern for paths: {bad}")))
}
