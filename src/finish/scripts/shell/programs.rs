//! Programs of packages that register something: what each call of them would leave in the tree is left here, or is noted
//! in [`Registered`](super::world::Registered) for a step that sees all calls.

use super::files::Made;
use super::options::Options;
use super::state::Shell;
use super::value::{Run, Value, known};
use crate::deb::shell::Call;

/// Where Apache's configuration is, and what it remembers of it.
const APACHE: &str = "/etc/apache2";
const APACHE_STATE: &str = "/var/lib/apache2";

/// Modules that need modules that need …
const DEEPEST: usize = 8;

const ODBC_DRIVERS: &str = "/etc/odbcinst.ini";
const SHELLS: &str = "/etc/shells";

const PROGRAMS: [&str; 17] = [
    "update-alternatives",
    "a2enmod",
    "a2enconf",
    "a2ensite",
    "a2dismod",
    "a2disconf",
    "a2dissite",
    "a2query",
    "apache2_invoke",
    "apache2_switch_mpm",
    "phpenmod",
    "php_invoke",
    "phpquery",
    "odbcinst",
    "update-xmlcatalog",
    "update-catalog",
    "add-shell",
];

impl Shell<'_, '_> {
    /// Does what a program registers; whether it is one of these.
    pub(super) fn program(&mut self, name: &str, arguments: &[Value]) -> Run<bool> {
        if !PROGRAMS.contains(&name) {
            return Ok(false);
        }
        self.status = Some(0);
        if name == "update-alternatives" {
            self.alternative(arguments);
            return Ok(true);
        }
        let Some(words) = known(arguments) else {
            // a query, or the modules that are there already
            if !matches!(name, "a2query" | "phpquery" | "php_invoke") {
                self.miss();
            }
            self.print(None);
            self.status = None;
            return Ok(true);
        };
        if matches!(name, "a2query" | "phpquery") {
            self.query(name, &words)?;
            return Ok(true);
        }
        if !self.is_sure() {
            self.miss();
            self.status = None;
            return Ok(true);
        }
        let made = match name {
            "a2enmod" | "a2enconf" | "a2ensite" => self.enabled(&name[2..], &words)?,
            "apache2_invoke" => match &words[..] {
                [command, names @ ..] if command.starts_with("en") => {
                    self.enabled(command, names.get(..1).unwrap_or_default())?
                }
                _ => Made::Yes,
            },
            "apache2_switch_mpm" => self.switch_mpm(&words)?,
            "a2dismod" | "a2disconf" | "a2dissite" => self.disabled(&name[2..], &words)?,
            "phpenmod" | "php_invoke" => self.php(name, &words),
            "odbcinst" => self.odbc_driver(&words)?,
            "add-shell" => self.shells(&words)?,
            _ => {
                let words = words.iter().map(|word| (*word).to_owned()).collect();
                self.world.registered.catalogues.push((name.to_owned(), words));
                Made::Yes
            }
        };
        if made == Made::No {
            self.miss();
            self.status = None;
        }
        Ok(true)
    }

    fn alternative(&mut self, arguments: &[Value]) {
        let call = match known(arguments) {
            Some(words) if words.contains(&"--install") => {
                Call::Known(words.into_iter().map(str::to_owned).collect())
            }
            None if arguments.iter().flatten().any(|word| word == "--install") => {
                Call::Unknown(self.statement.clone())
            }
            _ => {
                self.print(None);
                self.status = None;
                return;
            }
        };
        self.world.registered.alternatives.push((self.package.to_owned(), call));
    }

    /// What of Apache's configuration is enabled; what PHP has is told by a later step.
    fn query(&mut self, name: &str, words: &[&str]) -> Run<()> {
        self.status = None;
        let options = Options::read(words, &[]);
        if name == "phpquery" {
            // the modules that are there are enabled for all, when all are known
            let is_list = options.has(&["M"]);
            self.print(if is_list { Some("") } else { None });
            self.status = if is_list { Some(0) } else { None };
            return Ok(());
        }
        let kind = ["m", "c", "s"].into_iter().find(|kind| options.has(&[kind]));
        let folder = match kind {
            Some("c") => "conf-enabled",
            Some("s") => "sites-enabled",
            _ => "mods-enabled",
        };
        let suffix = if folder == "mods-enabled" { ".load" } else { ".conf" };
        let names = self.world.files.names(&format!("{APACHE}/{folder}"))?;
        let enabled: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(suffix)).collect();
        if options.has(&["M"]) {
            let mpm = enabled.iter().find_map(|name| name.strip_prefix("mpm_"));
            self.status = Some(i32::from(mpm.is_none()));
            self.print(mpm.map(|mpm| format!("{mpm}\n")).as_deref().or(Some("")));
        } else if let [name] = options.names[..] {
            let found = enabled.contains(&name);
            self.status = Some(i32::from(!found));
            self.print(None);
        } else if kind.is_some() {
            let mut lines = String::new();
            for name in enabled {
                lines.push_str(name);
                lines.push_str(" (enabled by maintainer script)\n");
            }
            self.status = Some(0);
            self.print(Some(&lines));
        } else {
            self.print(None);
        }
        Ok(())
    }

    /// a2enmod(8), a2enconf(8), a2ensite(8).
    fn enabled(&mut self, command: &str, words: &[&str]) -> Run<Made> {
        let kind = match command {
            "enmod" => "mod",
            "enconf" => "conf",
            "ensite" => "site",
            _ => return Ok(Made::Yes),
        };
        for name in Options::read(words, &[]).names {
            if !self.enable(kind, name, 0)? {
                return Ok(Made::No);
            }
        }
        Ok(Made::Yes)
    }

    fn enable(&mut self, kind: &str, name: &str, depth: usize) -> Run<bool> {
        let name = name.trim_end_matches(".conf").trim_end_matches(".load");
        let plural = if kind == "conf" { "conf".to_owned() } else { format!("{kind}s") };
        let (available, enabled) =
            (format!("{APACHE}/{plural}-available"), format!("{APACHE}/{plural}-enabled"));
        let first = if kind == "mod" { ".load" } else { ".conf" };
        if name.is_empty() || name.contains('/') || depth > DEEPEST {
            return Ok(false);
        }
        let Some(text) = self.world.files.text(&format!("{available}/{name}{first}"))?.flatten() else {
            return Ok(false);
        };
        let listed = |key: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix('#')?.trim().strip_prefix(key));
            lines.flat_map(str::split_whitespace).map(str::to_owned).collect::<Vec<_>>()
        };
        let there = self.world.files.names(&enabled)?;
        if listed("Conflicts:").iter().any(|other| there.contains(&format!("{other}.load"))) {
            return Ok(true);
        }
        for needed in listed("Depends:") {
            if !there.contains(&format!("{needed}.load")) {
                self.enable("mod", &needed, depth + 1)?;
            }
        }
        for suffix in [first, ".conf"] {
            let target = format!("{available}/{name}{suffix}");
            if matches!(self.world.files.kind(&target)?, Some(Some(_))) {
                let link = format!("{enabled}/{name}{suffix}");
                self.world.files.link(&format!("../{plural}-available/{name}{suffix}"), &link, false)?;
            }
        }
        let kind = if kind == "mod" { "module" } else { kind };
        let state = format!("{APACHE_STATE}/{kind}/enabled_by_maint");
        self.world.files.folder(&state, 0o755)?;
        self.world.files.write(&format!("{state}/{name}"), b"", false)?;
        Ok(true)
    }

    fn disabled(&mut self, command: &str, words: &[&str]) -> Run<Made> {
        let plural = match command {
            "dismod" => "mods",
            "disconf" => "conf",
            _ => "sites",
        };
        for name in Options::read(words, &[]).names {
            for suffix in [".load", ".conf"] {
                self.world.files.remove(&format!("{APACHE}/{plural}-enabled/{name}{suffix}"))?;
            }
        }
        Ok(Made::Yes)
    }

    /// Another way for Apache to serve in parallel, in place of the one that is enabled.
    fn switch_mpm(&mut self, words: &[&str]) -> Run<Made> {
        let Some(wanted) = words.first().map(|name| name.trim_start_matches("mpm_")) else {
            return Ok(Made::No);
        };
        let names = self.world.files.names(&format!("{APACHE}/mods-enabled"))?;
        for name in names.iter().filter_map(|name| name.strip_suffix(".load")) {
            if name.starts_with("mpm_") && name != format!("mpm_{wanted}") {
                self.disabled("dismod", &[name])?;
            }
        }
        self.enabled("enmod", &[&format!("mpm_{wanted}")])
    }

    /// phpenmod(8), and the function that packages call it with.
    fn php(&mut self, name: &str, words: &[&str]) -> Made {
        let registered = &mut self.world.registered.php;
        if name == "php_invoke" {
            if let ["enmod", version, place, module] = words {
                registered.push(((*version).to_owned(), (*place).to_owned(), (*module).to_owned()));
            }
            return Made::Yes;
        }
        let options = Options::read(words, &["v", "s"]);
        let version = options.value(&["v"]).unwrap_or("ALL");
        let place = options.value(&["s"]).unwrap_or("ALL");
        for module in options.names {
            let module = module.split('/').next().unwrap_or_default();
            registered.push((version.to_owned(), place.to_owned(), module.to_owned()));
        }
        Made::Yes
    }

    /// `odbcinst -i -d -f FILE`: adds drivers to the list that unixODBC reads.
    fn odbc_driver(&mut self, words: &[&str]) -> Run<Made> {
        let options = Options::read(words, &["f", "n", "t"]);
        if !options.has(&["i"]) || !options.has(&["d"]) {
            return Ok(if options.has(&["u", "q", "j"]) { Made::Yes } else { Made::No });
        }
        let Some(template) = options.value(&["f"]).and_then(|path| self.path(path)) else {
            return Ok(Made::No);
        };
        let Some(template) = self.world.files.text(&template)?.flatten() else { return Ok(Made::No) };
        let mut list = self.world.files.text(ODBC_DRIVERS)?.flatten().unwrap_or_default();
        for section in sections(&template) {
            if !list.lines().any(|line| line == section.0) {
                list.push_str(&format!("{}\n{}UsageCount=1\n\n", section.0, section.1));
            }
        }
        self.world.files.write(ODBC_DRIVERS, list.as_bytes(), false)
    }

    /// add-shell(8).
    fn shells(&mut self, words: &[&str]) -> Run<Made> {
        let list = self.world.files.text(SHELLS)?.flatten();
        let Some(mut list) = list else { return Ok(Made::Yes) };
        for shell in words {
            if !list.lines().any(|line| line == *shell) {
                list.push_str(&format!("{shell}\n"));
            }
        }
        self.world.files.write(SHELLS, list.as_bytes(), false)
    }
}

/// The sections of an INI file, each with its head and its lines, those of one key once.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') && line.ends_with(']') {
            sections.push((line.to_owned(), String::new()));
        } else if let Some((_, lines)) = sections.last_mut()
            && let Some((key, value)) = line.split_once('=')
            && !key.starts_with(['#', ';'])
        {
            lines.push_str(&format!("{}={}\n", key.trim(), value.trim()));
        }
    }
    sections
}
