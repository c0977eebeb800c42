//! PATH of a container that gets the packages.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::{list, name, text};
use super::pieces;
use crate::config::{Exposure, Mode, Rendering};
use crate::process::DEFAULT_PATH;

/// PATH of one container.
pub(super) struct Path<'a> {
    pub(super) rendering: &'a Rendering,
    pub(super) workload: &'a str,
    pub(super) container: &'a str,
}

impl Path<'_> {
    /// Makes it as it is to be, and takes away what an earlier run put into it: before the mounts are changed, which tell that. It
    /// stays as the user wrote it, but for a folder that is missing in it.
    ///
    /// # Errors
    /// [`Error::PathFromElsewhere`].
    pub(super) fn settle(&self, container: &mut Map<String, Value>) -> Result<(), Error> {
        let is_wanted =
            matches!(self.rendering.exposure, Exposure::Path(_)) && self.rendering.mode != Mode::Entrypoint;
        let before = self.before(container);
        if !is_wanted && !container.contains_key("env") {
            return Ok(());
        }
        let env = list(container, "env");
        // of several, Kubernetes takes the last
        let Some(index) = env.iter().rposition(|variable| name(variable) == "PATH") else {
            if is_wanted {
                env.insert(0, json!({ "name": "PATH", "value": self.made() }));
            }
            return Ok(());
        };
        let there = &mut env[index];
        if there.get("valueFrom").is_some_and(|from| !from.is_null()) {
            let (workload, container) = (self.workload.to_owned(), self.container.to_owned());
            return if is_wanted { Err(Error::PathFromElsewhere { workload, container }) } else { Ok(()) };
        }
        let value = there.get("value").and_then(Value::as_str).unwrap_or_default();
        let parts: Vec<&str> =
            value.split(':').filter(|part| !before.iter().any(|own| own == part)).collect();
        let rest = parts.join(":");
        let had_ours = parts.len() < value.split(':').count();
        // of a manifest of old or where nothing better was known; one that is known now was given to take its place
        let is_known = self.rendering.exposure != Exposure::Path(None);
        let is_assumed = rest == DEFAULT_PATH && (had_ours || is_wanted && is_known);
        let is_users = !rest.is_empty() && !is_assumed;
        if is_wanted {
            there["value"] =
                json!(if is_users { pieces::path(self.rendering, Some(&rest)) } else { self.made() });
            return Ok(());
        }
        if had_ours && !is_users {
            env.remove(index);
            if env.is_empty() {
                container.shift_remove("env");
            }
            return Ok(());
        }
        let value = match &self.rendering.exposure {
            Exposure::Mount(at) if !parts.contains(&at.as_str()) => {
                let parts = parts.iter().copied().filter(|part| !part.is_empty() || parts.len() > 1);
                parts.chain([at.as_str()]).collect::<Vec<_>>().join(":")
            }
            _ => rest,
        };
        there["value"] = json!(value);
        Ok(())
    }

    /// The folders that an earlier run may have put into it, and this one.
    fn before(&self, container: &Map<String, Value>) -> Vec<String> {
        let mounts = container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
        let mounts = mounts.filter(|mount| text(mount, "name") == pieces::PACKAGES);
        let places = mounts.map(|mount| text(mount, "mountPath"));
        places.chain([self.rendering.mount.as_str()]).map(|place| format!("{place}/bin")).collect()
    }

    /// One for a container that has none, so that of its image is to be known.
    fn made(&self) -> String {
        if self.rendering.exposure == Exposure::Path(None) {
            tracing::warn!(
                "container {} of {} does not set PATH, and that of its image is taken for {DEFAULT_PATH}: give it with \
                 --image-path, as 'podman image inspect IMAGE' shows it",
                self.container,
                self.workload
            );
        }
        pieces::path(self.rendering, None)
    }
}
