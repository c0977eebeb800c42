//! Package URLs of Debian packages (<https://github.com/package-url/purl-spec>), with what scanners match advisories by: the
//! distribution and the source package.

use packageurl::PackageUrl;

use super::bill::{Bill, Component};

/// The package URL of a component.
pub(super) fn purl(bill: &Bill, component: &Component) -> String {
    // `debian:12`
    let release = bill.release.map(|release| release.to_string());
    let (distribution, _) =
        release.as_deref().and_then(|release| release.split_once(':')).unwrap_or(("debian", ""));
    let (source, version) = &component.source;
    let upstream = match (*source == component.name, *version == component.version) {
        (true, true) => None,
        (_, true) => Some(source.clone()),
        (_, false) => Some(format!("{source}@{version}")),
    };
    let qualifiers = [
        ("arch", Some(component.architecture.clone())),
        ("distro", release.as_deref().map(|release| release.replace(':', "-"))),
        ("upstream", upstream),
    ];
    let made = || -> Result<String, packageurl::Error> {
        let mut purl = PackageUrl::new("deb", component.name.as_str())?;
        purl.with_namespace(distribution)?.with_version(component.version.as_str())?;
        for (name, value) in qualifiers {
            if let Some(value) = value {
                purl.add_qualifier(name, value)?;
            }
        }
        Ok(purl.to_string())
    };
    // no name of a package is refused
    made().unwrap_or_else(|_| format!("pkg:deb/{distribution}/{}", component.name))
}
