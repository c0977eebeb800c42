//! From a plan to the current generation of a live destination: what is kept of earlier ones is linked, and the rest is fetched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::outcome::Failure;
use super::session::Session;
use crate::building::{self, Layout, lay_out_kept, space, staging};
use crate::command::install::{
    check_allowance, filter, image, layout, shortage, told_of_volume, unpacking, view,
};
use crate::current_generation::current;
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::{CaBundle, Client};
use crate::launch::{self, libraries};
use crate::live::{self, Holder, Place};
use crate::lock;
use crate::note::Recorded;
use crate::plan::{Artifact, Plan};
use crate::process::own_binary;
use crate::publish::{self, Changes, Destination, State, size_limit};
use crate::relocate::remembered::Remembered;
use crate::source::Released;
use crate::tree::kept::Kept;
use crate::tree::manifest;
use crate::tree::records;
use crate::wording::mebibytes;

/// Of a live destination's files: see [`Remembered`].
const REMEMBERED: &str = "remembered.json";

/// Said once, when a compiler comes.
const ON_MUSL: &str = "this image is built on musl: its own programs load no library of Debian, and none that Debian's compilers make. What its \
                       pip or npm compiles fails when it is loaded. Use Debian's interpreter for that (apt-get install -y python3-venv \
                       python3-dev), or an image of Debian";

/// A destination that nobody else is at work on.
pub(super) struct Opened {
    destination: Destination,
    place: Place,
}

impl Opened {
    /// Waits for others, and tells for whom.
    pub(super) async fn open(session: &Session, command: &str) -> Result<Self, Failure> {
        let (settings, place) = (session.settings.clone(), session.place.clone());
        let waits_at = place.clone();
        let open = move || {
            Destination::open(&settings.dest, view(&settings), settings.keep_generations, || {
                let told = Holder::told(&waits_at);
                let _ = super::outcome::print(&format!(
                    "Waiting for the lock on {}: {told}...\n",
                    settings.dest.display()
                ));
            })
        };
        let opened = tokio::task::spawn_blocking(open).await;
        let destination = opened.map_err(|error| Error::Internal(error.to_string()))?;
        let destination = destination.map_err(Error::from)?;
        Holder::announce(&place, command);
        Ok(Self { destination, place })
    }
}

impl Opened {
    /// Does what a run that was killed did not, and puts this binary there.
    pub(super) fn complete(&mut self) -> Result<(), Failure> {
        self.destination.need_binary();
        Ok(self.destination.complete().map_err(Error::from)?)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        Holder::retract(&self.place);
    }
}

/// A generation in the making.
pub(super) struct Making<'a> {
    pub(super) session: &'a Session,
    pub(super) client: &'a Client,
    pub(super) authorities: &'a [CaBundle],
    pub(super) plan: Arc<Plan>,
    pub(super) old: &'a Plan,
    /// The sources of the plan, where some were asked, and those that were left out.
    pub(super) releases: Option<(&'a Vec<Released>, &'a Vec<String>)>,
    /// What the current generation was made from.
    pub(super) known: Option<&'a State>,
    /// What is to be fetched although it is kept.
    pub(super) again: &'a [Artifact],
    pub(super) download_only: bool,
}

/// What came of it.
pub(super) struct Made {
    /// The bytes that were fetched.
    pub(super) fetched: u64,
    pub(super) notes: Vec<Recorded>,
    /// Where it is, if it was made.
    pub(super) generation: Option<PathBuf>,
    /// Where the destination is seen.
    pub(super) prefix: String,
}

impl Making<'_> {
    /// Makes it and publishes it.
    pub(super) async fn make(self, opened: &mut Opened) -> Result<Made, Failure> {
        let settings = &self.session.settings;
        check_allowance(settings, &self.plan)?;
        let staging = opened.destination.staging().map_err(Error::from)?;
        let made = self.make_in(opened, staging.path(), staging.lacks()).await;
        made.map_err(|error| {
            let error = told_of_volume(error, settings, staging.lacks());
            let missing = (space::missing(&self.plan, staging.path()), self.plan.download_size());
            shortage(error, &opened.destination, staging.path(), missing, self.plan.packages.len()).into()
        })
    }

    async fn make_in(
        &self,
        opened: &mut Opened,
        staging: &Path,
        lacks: crate::tree::volume::Lacks,
    ) -> Result<Made, Error> {
        let Self { session, client, authorities, plan, .. } = self;
        let (settings, report, place) = (&session.settings, &session.report, &session.place);
        let unpacking = unpacking(settings, filter(settings)?, staging)?;
        let kept = Kept::new(
            place.packages(),
            &format!("{:?} {:?} {}", settings.paths, settings.locales, unpacking.shared),
        );
        fs::create_dir_all(place.packages())
            .map_err(|source| publish::Error::write(&place.packages(), source))?;
        kept.forget(self.again.iter().map(|artifact| artifact.sha256));
        let laid_out = lay_out_kept(plan, staging, &kept)?;
        let fetched = laid_out.missing.download_size();
        opened.destination.check_space(space::needed(&laid_out.missing), laid_out.missing.packages.len())?;
        let stop = report.begin("fetch", fetched);
        let progress = |bytes| stop.advance(bytes);
        let unpacked =
            laid_out.complete(client, staging, settings.connections, &unpacking, &kept, progress).await?;
        stop.end(mebibytes(fetched));
        let mut made = Made { fetched, notes: Vec::new(), generation: None, prefix: settings.prefix.clone() };
        if self.download_only {
            return Ok(made);
        }

        let stop = report.begin("merge", 0);
        let root = staging::tree(staging);
        let image = match image(settings) {
            // its own programs load none of Debian's libraries; the tree's have their own
            Err(Error::Libraries(libraries::Error::Musl { .. })) => {
                if can_compile(plan) && !can_compile(self.old) {
                    tracing::warn!("{ON_MUSL}");
                }
                None
            }
            image => image?,
        };
        let mut layout = Layout {
            also_exposed: live::Settings::read(place).unwrap_or_default().commands,
            image_commands: image_commands(place.dest()),
            image_interpreters: launch::interpreters_of_image(place.dest()),
            remembered: remembered(place, &settings.prefix),
            ..layout(settings, authorities, &unpacking, &unpacked, image)
        };
        let built = match building::assemble(&root, staging, plan, unpacked, &layout) {
            // nobody asked for it: the tree's own programs find their libraries in any case
            Err(Error::Libraries(error)) if layout.libraries.is_some() => {
                tracing::warn!("programs of the image do not find these libraries: {error}");
                layout.libraries = None;
                fs::remove_dir_all(&root).map_err(|source| publish::Error::write(&root, source))?;
                let again = lay_out_kept(plan, staging, &kept)?;
                let again = again.complete(client, staging, settings.connections, &unpacking, &kept, |_| {});
                building::assemble(&root, staging, plan, again.await?, &layout)?
            }
            built => built?,
        };
        // its own commands are launchers, too
        opened.destination.need_binary();
        let mut state = State::new(Sha256::of(b"live"), lock::digest(plan));
        state.packages = plan.packages.len();
        state.download_size = plan.download_size();
        state.lacks = lacks;
        match (self.releases, self.known) {
            (Some((releases, left_out)), _) => {
                state.releases = releases.iter().map(crate::planning::release_state).collect();
                state.left_out.clone_from(left_out);
            }
            (None, Some(known)) => {
                state.releases.clone_from(&known.releases);
                state.left_out.clone_from(&known.left_out);
            }
            (None, None) => {}
        }
        // that one of its commands comes before the image's is what somebody asked for
        state.notes = built.notes.iter().map(Recorded::from).collect();
        let told = self.known.map(|known| known.notes.as_slice()).unwrap_or_default();
        made.notes = state.notes.iter().filter(|note| !told.contains(note)).cloned().collect();
        let remembered = built.finish(&[(records::STATE, &state.render()?)])?;
        if let Some(before) = current(place.dest()) {
            let carried = manifest::carry(&before, &root)?;
            tracing::debug!("{} came along from the tree before", carried.len());
        }
        let own = opened.destination.own_need().bytes;
        size_limit::check(&settings.dest, settings.size_limit, own, state.packages)
            .map_err(publish::Error::from)?;
        let changes = Changes::between(self.old, plan);
        made.generation = Some(opened.destination.publish(&root, &id(place, plan), Some(&changes))?);
        // without it, all is read again
        if let Err(error) = place.put(REMEMBERED, &serde_json::to_vec(&remembered).unwrap_or_default()) {
            tracing::debug!("{error}");
        }
        kept.retain(&wanted(place, plan, self.old));
        stop.end("");
        Ok(made)
    }
}

fn can_compile(plan: &Plan) -> bool {
    plan.packages.iter().any(|artifact| artifact.name == "libc6-dev")
}

/// What is known of the files of the tree before, if it was gone through by this same binary, for this prefix.
fn remembered(place: &Place, prefix: &str) -> Remembered {
    let binary = own_binary().and_then(fs::metadata).map_or(0, |meta| meta.len());
    let how = format!("{prefix} {} {binary}", env!("CARGO_PKG_VERSION"));
    let text = fs::read(place.file(REMEMBERED)).unwrap_or_default();
    Remembered::parse(&text, how)
}

/// No two generations of a live destination have one name: an earlier one may still be in use.
fn id(place: &Place, plan: &Plan) -> String {
    let before = current(place.dest());
    let now = jiff::Timestamp::now().as_nanosecond();
    let text = format!("{} {before:?} {now}", lock::digest(plan));
    Sha256::of(text.as_bytes()).to_string().chars().take(16).collect()
}

/// The packages to keep: those of this generation, and of the one before, which may be gone back to.
fn wanted(_place: &Place, plan: &Plan, old: &Plan) -> Vec<Sha256> {
    plan.packages.iter().chain(&old.packages).map(|artifact| artifact.sha256).collect()
}

/// The commands that the image has by itself. None where this is not the image: aptlet's own has none.
fn image_commands(dest: &Path) -> Option<BTreeSet<String>> {
    let folders = launch::image_folders(dest).into_iter();
    let mut names = BTreeSet::new();
    for entry in folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten()) {
        names.extend(entry.file_name().into_string());
    }
    names.contains("sh").then_some(names)
}
