//! Variables of a main container by which the image's own programs find what the tree has: `LD_LIBRARY_PATH` to load its libraries,
//! and where packages are added while it runs, what compilers look for.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::{list, name, text};
use super::pieces;
use crate::config::{Mode, Rendering};

pub(super) const NAME: &str = "LD_LIBRARY_PATH";

/// Folders below the mount, by the variable that names them. What is not there is passed over by whoever reads these, so that
/// each architecture has its own.
const FOLDERS: [(&str, &[&str]); 4] = [
    (NAME, &["lib"]),
    ("LIBRARY_PATH", &["lib"]),
    ("CPATH", &["usr/include", "usr/include/x86_64-linux-gnu", "usr/include/aarch64-linux-gnu"]),
    (
        "PKG_CONFIG_PATH",
        &[
            "usr/lib/pkgconfig",
            "usr/lib/x86_64-linux-gnu/pkgconfig",
            "usr/lib/aarch64-linux-gnu/pkgconfig",
            "usr/share/pkgconfig",
        ],
    ),
];

/// Puts the folders behind those that the container names itself, or takes them away where nobody asks for them any more. It
/// must be called before mounts are changed, which tell where the packages were. `aptlet run` does it by itself.
///
/// # Errors
/// [`Error::LibrariesFromElsewhere`].
pub(super) fn settle(
    rendering: &Rendering,
    container: &mut Map<String, Value>,
    workload: &str,
) -> Result<(), Error> {
    for (variable, folders) in FOLDERS {
        let wanted = match rendering.mode {
            Mode::Live => true,
            Mode::Entrypoint => false,
            Mode::Init | Mode::Sidecar | Mode::Image => rendering.libraries && variable == NAME,
        };
        settle_one(rendering, container, workload, (variable, folders), wanted)?;
    }
    Ok(())
}

fn settle_one(
    rendering: &Rendering,
    container: &mut Map<String, Value>,
    workload: &str,
    (variable, folders): (&'static str, &[&str]),
    wanted: bool,
) -> Result<(), Error> {
    let below = |mount: &str| folders.iter().map(|folder| format!("{mount}/{folder}")).collect::<Vec<_>>();
    let own = below(&rendering.mount);
    if !wanted && !container.contains_key("env") {
        return Ok(());
    }
    let mounts = container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
    let mounts = mounts.filter(|mount| text(mount, "name") == pieces::PACKAGES);
    let before: Vec<String> = mounts.flat_map(|mount| below(text(mount, "mountPath"))).collect();
    let called = text(&Value::Object(container.clone()), "name").to_owned();
    let env = list(container, "env");
    // of several, Kubernetes takes the last
    match env.iter().rposition(|there| name(there) == variable) {
        None if wanted => env.push(json!({ "name": variable, "value": own.join(":") })),
        None => {}
        Some(index) => {
            let there = &mut env[index];
            if there.get("valueFrom").is_some_and(|from| !from.is_null()) {
                if !wanted {
                    return Ok(());
                }
                return Err(Error::LibrariesFromElsewhere {
                    variable,
                    workload: workload.to_owned(),
                    container: called,
                });
            }
            let value = there.get("value").and_then(Value::as_str).unwrap_or_default();
            let is_own = |part: &&str| own.iter().chain(&before).any(|own| own == part);
            let others: Vec<&str> =
                value.split(':').filter(|part| !is_own(part)).filter(|_| !value.is_empty()).collect();
            let is_ours = !value.is_empty() && others.len() < value.split(':').count();
            if wanted {
                let all = others.into_iter().chain(own.iter().map(String::as_str));
                there["value"] = json!(all.collect::<Vec<_>>().join(":"));
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
