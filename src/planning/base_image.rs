//! The image that something is to be put on top of, or beside: looked at before there is a plan, since what it has decides what is
//! missing.

use std::path::Path;

use tempfile::TempDir;

use super::inputs::lone_client;
use crate::bake;
use crate::config::{Command, ImageSource, KnownImage, Settings};
use crate::error::Error;
use crate::fetch::Client;
use crate::lock;
use crate::oci::base::{BaseImage, Root, Wanted};
use crate::reference::Reference;

/// What is known of the image, in a folder that is gone with this.
pub(crate) struct Looked {
    pub(crate) image: KnownImage,
    /// It is gone with this.
    _folder: TempDir,
}

/// Looks at the image that the settings name.
///
/// # Errors
/// What cannot be read of it.
pub(crate) async fn look(command: Command, settings: &Settings) -> Result<Option<Looked>, Error> {
    let Some(source) = &settings.base_image else { return Ok(None) };
    let by_lock = matches!(command, Command::Install | Command::Run | Command::Reconcile | Command::Sbom);
    // what a lock was made with decides nothing any more
    if by_lock && settings.lock.is_some() && !settings.libraries {
        return Ok(None);
    }
    let client = lone_client(settings)?;
    let source = as_locked(source, settings);
    let architecture = settings.architecture.as_str();
    let image = BaseImage::open(&client, &source, architecture).await.map_err(bake::Error::from)?;
    let temporary = settings.baking.as_ref().map(|baking| baking.work_dir.clone());
    let temporary = temporary.unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("aptlet-image-").tempdir_in(&temporary);
    let folder =
        folder.map_err(|source| crate::oci::Error::write(&temporary, source)).map_err(bake::Error::from)?;
    let wanted = if settings.libraries { Wanted::Libraries } else { Wanted::Packages };
    let read = image.read(wanted, folder.path()).await.map_err(bake::Error::from)?;
    let known = KnownImage {
        name: image.name.clone(),
        root: folder.path().to_owned(),
        has_packages: has_packages(&read),
        path: image.path(),
    };
    tell(&known, &read);
    Ok(Some(Looked { image: known, _folder: folder }))
}

/// The image once more, as it is: for its layers.
///
/// # Errors
/// What cannot be read of it.
pub(crate) async fn again(
    client: &Client,
    settings: &Settings,
    known: &KnownImage,
) -> Result<Option<BaseImage>, Error> {
    let Some(source) = &settings.base_image else { return Ok(None) };
    let pinned = match source {
        ImageSource::Registry(_) => known.name.parse().unwrap_or_else(|_| source.clone()),
        other => other.clone(),
    };
    let image = BaseImage::open(client, &pinned, settings.architecture.as_str()).await;
    Ok(Some(image.map_err(bake::Error::from)?))
}

/// The very image that a lock was made with, where only its tag is named beside that.
fn as_locked(source: &ImageSource, settings: &Settings) -> ImageSource {
    let (ImageSource::Registry(named), Some(lock)) = (source, &settings.lock) else { return source.clone() };
    let recorded = lock::read(lock).ok().and_then(|plan| plan.basis.base_image);
    let recorded = recorded.and_then(|name| Reference::plain(&name).ok());
    match recorded {
        Some(recorded)
            if named.digest.is_none()
                && recorded.repository == named.repository
                && recorded.tag() == named.tag() =>
        {
            ImageSource::Registry(recorded)
        }
        _ => source.clone(),
    }
}

fn has_packages(root: &Root) -> bool {
    let below = Path::new("var/lib/dpkg");
    root.paths.contains_key(&below.join("status"))
        || root.paths.keys().any(|path| path.parent() == Some(&below.join("status.d")))
}

fn tell(known: &KnownImage, root: &Root) {
    if known.has_packages {
        tracing::info!("the base is what {} has installed", known.name);
    } else if root.paths.contains_key(Path::new("lib/apk/db/installed")) {
        tracing::warn!(
            "{} is an image of Alpine: apk has installed what is in it, and nothing of that counts as a base",
            known.name
        );
    } else {
        tracing::warn!("{} has no dpkg database, so that nothing of it counts as a base", known.name);
    }
}
