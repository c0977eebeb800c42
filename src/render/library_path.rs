//! `LD_LIBRARY_PATH` of a main container, by which the image's own programs load the tree's libraries.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::{list, name, text};
use super::pieces;
use crate::config::{Mode, Rendering};

pub(super) const NAME: &str = "LD_LIBRARY_PATH";

/// Puts the folder of libraries behind those that the container names itself, or takes it away where nobody asks for it
/// any more. It must be called before mounts are changed, which tell where the packages were. `aptlet run` does it by itself.
///
/// # Errors
/// [`Error::LibrariesFromElsewhere`].
pub(super) fn settle(
    rendering: &Rendering,
    container: &mut Map<String, Value>,
    workload: &str,
) -> Result<(), Error> {
    let own = format!("{}/lib", rendering.mount);
    let wanted = rendering.libraries && rendering.mode != Mode::Entrypoint;
    if !wanted && !container.contains_key("env") {
        return Ok(());
    }
    let mounts = container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
    let mounts = mounts.filter(|mount| text(mount, "name") == pieces::PACKAGES);
    let before: Vec<String> = mounts.map(|mount| format!("{}/lib", text(mount, "mountPath"))).collect();
    let called = text(&Value::Object(container.clone()), "name").to_owned();
    let env = list(container, "env");
    // of several, Kubernetes takes the last
    match env.iter().rposition(|variable| name(variable) == NAME) {
        None if wanted => env.push(json!({ "name": NAME, "value": own })),
        None => {}
        Some(index) => {
            let there = &mut env[index];
            if there.get("valueFrom").is_some_and(|from| !from.is_null()) {
                if !wanted {
                    return Ok(());
                }
                return Err(Error::LibrariesFromElsewhere {
                    workload: workload.to_owned(),
                    container: called,
                });
            }
            let value = there.get("value").and_then(Value::as_str).unwrap_or_default();
            let others =
                value.split(':').filter(|part| *part != own && !before.iter().any(|before| before == part));
            let others: Vec<&str> = others.filter(|_| !value.is_empty()).collect();
            let is_ours = !value.is_empty() && others.len() < value.split(':').count();
            if wanted {
                there["value"] =
                    json!(others.into_iter().chain([own.as_str()]).collect::<Vec<_>>().join(":"));
            } else if is_ours && others.is_empty() {
                env.remove(index);
            } else if is_ours {
                there["value"] = json!(others.join(":"));
            }
        }
    }
    if env.is_empty() {
        container.shift_remove("env");
    }
    Ok(())
}
