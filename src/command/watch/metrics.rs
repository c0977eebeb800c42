//! The health as metrics, in the text-based exposition format 0.0.4 of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{Display, Write as _};

use jiff::Timestamp;

use super::health::Health;

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics. `resident` is the memory of the process in bytes, where that is known.
pub(super) fn render(health: &Health, resident: Option<u64>) -> String {
    let mut text = Text::default();
    let now = |time: Option<Timestamp>| time.map_or(0.0, seconds);
    text.family("aptlet_build_info", "gauge", "The aptlet that runs.");
    text.labelled("aptlet_build_info", "version", env!("CARGO_PKG_VERSION"), 1);
    text.single("aptlet_ready", "gauge", "Whether there is something to use.", u8::from(health.is_ready()));
    text.family("aptlet_generation_info", "gauge", "The current generation.");
    let mut packages = 0;
    if let Some(generation) = &health.generation {
        text.labelled("aptlet_generation_info", "generation", &generation.id, 1);
        packages = generation.packages.unwrap_or(0);
    }
    text.single("aptlet_packages", "gauge", "Packages in the current generation.", packages);
    let name = "aptlet_last_success_timestamp_seconds";
    text.single(name, "gauge", "When an install last succeeded, 0 for never.", now(health.last_success));
    let name = "aptlet_last_reconcile_timestamp_seconds";
    text.single(name, "gauge", "When an install last ended, 0 for never.", now(health.last_end));
    let succeeded = u8::from(health.last_end.is_some() && !health.has_failed());
    text.single("aptlet_last_reconcile_success", "gauge", "Whether the last install succeeded.", succeeded);
    text.single("aptlet_reconciling", "gauge", "Whether an install is under way.", u8::from(health.working));

    let name = "aptlet_reconciles_total";
    text.family(name, "counter", "Installs that have ended, by result.");
    let failed: u64 = health.failed.values().sum();
    for (result, count) in
        [("installed", health.installed), ("unchanged", health.unchanged), ("failed", failed)]
    {
        text.labelled(name, "result", result, count);
    }
    let name = "aptlet_reconcile_failures_total";
    text.family(name, "counter", "Installs that failed, by class of the exit codes.");
    for (class, count) in &health.failed {
        text.labelled(name, "class", &class.to_string(), count);
    }
    let name = "aptlet_settings_changes_total";
    text.single(name, "counter", "Changes of the settings that were noticed.", health.changes);
    let name = "aptlet_reconcile_seconds_total";
    text.single(name, "counter", "Time spent on installs that succeeded.", health.seconds);
    let name = "aptlet_package_bytes_total";
    text.single(name, "counter", "Bytes of the packages of installs that made a generation.", health.bytes);
    let name = "aptlet_last_change_packages";
    text.family(
        name,
        "gauge",
        "Packages that the last change of the generation added, removed and replaced by others.",
    );
    for (change, count) in ["added", "removed", "changed"].into_iter().zip(health.changes_of_packages) {
        text.labelled(name, "change", change, count);
    }
    let name = "aptlet_phase_seconds";
    text.family(name, "gauge", "Time of each phase of the last install that made a generation.");
    for (phase, seconds) in &health.stops {
        text.labelled(name, "phase", phase, seconds);
    }
    let name = "process_start_time_seconds";
    text.single(name, "gauge", "When the process was started.", seconds(health.started));
    if let Some(resident) = resident {
        let name = "process_resident_memory_bytes";
        text.single(name, "gauge", "Resident memory of the process, without that of an install.", resident);
    }
    text.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "to the millisecond it is exact for longer than anything runs"
)]
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn labelled(&mut self, name: &str, label: &str, says: &str, value: impl Display) {
        let says = says.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = writeln!(self.0, "{name}{{{label}=\"{says}\"}} {value}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::command::watch::child::Failure;
    use crate::error::Class;

    #[test]
    fn every_sample_has_its_family_and_a_number() {
        let health = Health::of(Path::new("/nowhere"));
        let text = health.with(|health| {
            let failure = Failure {
                class: Class::NotTrusted,
                message: "\"no\"\n".to_owned(),
                hint: None,
                untold: false,
            };
            health.record(Err(failure), None);
            health.stops.insert("fetch".to_owned(), 0.25);
            health.changes_of_packages = [2, 1, 3];
            render(health, Some(1))
        });
        let mut families = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# ") {
                let (word, rest) = rest.split_once(' ').unwrap();
                let (name, says) = rest.split_once(' ').unwrap();
                assert_eq!(word == "HELP", families.insert(name.to_owned()), "{line}");
                assert!(word == "HELP" || matches!(says, "gauge" | "counter"), "{line}");
                assert!(word == "HELP" || (says == "counter") == name.ends_with("_total"), "{line}");
            } else {
                let (name, value) = line.rsplit_once(' ').unwrap();
                assert!(families.contains(name.split('{').next().unwrap()), "{line}");
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
        for line in [
            "aptlet_ready 0",
            "aptlet_reconciles_total{result=\"failed\"} 1",
            "aptlet_reconcile_failures_total{class=\"not-trusted\"} 1",
            "aptlet_reconcile_failures_total{class=\"mirror\"} 0",
            "aptlet_last_change_packages{change=\"added\"} 2",
            "aptlet_last_change_packages{change=\"changed\"} 3",
            "aptlet_phase_seconds{phase=\"fetch\"} 0.25",
            "aptlet_last_success_timestamp_seconds 0",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn what_a_label_says_is_escaped() {
        let mut text = Text::default();
        text.labelled("x", "y", "a\"b\\c\nd", 1);
        assert_eq!(text.0, "x{y=\"a\\\"b\\\\c\\nd\"} 1\n");
    }
}
