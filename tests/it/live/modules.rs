//! Modules of packages for an interpreter that only the image has.

use std::fs;

use super::{Live, command};
use crate::support::deb::DebBuilder;
use crate::support::have;
use crate::support::stage::{Run as _, Stage};

const STATUS: &str =
    "Package: perl-base\nStatus: install ok installed\nVersion: 5.36.0\nArchitecture: amd64\n\n";

#[test]
fn the_images_perl_finds_modules_of_packages() {
    if !have("perl") {
        return;
    }
    let live = Live { stage: Stage::new() };
    let module = "package Told;\nsub told { 'told' }\n1;\n";
    live.publish(&[
        DebBuilder::new("libtold-perl", "1.0").field("Depends", "perl-base").file(
            "usr/share/perl5/Told.pm",
            0o644,
            module,
        ),
        DebBuilder::new("teller", "1.0").field("Depends", "libtold-perl").file(
            "usr/bin/teller",
            0o755,
            "#!/usr/bin/perl\nuse Told;\nprint Told::told(), \"\\n\";\n",
        ),
        command("other", "1.0"),
    ]);
    let status = live.stage.sandbox.path("status");
    fs::write(&status, STATUS).unwrap();
    live.stage.at_mirror("live").arg("--base").arg(&status).run().succeeded();
    live.type_in("apt-get install -y other").succeeded();
    assert!(!live.at("commands/perl").exists(), "there are no modules that it would have to find");
    live.type_in("apt-get install -y teller").succeeded();
    assert_eq!(live.stage.installed(), ["libtold-perl 1.0", "other 1.0", "teller 1.0"]);
    assert_eq!(live.type_in("teller").succeeded().stdout, "told\n");
    let said = live.start("perl").args(["-MTold", "-e", "print Told::told(), $0"]).run().succeeded().stdout;
    assert_eq!(said, "told-e");
    live.type_in("apt-get remove -y libtold-perl").succeeded();
    assert!(!live.at("commands/perl").exists());
}
