//! Follows one script from its beginning to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::parse;
use super::state::{Followed, MOST_STEPS, Shell};
use super::value::Run;
use super::world::World;
use crate::finish::maintainer_script::Script;
use crate::finish::scripts::remaining::shorten;

/// Follows a script as dpkg calls it at a first installation.
pub(in crate::finish::scripts) fn follow(
    world: &mut World<'_>,
    package: &str,
    script: Script,
    text: &str,
) -> Run<Followed> {
    let read = parse(text);
    let mut shell = shell(world, package, script);
    shell.list(&read.list)?;
    if shell.steps > MOST_STEPS {
        shell.followed.lines.push("a loop that does not end".to_owned());
    }
    let mut followed = shell.followed;
    followed.whole = read.unread.is_none();
    followed.lines.extend(read.unread.map(|line| shorten(&format!("what cannot be read: {line}"))));
    let mut seen = BTreeSet::new();
    followed.lines.retain(|line| seen.insert(line.clone()));
    Ok(followed)
}

/// Follows a package's config script, which sets answers of debconf (debconf-devel(7)) and changes nothing else.
pub(in crate::finish::scripts) fn configure(world: &mut World<'_>, package: &str, text: &str) -> Run<()> {
    let read = parse(text);
    let mut shell = shell(world, package, Script::Postinst);
    shell.reading = 1;
    shell.list(&read.list)?;
    Ok(())
}

/// A shell at the beginning of a script.
fn shell<'a, 'b>(world: &'b mut World<'a>, package: &'b str, script: Script) -> Shell<'a, 'b> {
    let architecture = world.packages.get(package).map_or("all", |(_, architecture)| architecture).to_owned();
    let variables = [
        ("DPKG_ROOT", ""),
        ("DPKG_MAINTSCRIPT_NAME", script.name()),
        ("DPKG_MAINTSCRIPT_PACKAGE", package),
        ("DPKG_MAINTSCRIPT_ARCH", &architecture),
        ("DPKG_ADMINDIR", "/var/lib/dpkg"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("DEBIAN_HAS_FRONTEND", "1"),
        ("HOME", "/root"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ];
    Shell {
        world,
        package,
        script,
        variables: variables.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).into(),
        functions: BTreeMap::new(),
        arguments: vec![Some(script.action().to_owned()), Some(String::new())],
        folder: Some("/".to_owned()),
        outputs: Vec::new(),
        input: Some(String::new()),
        status: Some(0),
        substituted: false,
        doubts: 0,
        locals: Vec::new(),
        statement: String::new(),
        nested: 0,
        nested_missed: false,
        reading: 0,
        steps: 0,
        calls: 0,
        followed: Followed::default(),
    }
}
