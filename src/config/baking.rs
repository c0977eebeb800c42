//! What `aptlet bake` needs to know besides what the tree is to be.

use std::path::PathBuf;

use super::error::Error;
use super::host::Host;
use super::options;
use super::values::{LayerCompression, Target};

/// Which image is written, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Baking {
    /// Where to.
    pub(crate) target: Target,
    /// How its layers are compressed.
    pub(crate) compress: LayerCompression,
    /// aptlet for other architectures, where its own image is written.
    pub(crate) binaries: Vec<PathBuf>,
    /// The folder that the tree is made in.
    pub(crate) work_dir: PathBuf,
    /// The time of all that is made, in seconds since 1970, where that was said.
    pub(crate) date: Option<i64>,
}

impl Baking {
    /// Decides what is not said.
    ///
    /// # Errors
    /// No target; a time that is none.
    pub(super) fn of(options: options::Baking, host: &Host) -> Result<Self, Error> {
        let target = options.target.ok_or(Error::NoTarget)?;
        let compress = options.compress.unwrap_or(match target {
            Target::Layout { .. } | Target::OciArchive { .. } | Target::Registry(_) => LayerCompression::Gzip,
            Target::DockerArchive { .. } | Target::Tar(_) => LayerCompression::None,
        });
        let variable = |name: &str| {
            let found = host.environment.iter().find(|(variable, _)| variable == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let temporary = || variable("TMPDIR").map_or_else(|| "/tmp".into(), PathBuf::from);
        let work_dir = host.working_directory.join(options.work_dir.unwrap_or_else(temporary));
        let date = variable("SOURCE_DATE_EPOCH").map(|value| {
            let number = value.to_str().and_then(|text| text.parse().ok()).filter(|date| *date >= 0);
            number.ok_or_else(|| Error::SourceDate { text: value.to_string_lossy().into_owned() })
        });
        Ok(Self { target, compress, binaries: options.binary, work_dir, date: date.transpose()? })
    }
}
