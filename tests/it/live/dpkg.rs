//! `dpkg` and `dpkg-query`.

use std::fs;

use super::{Live, command};
use crate::support::stage::Run as _;

#[test]
fn what_is_installed_is_told_as_dpkg_tells_it() {
    let live =
        Live::with(&[command("tool", "1:1.0-2").field("Multi-Arch", "foreign"), command("other", "1.0")]);
    live.type_in("apt-get install -y tool other").succeeded();
    let said = live.type_in("dpkg -s tool").succeeded().stdout;
    assert!(said.starts_with("Package: tool\nStatus: install ok installed\n"), "{said}");
    let line = "ii  tool           1:1.0-2      amd64        tells of tool\n";
    let said = live.type_in("dpkg -l tool").succeeded().stdout;
    assert!(
        said.starts_with("Desired=Unknown/Install/Remove/Purge/Hold\n") && said.ends_with(line),
        "{said}"
    );
    let file = live.at("usr/bin/tool").display().to_string();
    assert!(live.type_in("dpkg -L tool").succeeded().stdout.lines().any(|line| line == file));
    let launcher = live.at("commands/tool").display().to_string();
    let bin = live.at("bin/tool").display().to_string();
    for asked in [file.as_str(), "/usr/bin/tool", "bin/tool", launcher.as_str(), bin.as_str()] {
        let said = live.type_in(&format!("dpkg -S {asked}")).succeeded().stdout;
        assert_eq!(said, format!("tool: {file}\n"), "{asked}");
    }
    let mut query = live.start("dpkg-query");
    query.args(["-W", "-f", "${Package} ${Version} ${db:Status-Status}\\n", "too*", "other"]);
    let said = query.run().succeeded().stdout;
    assert_eq!(said, "other 1.0 installed\ntool 1:1.0-2 installed\n");
    assert_eq!(live.type_in("dpkg --get-selections tool").succeeded().stdout, "tool\t\t\t\t\tinstall\n");
    for line in ["dpkg -s none", "dpkg -L none", "dpkg -S /no/such", "dpkg-query -W none", "dpkg -l none"] {
        let outcome = live.type_in(line);
        assert_eq!(outcome.code, Some(1), "{line}");
        assert!(outcome.stderr.starts_with("dpkg-query: "), "{line}: {}", outcome.stderr);
    }
    assert_eq!(live.type_in("dpkg --compare-versions 1.0 lt 1.1").code, Some(0));
    assert_eq!(live.type_in("dpkg --compare-versions 1.0 gt 1.1").code, Some(1));
    assert_eq!(live.type_in("dpkg --no-such").code, Some(2));
}

#[test]
fn package_files_are_read_and_installed() {
    let live = Live::with(&[command("needed", "1.0")]);
    let tmp = live.stage.sandbox.path("tmp");
    let deb = command("own", "2.0").field("Depends", "needed").symlink("usr/bin/alias", "own");
    fs::write(tmp.join("own.deb"), deb.build()).unwrap();
    let said = live.type_in("dpkg -I own.deb").succeeded().stdout;
    assert!(said.contains("\n Package: own\n"), "{said}");
    assert_eq!(live.type_in("dpkg -f own.deb Version").succeeded().stdout, "2.0\n");
    let said = live.type_in("dpkg -c own.deb").succeeded().stdout;
    assert!(said.contains("-rwxr-xr-x root/root") && said.contains("./usr/bin/alias -> own\n"), "{said}");
    live.type_in("dpkg -x own.deb out").succeeded();
    assert!(tmp.join("out/usr/bin/own").is_file() && tmp.join("out/usr/bin/alias").is_symlink());
    live.type_in("dpkg -i own.deb").succeeded();
    assert_eq!(live.stage.installed(), ["needed 1.0", "own 2.0"]);
    live.type_in("dpkg -r own").succeeded();
    assert_eq!(live.stage.installed(), ["needed 1.0"]);
    live.type_in("apt-get download needed").succeeded();
    assert!(tmp.join("needed_1.0_amd64.deb").is_file());
    // what leads out of the folder is not followed
    let evil = command("evil", "1.0")
        .raw_tar_entry(crate::support::deb::TarEntry::new("../escaped", tar::EntryType::Regular));
    fs::write(tmp.join("evil.deb"), evil.build()).unwrap();
    live.type_in("dpkg -x evil.deb out");
    assert!(!tmp.join("escaped").exists());
}

#[test]
fn a_dpkg_of_the_tree_is_itself() {
    let live = Live::with(&[command("dpkg", "1.22")]);
    live.type_in("apt-get install -y dpkg").succeeded();
    let own = std::process::Command::new(live.at("bin/dpkg")).output().unwrap();
    assert_eq!(String::from_utf8(own.stdout).unwrap(), "dpkg 1.22\n");
    let said = live.type_in("dpkg --print-architecture").succeeded().stdout;
    assert_eq!(said.lines().count(), 1, "{said}");
}
