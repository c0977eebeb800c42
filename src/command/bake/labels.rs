//! What is said of an image, and what its processes get.

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::lock;
use crate::plan::Plan;
use crate::process::DEFAULT_PATH;
use crate::wording::counted;

/// Packages that the title names.
const MOST_NAMED: usize = 5;

/// Where processes of the image find commands: of a relocated tree last, since who has it may have mounted it anywhere.
pub(super) fn path(prefix: &str, of_base: Option<String>) -> String {
    let path = of_base.unwrap_or_else(|| DEFAULT_PATH.to_owned());
    if prefix == "/" { path } else { format!("{path}:{prefix}/bin") }
}

/// What is said of an image.
pub(super) fn labels(settings: &Settings, plan: &Plan, created: &str) -> BTreeMap<String, String> {
    let asked: Vec<&str> = plan.basis.packages.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = match plan.basis.packages.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = format!("{}{more}", asked.join(", "));
    let place = match settings.prefix.as_str() {
        "/" => "a root file system".to_owned(),
        prefix => format!("to be mounted at {prefix}"),
    };
    let image = |name: &str| format!("org.opencontainers.image.{name}");
    BTreeMap::from([
        (image("created"), created.to_owned()),
        (image("description"), format!("{} of Debian, {place}", counted(plan.packages.len(), "package"))),
        (image("title"), title),
        ("aptlet/prefix".to_owned(), settings.prefix.clone()),
        ("aptlet/plan".to_owned(), lock::digest(plan).to_string()),
    ])
}
