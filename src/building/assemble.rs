//! From unpacked packages to a finished tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::staging::private_root;
use crate::arrange::Arrange as _;
use crate::bake::os_release;
use crate::config::{Owners, RequireScripts};
use crate::control::architecture::Architecture;
use crate::current_generation;
use crate::digest::Sha256;
use crate::error::Error;
use crate::finish::{self, Authority, Finishing};
use crate::generators::{self, Call, Outcome, Place};
use crate::launch;
use crate::launch::libraries::{self, Image};
use crate::lock;
use crate::note::{Note, OfTree};
use crate::plan::Plan;
use crate::relocate::Relocation;
use crate::relocate::remembered::Remembered;
use crate::sbom::{self, Bill, cyclonedx, spdx};
use crate::tree::write::Generated;
use crate::tree::{self, Tree, Unpacked, database, dpkg_divert, manifest, owners, records};

/// What a tree is to be like, besides what its packages say.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Where it will be seen; `/` for a root file system.
    pub(crate) prefix: String,
    /// The time of all that is made, in seconds since 1970.
    pub(crate) date: i64,
    /// Certificate authorities to trust besides those that packages ship.
    pub(crate) authorities: Vec<Authority>,
    /// Locales that must work.
    pub(crate) locales: Vec<String>,
    /// Maintainer scripts that must be done in full.
    pub(crate) require_scripts: RequireScripts,
    /// Where the tree's own programs are run on it: the destination, if that is the prefix.
    pub(crate) generate_at: Option<PathBuf>,
    /// Whose its files are.
    pub(crate) owners: Owners,
    /// Whether a group shares the volume, and may read what its owner may.
    pub(crate) shared: bool,
    /// The image whose own programs are to load the tree's libraries, and its architecture.
    pub(crate) libraries: Option<(Image, Architecture)>,
    /// Whether packages of a base are left out, so that a dynamic linker may be.
    pub(crate) has_base: bool,
    /// Whether it will be a destination by itself, as in an image, and no generation of one.
    pub(crate) whole: bool,
    /// Commands of aptlet's own that are exposed whatever packages have.
    pub(crate) also_exposed: Vec<String>,
    /// The commands that the image has, where the others are to be exposed as well, whoever asked for their packages.
    pub(crate) image_commands: Option<BTreeSet<String>>,
    /// The interpreters of the image that are to find the tree's modules.
    pub(crate) image_interpreters: Vec<String>,
    /// What is known of files that another tree of the destination has as well.
    pub(crate) remembered: Remembered,
}

impl Layout {
    /// The names of the commands that are exposed of a tree, `own` being those of the packages that were asked for.
    fn exposes(&self, root: &Path, mut own: Vec<String>) -> Vec<String> {
        if let Some(image) = &self.image_commands {
            // an interpreter comes along only where that of the image will not do
            let is_wanted = |name: &String| !image.contains(name) || self.image_interpreters.contains(name);
            own.extend(launch::commands(root).into_keys().filter(is_wanted));
        }
        own.extend(self.also_exposed.iter().cloned());
        own.arrange();
        own.dedup();
        own
    }
}

/// A tree that is whole, but for what [`finish`](Self::finish) writes into it last.
pub(crate) struct Built {
    /// How many commands it has.
    pub(crate) commands: usize,
    /// The names of those that are exposed.
    pub(crate) exposed: Vec<String>,
    /// The names of the packages that were asked for.
    pub(crate) requested: Vec<String>,
    /// Where it differs from an installation by dpkg.
    pub(crate) notes: Vec<Note>,
    /// Whether its commands need this binary beside the tree, though all its paths could be rewritten.
    pub(crate) needs_binary: bool,
    tree: Tree,
    generated: Generated,
    /// Digests of files that are known already.
    digests: BTreeMap<PathBuf, Sha256>,
    remembered: Remembered,
    /// Whether it matters whose everything is.
    has_owners: bool,
}

impl Built {
    /// The tree, for what is to be a part of it.
    pub(crate) fn tree(&mut self) -> (&mut Tree, Generated) {
        (&mut self.tree, self.generated)
    }

    /// Writes down what there is, and files of aptlet's own that are no part of what the tree was planned to be, by their paths
    /// in it; and gives folders their modes and times, which any later change would spoil. What the next tree may know of its files.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(crate) fn finish(mut self, records: &[(&str, &[u8])]) -> Result<Remembered, Error> {
        let root = self.tree.root();
        let directory_mode = |folder: &Path| self.tree.directory_mode(folder);
        let (manifest, found) = manifest::describe(root, self.has_owners, directory_mode, &self.digests)?;
        self.remembered.complete(root, &found);
        for (path, text) in [(records::MANIFEST, manifest.as_slice())].iter().chain(records) {
            let path = root.join(path);
            self.generated.file(&path, text).map_err(|source| tree::Error::write(&path, source))?;
        }
        self.tree.finish()?;
        Ok(self.remembered)
    }
}

/// Makes one tree in `root` of packages that lie below `staging`, whose folders are gone afterwards.
///
/// # Errors
/// Packages that exclude each other, or what `layout` demands; a volume that does not take it. Then `root` is of no use.
pub(crate) fn assemble(
    root: &Path,
    staging: &Path,
    plan: &Plan,
    unpacked: Vec<Unpacked>,
    layout: &Layout,
) -> Result<Built, Error> {
    let Layout { prefix, date, .. } = layout;
    let generated = Generated { date: *date };
    let mut tree = Tree::create(root, &plan.basis.architecture)?;
    if layout.shared {
        tree.share();
    }
    let (diversions, unread) = dpkg_divert::read(&unpacked)?;
    tree.divert(diversions);
    for (number, package) in unpacked.into_iter().enumerate() {
        tree.merge(package, &private_root(staging, number))?;
    }
    let how = Finishing { date: *date, prefix, authorities: &layout.authorities, locales: &layout.locales };
    let unfinished = finish::run(&mut tree, how)?;
    match layout.require_scripts {
        RequireScripts::None => {}
        RequireScripts::Known => unfinished.require_scripts(false)?,
        RequireScripts::All => unfinished.require_scripts(true)?,
    }
    let unfinished_calls = unfinished.generators;
    let mut notes: Vec<Note> = unfinished.notes.into_iter().map(Note::from).collect();
    notes.extend(unread.into_iter().map(|(package, line)| OfTree::DiversionUnread { package, line }.into()));
    // before anything is rewritten, since the linker's own folders are
    let libraries = match &layout.libraries {
        Some((image, architecture)) => Some(libraries::choose(&tree, image, architecture)?),
        None => None,
    };
    notes.extend(libraries.iter().flat_map(|chosen| &chosen.notes).cloned().map(Note::from));
    let relocation = Relocation::to(prefix);
    let (at_root, is_exact) = (relocation.is_none(), relocation.is_exact());
    let relocation_links = relocation.links();
    let relocated = relocation.apply_after(&layout.remembered, &mut tree)?;
    notes.extend(of_packages(tree.packages()));
    if tree.widened() > 0 {
        notes.push(OfTree::OpenToGroup { paths: tree.widened() }.into());
    }
    tree.create_directory(Path::new(if at_root { records::FOLDER } else { records::COMMANDS }))?;
    database::write(&mut tree, *date)?;
    for (path, target) in &relocated.links {
        let link = root.join(path);
        let made = generated.link(&target.to_string_lossy(), &link);
        made.map_err(|source| tree::Error::write(&link, source))?;
    }
    if let Some(chosen) = &libraries {
        tree.create_directory(Path::new(records::LIBRARIES))?;
        libraries::link(root, chosen, generated)?;
    }
    // the C library was left to a base
    let needs_linker = !at_root && layout.has_base && !launch::has_own_linker(root);
    let needs_modules = layout.has_base && launch::has_modules(root);
    let mut interpreters = Vec::new();
    let commands = if at_root {
        launch::commands(root).len()
    } else if is_exact && !needs_linker && !needs_modules {
        launch::link(root, generated)?
    } else {
        let programs = launch::Programs {
            adapted: !is_exact,
            whole: layout.whole,
            has_base: layout.has_base,
            interpreters: &layout.image_interpreters,
        };
        let written = launch::write(root, &programs, generated)?;
        if !is_exact {
            let lacking = launch::lacking(&tree, prefix, &relocated.cramped, &written.covered);
            notes.extend(launch::notes(&lacking, prefix).into_iter().map(Note::from));
        }
        interpreters = written.interpreters;
        written.commands
    };
    notes.extend(generate(&tree, &unfinished_calls, layout, relocation_links)?);
    let record = |path: &str, text: &[u8]| {
        let path = root.join(path);
        generated.file(&path, text).map_err(|source| tree::Error::write(&path, source))
    };
    record(records::LOCK, lock::render(plan).as_bytes())?;
    let bill = Bill::of(plan, os_release::release(plan), Some(root), *date);
    record(sbom::SPDX, spdx(&bill).as_bytes())?;
    record(sbom::CYCLONEDX, cyclonedx(&bill).as_bytes())?;
    let requested = launch::requested(plan, tree.packages());
    let exposed = || [launch::exposed(&tree, &requested), interpreters].concat();
    let exposed = if at_root { Vec::new() } else { layout.exposes(root, exposed()) };
    let requested = requested.iter().map(|number| tree.packages()[*number].artifact.name.clone()).collect();
    if !at_root {
        record(
            records::EXPOSED,
            exposed.iter().flat_map(|name| [name, "\n"]).collect::<String>().as_bytes(),
        )?;
    }
    if !relocated.record.prefix.is_empty() {
        record(records::RELOCATED, &relocated.record.render())?;
    }
    let keep = layout.owners == Owners::Keep;
    if keep {
        owners::apply(&tree)?;
    }
    let digests = relocated.digests;
    let needs_binary = needs_linker || needs_modules && is_exact && !at_root;
    Ok(Built {
        commands,
        exposed,
        requested,
        notes,
        needs_binary,
        tree,
        generated,
        digests,
        remembered: relocated.remembered,
        has_owners: keep,
    })
}

/// Runs what only the tree's own programs can make, where they can be run.
fn generate(
    tree: &Tree,
    calls: &[Call],
    layout: &Layout,
    links: Vec<(&'static str, &'static str)>,
) -> Result<Vec<Note>, Error> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = match &layout.generate_at {
        Some(destination) if !links.is_empty() => {
            let current = current_generation::current(destination);
            let owners = |path: &Path| owners_of(tree, path);
            let (root, date) = (tree.root(), layout.date);
            generators::run(calls, &Place { root, destination, current, links, date, owners: &owners })?
        }
        _ => {
            let reason = "programs are run only at the prefix, and with --generators=known";
            calls.iter().map(|call| (call.clone(), Outcome::Not(reason.to_owned()))).collect()
        }
    };
    let mut notes = Vec::new();
    for (call, outcome) in outcomes {
        let (package, line) = (call.package.clone(), call.line());
        notes.extend(match outcome {
            Outcome::Done => None,
            Outcome::Kept => Some(finish::Note::GeneratedBefore { package, line }),
            Outcome::Not(reason) if layout.require_scripts == RequireScripts::None => {
                Some(finish::Note::GeneratorNotRun { package, line, reason })
            }
            Outcome::Not(reason) => {
                let first = format!("the postinst of {package}: {line}: {reason}");
                return Err(finish::Error::Scripts { first, packages: package }.into());
            }
        });
    }
    Ok(notes.into_iter().map(Note::from).collect())
}

/// The packages that have a file of the tree.
fn owners_of(tree: &Tree, path: &Path) -> Vec<String> {
    // as archived, by a link of merged-usr or not
    let merged = Path::new("/").join(path);
    let archived = path.strip_prefix("usr").map(|path| Path::new("/").join(path)).ok();
    let has = |shipped: &PathBuf| *shipped == merged || Some(shipped) == archived.as_ref();
    let owners = tree.packages().iter().filter(|unpacked| unpacked.paths.iter().any(has));
    owners.map(|unpacked| unpacked.artifact.name.clone()).collect()
}

/// One note for what concerns a file; one a package for owners, of which there can be thousands; one for all that was
/// left out.
fn of_packages(packages: &[Unpacked]) -> Vec<Note> {
    let mut notes = Vec::new();
    let left_out = packages.iter().map(|package| package.left_out);
    let (paths, bytes) =
        left_out.fold((0, 0_u64), |(paths, bytes), one| (paths + one.paths, bytes.saturating_add(one.bytes)));
    if paths > 0 {
        notes.push(OfTree::LeftOut { paths, bytes }.into());
    }
    for package in packages {
        let name = || package.artifact.name.clone();
        let is_owner = |note: &&tree::Note| matches!(note, tree::Note::Owner { .. });
        let files = package.notes.iter().filter(is_owner).count();
        if files > 0 {
            notes.push(OfTree::OwnersMapped { package: name(), files }.into());
        }
        let others = package.notes.iter().filter(|note| !is_owner(note));
        notes.extend(others.map(|note| Note::Package { package: name(), note: note.clone() }));
    }
    notes
}
