//! What is changed in a container that gets the packages: its command, its PATH, its mounts.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::{child_of, list, name, text};
use super::{library_path, pieces};
use crate::config::{Mode, Rendering};

/// A change of one container.
pub(super) struct Patch<'a> {
    pub(super) rendering: &'a Rendering,
    pub(super) workload: &'a str,
    pub(super) container: String,
}

impl Patch<'_> {
    pub(super) fn container(&self, container: &mut Value) -> Result<(), Error> {
        let mounts = pieces::mounts(self.rendering);
        self.check_mounts(container, &mounts)?;
        let map = child_of(container).as_object_mut();
        let Some(map) = map else { return Ok(()) };
        self.command(map)?;
        self.path(map)?;
        library_path::settle(self.rendering, map, self.workload)?;
        mount(list(map, "volumeMounts"), &mounts);
        Ok(())
    }

    /// That nothing of the user's is where ours is to be, or in it.
    fn check_mounts(&self, container: &Value, ours: &[Value]) -> Result<(), Error> {
        let there = container.get("volumeMounts").and_then(Value::as_array);
        for own in ours {
            let (own_name, own_path) = (text(own, "name"), text(own, "mountPath"));
            for mount in there.into_iter().flatten() {
                let path = text(mount, "mountPath").trim_end_matches('/');
                let is_within =
                    path.strip_prefix(own_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                if is_within && text(mount, "name") != own_name {
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

    /// Puts the packages in front of PATH, and takes away where they were before. `aptlet run` does that by itself.
    fn path(&self, container: &mut Map<String, Value>) -> Result<(), Error> {
        let mounts = container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
        let mounts = mounts.filter(|mount| text(mount, "name") == pieces::PACKAGES);
        let before: Vec<String> = mounts.map(|mount| format!("{}/bin", text(mount, "mountPath"))).collect();
        let is_entrypoint = self.rendering.mode == Mode::Entrypoint;
        if is_entrypoint && !container.contains_key("env") {
            return Ok(());
        }
        let env = list(container, "env");
        // of several, Kubernetes takes the last
        let Some(index) = env.iter().rposition(|variable| name(variable) == "PATH") else {
            if !is_entrypoint {
                env.insert(0, json!({ "name": "PATH", "value": pieces::path(self.rendering, None) }));
            }
            return Ok(());
        };
        let there = &mut env[index];
        if there.get("valueFrom").is_some_and(|from| !from.is_null()) {
            if is_entrypoint {
                return Ok(());
            }
            let (workload, container) = (self.workload.to_owned(), self.container.clone());
            return Err(Error::PathFromElsewhere { workload, container });
        }
        let value = there.get("value").and_then(Value::as_str).unwrap_or_default();
        let own = format!("{}/bin", self.rendering.mount);
        let is_left =
            |part: &&str| before.iter().any(|before| before == part) && (is_entrypoint || *part != own);
        let parts: Vec<&str> = value.split(':').filter(|part| !is_left(part)).collect();
        let rest = parts.join(":");
        if !is_entrypoint {
            there["value"] = json!(pieces::path(self.rendering, Some(&rest)));
        } else if rest == pieces::USUAL_PATH && parts.len() < value.split(':').count() {
            // it was made for the packages
            env.remove(index);
        } else {
            there["value"] = json!(rest);
        }
        if env.is_empty() {
            container.shift_remove("env");
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
                if read_only.is_none() {
                    there.as_object_mut().and_then(|there| there.shift_remove("readOnly"));
                }
            }
            None => mounts.push(own.clone()),
        }
    }
}
