//! The deb822 format of sources.list(5), `*.sources`; syntax as in deb822(5).

use std::path::Path;

use super::options::{Format, SourceOptions, boolean};
use super::source::Source;
use super::value::{File, Place, Value, Variables, Word};
use crate::source::Error;

const CONTINUES_NOTHING: &str = "a continuation line without a field before it is passed over";
const OWN_FIELDS: &[&str] = &["Types", "URIs", "Suites", "Components", "Enabled"];

pub(super) fn parse(path: &Path, text: &str, vars: &Variables) -> Result<Vec<Source>, Error> {
    let file = File { path, vars };
    let mut sources = Vec::new();
    for stanza in stanzas(file, text)? {
        sources.extend(stanza.sources(file)?);
    }
    Ok(sources)
}

struct Field {
    name: Word,
    value: Value,
}

#[derive(Default)]
struct Stanza {
    fields: Vec<Field>,
}

fn stanzas(file: File<'_>, text: &str) -> Result<Vec<Stanza>, Error> {
    let mut stanzas = vec![Stanza::default()];
    for (number, line) in (1..).zip(text.lines()) {
        let last = stanzas.len() - 1;
        let fields = &mut stanzas[last].fields;
        let word = |text: &str, column| Word { text: text.to_owned(), place: Place { line: number, column } };
        if line.starts_with('#') {
            continue;
        }
        if line.is_empty() {
            if !fields.is_empty() {
                stanzas.push(Stanza::default());
            }
        } else if line.starts_with([' ', '\t', '\r']) {
            // a line of white space alone, too: as apt has it, it ends no stanza
            match fields.last_mut() {
                Some(field) => field.value.lines.push(word(line, 1)),
                None if line.trim().is_empty() => {}
                None => file.warn(Place { line: number, column: 1 }, CONTINUES_NOTHING),
            }
        } else {
            let place = Place { line: number, column: 1 };
            let Some((spaced, value)) = line.split_once(':') else {
                return Err(
                    file.error(place, format!("'{}' is not a field: it has no colon", line.trim_end()))
                );
            };
            let name = spaced.trim_end();
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(file.error(place, format!("'{name}' is not the name of a field")));
            }
            if let Some(first) = fields.iter().position(|field| field.name.text.eq_ignore_ascii_case(name)) {
                // apt knows the last one
                let first = fields.remove(first).name.place.line;
                file.warn(
                    place,
                    format_args!("{name} is already given on line {first}, which has no effect"),
                );
            }
            let column = spaced.chars().count() + 2;
            fields.push(Field { name: word(name, 1), value: Value { lines: vec![word(value, column)] } });
        }
    }
    stanzas.retain(|stanza| !stanza.fields.is_empty());
    Ok(stanzas)
}

impl Stanza {
    fn place(&self) -> Place {
        self.fields.first().map_or(Place { line: 1, column: 1 }, |field| field.name.place)
    }

    fn words(&self, name: &str) -> Vec<Word> {
        self.fields
            .iter()
            .find(|field| field.name.text.eq_ignore_ascii_case(name))
            .map(|field| field.value.words())
            .unwrap_or_default()
    }

    fn required(&self, file: File<'_>, name: &str) -> Result<Vec<Word>, Error> {
        let words = self.words(name);
        if words.is_empty() {
            Err(file.error(self.place(), format!("this stanza has no {name}")))
        } else {
            Ok(words)
        }
    }

    /// Whether it is switched on, which it is by anything but a word for no.
    fn is_enabled(&self, file: File<'_>) -> bool {
        let field = self.fields.iter().find(|field| field.name.text.eq_ignore_ascii_case("Enabled"));
        let Some(field) = field else { return true };
        let words = field.value.words();
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let text = text.join(" ");
        boolean(&text).unwrap_or_else(|| {
            file.warn(field.value.place(), format_args!("Enabled is '{text}', which apt takes for yes"));
            true
        })
    }

    /// One source per suite; none if the stanza is switched off.
    fn sources(&self, file: File<'_>) -> Result<Vec<Source>, Error> {
        if !self.is_enabled(file) {
            return Ok(Vec::new());
        }
        let mut options = SourceOptions::default();
        for field in &self.fields {
            let is = |name: &str| field.name.text.eq_ignore_ascii_case(name);
            let private = field.name.text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
            if !private && !OWN_FIELDS.iter().any(|name| is(name)) {
                options.set(file, Format::Deb822, &field.name, &field.value, OWN_FIELDS)?;
            }
        }
        let mut binary = false;
        for word in self.required(file, "Types")? {
            match word.text.as_str() {
                "deb" => binary = true,
                "deb-src" => {}
                _ => return Err(file.unknown(&word, "type", ["deb", "deb-src"])),
            }
        }
        let uris =
            self.required(file, "URIs")?.iter().map(|word| file.uri(word)).collect::<Result<Vec<_>, _>>()?;
        let suites = self.required(file, "Suites")?;
        let component_words = self.words("Components");
        let components =
            component_words.iter().map(|word| file.component(word)).collect::<Result<Vec<_>, _>>()?;
        let only = options.only(file, self.place())?;
        let mut sources = Vec::new();
        for word in &suites {
            file.check_components(word, &component_words)?;
            let suite = file.suite(word)?;
            let source = options.source(file, self.place().line, uris.clone(), suite, components.clone());
            sources.push(Source { binary, only: only.clone(), ..source });
        }
        if options.excludes_all(&file.vars.architecture) {
            sources.clear();
        }
        Ok(sources)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::source::index::Only;
    use crate::source::list::{ByHash, SignedBy};

    fn parse(text: &str) -> Result<Vec<Source>, Error> {
        let vars = Variables { architecture: "arm64".to_owned() };
        super::parse(Path::new("/etc/aptlet/debian.sources"), text, &vars)
    }

    const PLAIN: &str = "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n";

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_stanza_gives_one_source_per_suite() {
        let text = "# Debian\n\ntypes: deb deb-src\nURIs: http://mirror.example/debian/\n  https://ftp.debian.org/debian\n\
            Suites: trixie\n# not yet: trixie-backports\n trixie-updates\nComponents: main\tcontrib\n\
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\nX-Repolib-Name: Debian\n\n \n\
            Types: deb\nURIs: http://mirror.example/$(ARCH)\nSuites: ./\n";
        let sources = parse(text).unwrap();
        assert_eq!(sources.len(), 3);
        let first = &sources[0];
        assert_eq!((first.suite.as_str(), first.origin.line, first.uris.len()), ("trixie", 3, 2));
        assert_eq!(first.components, ["main", "contrib"]);
        assert_eq!(first.architectures, [""; 0]);
        let keyring = PathBuf::from("/usr/share/keyrings/debian-archive-keyring.gpg");
        assert_eq!(
            first.signed_by,
            Some(SignedBy::Named { keyrings: vec![keyring], fingerprints: Vec::new() })
        );
        assert!(first.check_date && first.check_valid_until && first.trusted.is_none());
        assert_eq!((first.date_max_future, first.by_hash), (10, ByHash::Yes));
        assert_eq!(sources[1].suite, "trixie-updates");
        assert_eq!(sources[2].uris[0].as_str(), "http://mirror.example/arm64");
        assert!(sources[2].is_flat() && sources[2].origin.line == 14);
    }

    #[test]
    fn options_are_understood() {
        let text = format!(
            "{PLAIN}Architectures: amd64 i386\nArchitectures-Add: armhf\nArchitectures-Remove: i386\nTrusted: yes\n\
             Check-Valid-Until: no\nValid-Until-Max: 3600\nValid-Until-Min: 60\nCheck-Date: off\nDate-Max-Future: 5\n\
             By-Hash: force\nAllow-Insecure: true\nLanguages: none\nTargets-Remove: Contents-deb\nPDiffs: no\n\
             InRelease-Path: signed/InRelease\nSnapshot: no\nLanguages-Add:\nInclude: a b,c\n"
        );
        let source = parse(&text).unwrap().remove(0);
        assert_eq!(source.architectures, ["amd64", "armhf"]);
        assert_eq!(source.trusted, Some(true));
        assert!(!source.check_valid_until && !source.check_date && source.allow_insecure);
        assert_eq!((source.valid_until_max, source.valid_until_min), (Some(3600), Some(60)));
        assert_eq!((source.date_max_future, source.by_hash), (5, ByHash::Force));
        assert_eq!(source.inrelease_path.as_deref(), Some("signed/InRelease"));
        assert_eq!(source.snapshot, None);
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(source.only, Only::Of(Arc::new(names.into())));
        let source = parse(&format!("{PLAIN}Snapshot: 20250101T000000Z\nExclude: a\n")).unwrap().remove(0);
        assert_eq!(source.snapshot.as_deref(), Some("20250101T000000Z"));
        assert_eq!(source.only, Only::AllBut(Arc::new(["a".to_owned()].into())));
    }

    #[test]
    fn what_apt_passes_over_is_passed_over() {
        for odd in [
            "Architectrues: amd64\n",
            "Description: of it\nRepolib-Name: x\n",
            "Enabled: maybe\n",
            "Enabled:\n",
            "Languages:\n",
            "By-Hash:\n",
            "By-Hash: perhaps\n",
            "Include:\n",
        ] {
            let sources = parse(&format!("{PLAIN}{odd}")).unwrap();
            assert_eq!(sources, parse(PLAIN).unwrap(), "{odd}");
        }
        let spaced = PLAIN.replace("Suites:", "Suites :");
        assert_eq!(parse(&spaced).unwrap(), parse(PLAIN).unwrap());
        assert_eq!(parse(&format!(" # continued\n{PLAIN}")).unwrap()[0].suite, "trixie");
        // white space ends no stanza, so these are one, and of each field the last one counts
        let one = format!("{PLAIN} \n{}", PLAIN.replace("trixie", "sid"));
        let suites: Vec<String> = parse(&one).unwrap().into_iter().map(|source| source.suite).collect();
        assert_eq!(suites, ["sid"]);
        assert_eq!(parse(&one.replace(" \n", "\r\n")).unwrap().len(), 2);
        let twice =
            parse(&format!("Suites: sid\nsuites: forky\n{PLAIN}Enabled: no\nenabled: yes\n")).unwrap();
        assert_eq!(twice[0].suite, "trixie", "the last one counts");
        for uri in ["ftp://h/d", "cdrom:[x]/", "tor+http://h/d", "s3://b/d", "mirror+file:/etc/mirrors"] {
            let text = PLAIN.replace("http://mirror.example/debian", uri);
            assert_eq!(parse(&text).unwrap()[0].uris[0].as_str(), uri);
        }
    }

    #[test]
    fn disabled_stanzas_and_source_packages_give_nothing() {
        assert!(parse(&format!("Enabled: no\n{PLAIN}")).unwrap().is_empty());
        assert!(parse(&format!("{PLAIN}Architectures-Remove: arm64\n")).unwrap().is_empty());
        assert!(parse(&format!("{PLAIN}Architectures:\n")).unwrap().is_empty());
        assert!(!parse(&PLAIN.replace("Types: deb", "Types: deb-src")).unwrap()[0].binary);
        assert_eq!(parse(&format!("Enabled: yes\n{PLAIN}")).unwrap().len(), 1);
    }

    #[test]
    fn signed_by_takes_paths_fingerprints_or_the_key_itself() {
        let print = "04b54c3cdca79751b16bc6b5225629df75b188bd";
        let source = parse(&format!("{PLAIN}Signed-By: ours.asc, {print}!\n /k/a.gpg\n")).unwrap().remove(0);
        let keyrings = vec![PathBuf::from("/etc/aptlet/ours.asc"), PathBuf::from("/k/a.gpg")];
        let fingerprints = vec![format!("{}!", print.to_uppercase())];
        assert_eq!(source.signed_by, Some(SignedBy::Named { keyrings, fingerprints }));

        let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n";
        let field = key.lines().map(|line| format!(" {}\n", if line.is_empty() { "." } else { line }));
        let text = format!("{PLAIN}Signed-By:\n{}Trusted: no\n", field.collect::<String>());
        let source = parse(&text).unwrap().remove(0);
        assert_eq!(source.signed_by, Some(SignedBy::Inline(key.to_owned())));

        assert!(
            refused(&format!("{PLAIN}Signed-By: ABCD1234\n"))
                .contains("debian.sources:5:12: 'ABCD1234' is neither")
        );
    }

    #[test]
    fn every_error_names_its_place() {
        let cases = [
            (PLAIN.replace("deb\n", "dbe\n"), "1:8: unknown type 'dbe'; the nearest known one is 'deb'"),
            (
                PLAIN.replace("http://mirror.example/debian", "mirror.example"),
                "2:7: 'mirror.example' is not a URI",
            ),
            (PLAIN.replace("Components: main\n", ""), "3:9: suite 'trixie' has no component"),
            (PLAIN.replace("trixie", "./"), "4:13: suite './' is an exact path"),
            (PLAIN.replace("trixie", "a/../../b"), "3:9: suite 'a/../../b' must not contain '..'"),
            (PLAIN.replace("Suites: trixie\n", ""), "1:1: this stanza has no Suites"),
            (format!("{PLAIN}Trusted: maybe\n"), "5:10: Trusted must be yes or no"),
            (format!("{PLAIN}Trusted: yes no\n"), "5:14: Trusted takes one word"),
            (format!("{PLAIN}Valid-Until-Max: 7d\n"), "5:18: Valid-Until-Max must be a number of seconds"),
            (format!("{PLAIN}Snapshot: a/b\n"), "5:11: 'a/b' names no snapshot"),
            (format!("{PLAIN}Include: a\nExclude: b\n"), "1:1: it has both Include and Exclude"),
            (format!("{PLAIN}Signed-By:\n"), "5:1: Signed-By has no value"),
            (format!("{PLAIN}Trusted:\n"), "5:1: Trusted has no value"),
            (format!("{PLAIN}nonsense\n"), "5:1: 'nonsense' is not a field"),
        ];
        for (text, expected) in cases {
            let message = refused(&text);
            assert!(message.starts_with(&format!("/etc/aptlet/debian.sources:{expected}")), "{message}");
        }
    }
}
