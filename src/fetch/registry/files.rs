//! Images that are repositories of packages: one layer a file, which is called as its annotation says. `oras push` makes such, and
//! apt-transport-oci reads them (<https://github.com/AkihiroSuda/apt-transport-oci>).

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::error::Error;
use super::known::Files;
use super::session::{Access, Registry};
use crate::fetch::body::Body;
use crate::fetch::client::Client;
use crate::fetch::error::Error as FetchError;
use crate::masking;
use crate::reference::{Reference, file_in};

const TITLE: &str = "org.opencontainers.image.title";
/// An index of more is no repository.
const MOST_MANIFESTS: usize = 100;

/// A layer, as a manifest names it; or a manifest, as an index does.
#[derive(Debug, Clone, Deserialize)]
struct Descriptor {
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// An image's manifest, or an index.
#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

impl Client {
    /// Opens a file of an image.
    ///
    /// # Errors
    /// All that concern a URL.
    pub(in crate::fetch) async fn open_in_image(&self, url: &Url) -> Result<Body, FetchError> {
        let shown = || masking::url(url);
        let (image, file) = file_in(url).ok_or_else(|| FetchError::NotFound {
            url: shown(),
            cause: "it names no image of a registry".to_owned(),
        })?;
        let registry = Registry::new(self, &image.repository, Access::Pull, None)?;
        let cell = self.known().image(image.to_string());
        let files = cell.get_or_try_init(|| read(&registry, &image)).await?;
        let (digest, size) = files.get(&plain(&file)).copied().ok_or_else(|| FetchError::NotFound {
            url: shown(),
            cause: format!("no layer of the image is called {}", plain(&file)),
        })?;
        let blob = registry.url(&format!("blobs/sha256:{digest}")).await?;
        let mut body = Body::of_registry(self, &registry, &blob).await?;
        body.expect(size);
        Ok(body)
    }
}

/// All manifests of an index have the same files, or add to each other.
async fn read(registry: &Registry, image: &Reference) -> Result<Files, FetchError> {
    let mut files = BTreeMap::new();
    let mut wanted = vec![registry.manifest_of(image).await?.bytes];
    let mut seen = 0;
    while let Some(bytes) = wanted.pop() {
        let url = registry.url(&format!("manifests/{}", image.wanted())).await?;
        let odd = |problem: String| Error::NoRegistry { url: masking::url(&url), problem };
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| odd(format!("its manifest cannot be understood: {error}")))?;
        for layer in manifest.layers {
            let digest = layer.digest.strip_prefix("sha256:").and_then(|hex| hex.parse().ok());
            if let (Some(title), Some(digest)) = (layer.annotations.get(TITLE), digest) {
                files.insert(plain(title), (digest, layer.size));
            }
        }
        for other in manifest.manifests {
            seen += 1;
            if seen > MOST_MANIFESTS {
                return Err(odd(format!("its index has more than {MOST_MANIFESTS} manifests")).into());
            }
            let missing = || odd(format!("it does not have {}, which its index names", other.digest));
            wanted.push(registry.manifest(&other.digest).await?.ok_or_else(missing)?.bytes);
        }
    }
    Ok(files)
}

/// A name without what does not change it.
fn plain(name: &str) -> String {
    name.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}
