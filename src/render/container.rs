//! What is changed in a container that gets the packages: its command and its mounts.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::{child_of, list, text};
use super::{library_path, pieces, variable};
use crate::config::{Exposure, Mode, Rendering};

/// A change of one container.
pub(super) struct Patch<'a> {
    pub(super) rendering: &'a Rendering,
    pub(super) workload: &'a str,
    pub(super) container: String,
    /// The part of the volume that has the packages, where that is not all of it: by which key, and its path.
    pub(super) part: Option<&'a (&'static str, String)>,
}

impl Patch<'_> {
    pub(super) fn container(&self, container: &mut Value) -> Result<(), Error> {
        let mounts = self.mounts();
        self.check_mounts(container, &mounts)?;
        let map = child_of(container).as_object_mut();
        let Some(map) = map else { return Ok(()) };
        self.command(map)?;
        let path =
            variable::Path { rendering: self.rendering, workload: self.workload, container: &self.container };
        path.settle(map)?;
        library_path::settle(self.rendering, map, self.workload)?;
        mount(list(map, "volumeMounts"), &mounts);
        Ok(())
    }

    /// What is to be mounted.
    fn mounts(&self) -> Vec<Value> {
        let mut mounts = pieces::mounts(self.rendering);
        let Some((key, part)) = self.part else { return mounts };
        for mount in mounts.iter_mut().filter(|mount| text(mount, "name") == pieces::PACKAGES) {
            let below = mount.as_object_mut().and_then(|mount| mount.shift_remove("subPath"));
            let below = below
                .as_ref()
                .and_then(Value::as_str)
                .map_or(part.clone(), |below| format!("{part}/{below}"));
            mount[key] = json!(below);
        }
        mounts
    }

    /// That nothing of the user's is where ours is to be, or in it; and for the commands, around it, where there may be no such
    /// folder.
    fn check_mounts(&self, container: &Value, ours: &[Value]) -> Result<(), Error> {
        let there = container.get("volumeMounts").and_then(Value::as_array);
        for own in ours {
            let (own_name, own_path) = (text(own, "name"), text(own, "mountPath"));
            let is_exposed = matches!(&self.rendering.exposure, Exposure::Mount(at) if at == own_path);
            for mount in there.into_iter().flatten() {
                let path = text(mount, "mountPath").trim_end_matches('/');
                let is_within = |path: &str, folder: &str| {
                    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                if text(mount, "name") == own_name {
                    continue;
                }
                if is_exposed && (is_within(path, own_path) || is_within(own_path, path)) {
                    let there = format!("volume {} at {}", text(mount, "name"), text(mount, "mountPath"));
                    let (workload, container) = (self.workload.to_owned(), self.container.clone());
                    return Err(Error::Exposed { workload, container, there, own: own_path.to_owned() });
                }
                if is_within(path, own_path) {
                    return Err(Error::Occupied {
                        workload: self.workload.to_owned(),
                        container: self.container.clone(),
                        volume: text(mount, "name").to_owned(),
                        path: text(mount, "mountPath").to_owned(),
                        own: own_name.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Puts aptlet in front of the command, or takes it away.
    fn command(&self, container: &mut Map<String, Value>) -> Result<(), Error> {
        let words = |key: &str| container.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let (mut command, mut args) = (words("command"), words("args"));
        let first = command.first().and_then(Value::as_str);
        let is_ours = first.is_some_and(|word| word.ends_with("/.aptlet/aptlet"));
        let end = |words: &[Value]| words.iter().position(|word| word == "--");
        if is_ours {
            match (end(&command), end(&args)) {
                (Some(end), _) => drop(command.drain(..=end)),
                (None, Some(end)) => {
                    args.drain(..=end);
                    command = std::mem::take(&mut args);
                }
                (None, None) => {
                    let (workload, container) = (self.workload.to_owned(), self.container.clone());
                    return Err(Error::NoCommand { workload, container });
                }
            }
        }
        if self.rendering.mode == Mode::Entrypoint {
            let has_command = !command.is_empty() || is_ours && !args.is_empty();
            if !has_command && self.rendering.manifest.is_some() {
                let (workload, container) = (self.workload.to_owned(), self.container.clone());
                return Err(Error::NoCommand { workload, container });
            }
            let front = pieces::front(self.rendering).into_iter().map(Value::from);
            command = front.chain(command).collect();
        } else if !is_ours {
            return Ok(());
        } else if command.is_empty() {
            command = std::mem::take(&mut args);
        }
        container.insert("command".to_owned(), Value::Array(command));
        if container.contains_key("args") {
            if args.is_empty() {
                container.shift_remove("args");
            } else {
                container.insert("args".to_owned(), Value::Array(args));
            }
        }
        Ok(())
    }
}

/// Mounts what is ours, and takes away where it was mounted before.
pub(super) fn mount(mounts: &mut Vec<Value>, ours: &[Value]) {
    let is_same = |one: &Value, other: &Value| text(one, "mountPath") == text(other, "mountPath");
    mounts.retain(|there| {
        ![pieces::PACKAGES, pieces::CONFIG].contains(&text(there, "name"))
            || ours.iter().any(|own| is_same(own, there))
    });
    for own in ours {
        match mounts.iter_mut().find(|there| is_same(own, there)) {
            Some(there) => {
                let read_only = own.get("readOnly").cloned();
                for (key, value) in own.as_object().into_iter().flatten() {
                    there[key] = value.clone();
                }
                let is_part = |key: &str| key == "subPath" || key == "subPathExpr";
                let has_part = own.as_object().is_some_and(|own| own.keys().any(|key| is_part(key)));
                if let Some(there) = there.as_object_mut() {
                    // of which it may have one; the user's, where ours has none
                    there.retain(|key, _| !has_part || !is_part(key) || own.get(key).is_some());
                    if read_only.is_none() {
                        there.shift_remove("readOnly");
                    }
                }
            }
            None => mounts.push(own.clone()),
        }
    }
}
