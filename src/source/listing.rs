//! From Releases to stanzas as they stand in the indexes: for those who only look at packages.

use std::io::Read;

use tokio::task::JoinSet;

use super::Error;
use super::left_out::LeftOut;
use super::loaded::{components, provenance_of};
use super::loader::Loader;
use super::provenance::Provenance;
use super::released::Released;
use super::stanzas::each_stanza;

/// What was found in one index, and where that is.
pub(crate) struct Listed<T> {
    pub(crate) from: Provenance,
    pub(crate) found: Vec<T>,
}

impl Loader {
    /// What `pick` makes of the stanzas of each index that the Releases list, in their order, several at once; and the
    /// indexes that cannot be had. What it makes is thrown away unless the index turns out to be what the Release vouches
    /// for.
    pub(crate) async fn listing<T: Send + 'static>(
        &self,
        releases: &[Released],
        pick: impl Fn(&[u8]) -> Option<T> + Clone + Send + Sync + 'static,
    ) -> Result<(Vec<Listed<T>>, Vec<LeftOut>), Error> {
        let mut left_out = Vec::new();
        let mut places: Vec<(&Released, &str, String)> = Vec::new();
        for released in releases {
            for component in components(&released.source) {
                match self.indexes(released, component) {
                    Ok(all) => places.extend(all.into_iter().map(|own| (released, component, own))),
                    Err(error) => left_out.push(LeftOut::part(&released.source, component, error)),
                }
            }
        }
        let mut tasks = JoinSet::new();
        for (number, (released, component, architecture)) in places.iter().enumerate() {
            let files = released.release.packages_files(component, architecture);
            let (loader, released, pick) = (self.clone(), (*released).clone(), pick.clone());
            tasks.spawn(async move {
                if files.first().is_some_and(|file| released.release.unpacked_size(file) == Some(0)) {
                    return (number, Ok(Vec::new()));
                }
                let read = move |reader: &mut dyn Read, _| {
                    let mut found = Vec::new();
                    each_stanza(reader, |stanza| found.extend(pick(stanza)))?;
                    Ok(found)
                };
                (number, loader.read_index(&released, &files, read).await)
            });
        }
        let mut arrived: Vec<Option<Vec<T>>> = Vec::new();
        arrived.resize_with(places.len(), || None);
        while let Some(joined) = tasks.join_next().await {
            let (number, found) = joined.map_err(|error| Error::Internal(error.to_string()))?;
            match found {
                Ok(found) => arrived[number] = Some(found),
                Err(error) => left_out.push(LeftOut::part(&places[number].0.source, places[number].1, error)),
            }
        }
        let mut listed = Vec::new();
        for (found, (released, component, architecture)) in arrived.into_iter().zip(places) {
            if let Some(found) = found {
                listed.push(Listed { from: provenance_of(released, component, &architecture, &[]), found });
            }
        }
        Ok((listed, left_out))
    }

    /// What `pick` makes of the stanzas of source packages (`Sources`), one index after the other. A source need not have any.
    pub(crate) async fn source_packages<T: Send + 'static>(
        &self,
        releases: &[Released],
        pick: impl Fn(&[u8]) -> Option<T> + Clone + Send + Sync + 'static,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for released in releases {
            for component in components(&released.source) {
                let files = released.release.sources_files(component);
                if files.is_empty() || released.release.unpacked_size(&files[0]) == Some(0) {
                    continue;
                }
                let pick = pick.clone();
                let read = move |reader: &mut dyn Read, _| {
                    let mut found = Vec::new();
                    each_stanza(reader, |stanza| found.extend(pick(stanza)))?;
                    Ok(found)
                };
                match self.read_index(released, &files, read).await {
                    Ok(found) => all.extend(found),
                    Err(error) if error.is_not_found() => tracing::debug!("{error}"),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(all)
    }
}
