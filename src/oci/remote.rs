//! An image on its way to a registry: what that has is not sent, and what names something is sent after that.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::blob::Blob;
use super::document::{Descriptor, INDEX, MANIFEST, document};
use super::error::Error;
use super::image::{Attachment, Written};
use crate::digest::Sha256;
use crate::fetch;
use crate::fetch::Client;
use crate::fetch::registry::{Access, Registry, Sent};
use crate::reference::{Reference, Repository};

/// Blobs that are sent at once.
const AT_ONCE: usize = 4;
/// The configuration of what is no image.
const EMPTY: (&str, &[u8]) = ("application/vnd.oci.empty.v1+json", b"{}");

/// A registry that can be written to.
#[derive(Debug)]
pub(super) struct Remote {
    registry: Registry,
    image: Reference,
    from: Option<Repository>,
}

/// What was sent, and what needed not be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Transfer {
    /// Blobs that were sent.
    pub(crate) sent: usize,
    /// Bytes of these.
    pub(crate) bytes: u64,
    /// Blobs that the repository had, or another one of the registry.
    pub(crate) known: usize,
}

impl Remote {
    /// Finds out whether an image can be written there; `from` may have some of its blobs.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub(super) async fn open(
        client: &Client,
        image: &Reference,
        from: Option<&Repository>,
    ) -> Result<Self, Error> {
        let from = from.filter(|other| other.registry == image.repository.registry);
        let registry = Registry::new(client, &image.repository, Access::Push, from)?;
        registry.check_writable().await?;
        Ok(Self { registry, image: image.clone(), from: from.cloned() })
    }

    /// Sends images whose blobs are in a folder; `top` is what the tag is to name.
    ///
    /// # Errors
    /// [`Error::Registry`], [`Error::OnDisk`].
    pub(super) async fn put(
        &self,
        images: &[Written],
        top: &Descriptor,
        blobs: &Path,
    ) -> Result<Transfer, Error> {
        let mut needed: BTreeSet<(Sha256, u64)> = BTreeSet::new();
        for image in images {
            needed.extend(image.blobs.iter().map(|blob| (blob.digest, blob.size)));
        }
        let mut transfer = Transfer::default();
        let mut tasks: JoinSet<Result<(Sent, u64), Error>> = JoinSet::new();
        let mut done = |finished: Result<Result<(Sent, u64), Error>, tokio::task::JoinError>| {
            let (sent, size) = finished
                .map_err(|error| fetch::Error::Setup(error.to_string()))
                .map_err(Error::from)
                .and_then(|sent| sent)?;
            match sent {
                Sent::Now => (transfer.sent, transfer.bytes) = (transfer.sent + 1, transfer.bytes + size),
                Sent::There | Sent::Mounted => transfer.known += 1,
            }
            Ok::<(), Error>(())
        };
        for (digest, size) in needed {
            if tasks.len() >= AT_ONCE
                && let Some(finished) = tasks.join_next().await
            {
                done(finished)?;
            }
            let (registry, from) = (self.registry.clone(), self.from.clone());
            let path = blobs.join(digest.to_string());
            tasks.spawn(async move {
                let file = File::open(&path).map_err(|source| Error::read(&path, source))?;
                let sent = registry.push_blob(file, (digest, size), from.as_ref()).await?;
                Ok((sent, size))
            });
        }
        while let Some(finished) = tasks.join_next().await {
            done(finished)?;
        }
        for image in images {
            let digest = &image.descriptor.digest;
            let name = if *digest == top.digest { self.image.tag() } else { digest };
            self.put_manifest(name, MANIFEST, &image.descriptor, blobs).await?;
        }
        if top.media_type == INDEX {
            self.put_manifest(self.image.tag(), INDEX, top, blobs).await?;
        }
        for image in images {
            if let Err(error) = self.attach(image).await {
                tracing::warn!(
                    "{error}; the image is there, but its bills of materials are not attached to it"
                );
            }
        }
        Ok(transfer)
    }

    async fn put_manifest(
        &self,
        name: &str,
        media_type: &str,
        descriptor: &Descriptor,
        blobs: &Path,
    ) -> Result<(), Error> {
        let path = blobs.join(descriptor.hex());
        let text = fs::read(&path).map_err(|source| Error::read(&path, source))?;
        self.registry.push_manifest(name, media_type, &text).await?;
        Ok(())
    }

    /// Attaches what is about an image: a manifest that has it as its subject, and where the registry does not list such, an index
    /// under a tag that is made of the digest (distribution specification, "Referrers Tag Schema").
    async fn attach(&self, image: &Written) -> Result<(), Error> {
        let mut listed = Vec::new();
        for attachment in &image.attachments {
            let (text, descriptor) = self.artifact(attachment, image).await?;
            if !self.registry.push_manifest(&descriptor.digest, MANIFEST, &text).await? {
                let mut entry = json!(descriptor);
                entry["artifactType"] = json!(attachment.media_type);
                listed.push(entry);
            }
        }
        if listed.is_empty() {
            return Ok(());
        }
        let tag = image.descriptor.digest.replace(':', "-");
        let known = self.registry.manifest(&tag).await?;
        let mut index: Value = known
            .as_ref()
            .and_then(|known| serde_json::from_slice(&known.bytes).ok())
            .filter(|index: &Value| index["manifests"].is_array())
            .unwrap_or_else(|| json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
        if let Some(entries) = index["manifests"].as_array_mut() {
            listed.retain(|entry| entries.iter().all(|other| other["digest"] != entry["digest"]));
            entries.append(&mut listed);
        }
        let text = document(&index, Path::new(&tag))?;
        if known.is_none_or(|known| known.bytes != text) {
            self.registry.push_manifest(&tag, INDEX, &text).await?;
        }
        Ok(())
    }

    async fn artifact(
        &self,
        attachment: &Attachment,
        image: &Written,
    ) -> Result<(Vec<u8>, Descriptor), Error> {
        let content = self.put_bytes(&attachment.text).await?;
        let config = self.put_bytes(EMPTY.1).await?;
        let mut layer = Descriptor::of(attachment.media_type, &content);
        layer.annotations.insert("org.opencontainers.image.title".to_owned(), attachment.title.to_owned());
        let subject = Descriptor { platform: None, ..image.descriptor.clone() };
        let text = document(
            &json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": attachment.media_type,
                "config": Descriptor::of(EMPTY.0, &config), "layers": [layer], "subject": subject,
                "annotations": { "org.opencontainers.image.created": image.created },
            }),
            Path::new(attachment.title),
        )?;
        let descriptor =
            Descriptor::of(MANIFEST, &Blob { digest: Sha256::of(&text), size: text.len() as u64 });
        Ok((text, descriptor))
    }

    async fn put_bytes(&self, bytes: &[u8]) -> Result<Blob, Error> {
        use std::io::Write as _;
        let blob = Blob { digest: Sha256::of(bytes), size: bytes.len() as u64 };
        let failed = |source| Error::write(Path::new("a temporary file"), source);
        let mut file = tempfile::tempfile().map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        self.registry.push_blob(file, (blob.digest, blob.size), None).await?;
        Ok(blob)
    }
}
