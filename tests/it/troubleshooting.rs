//! What docs/reference/troubleshooting.md quotes is what aptlet says, and what aptlet says is there to be found.

use std::fs;
use std::path::Path;

use regex_lite::Regex;

/// A text with fewer letters of its own than this is a frame for others, such as `{url}: {problem}`: it could be
/// taken for anything.
const FRAME: usize = 10;

/// What is quoted and is no text of the source, and why.
const PUT_TOGETHER: [(&str, &str); 14] = [
    ("unexpected argument '--miror' found", "clap's"),
    ("invalid type: string \"x\", expected u64", "serde's"),
    ("Write '", "shorter than a frame"),
    (
        ", through the proxy http://proxy.example:3128 of http_proxy",
        "made of parts in fetch/error.rs and fetch/proxy.rs",
    ),
    ("cannot go on: ", "a frame, and a word of startup.rs"),
    ("It is in bookworm/main for i386", "made of parts in resolve/unknown.rs, whose own test has it"),
    (" MiB (209715200 bytes) free, but 91 packages need about", "made of parts in publish/space.rs"),
    (" MiB (524288000 bytes) free, but 91 packages need about", "made of parts in publish/space.rs"),
    ("680 inodes free, but 6 packages need at least 765 inodes", "made of parts in publish/space.rs"),
    ("Give the volume ", "made of parts in publish/space.rs"),
    ("Raise the quota, or ask for fewer packages.", "made of parts in publish/space.rs"),
    ("the quota on /p is used up, but 6 packages need about", "made of parts in publish/space.rs"),
    ("/p takes no more, although it says that it has", "made of parts in publish/space.rs"),
    ("Look for a quota, a thin volume or a server", "made of parts in publish/space.rs"),
];

/// A text of the source with what is filled in left open.
struct Said {
    text: String,
    whole: Regex,
    part: Regex,
}

impl Said {
    /// `literal` as it stands between the quotes; `None` for a frame.
    fn new(literal: &str) -> Option<Self> {
        let continued = Regex::new(r"\\\n\s*").unwrap().replace_all(literal, "");
        let text = continued.replace("\\\"", "\"").replace("\\\\", "\\").replace("\\n", "\n");
        let sealed = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
        let parts: Vec<String> =
            Regex::new(r"\{[^{}]*\}").unwrap().split(&sealed).map(str::to_owned).collect();
        let letters =
            parts.iter().flat_map(|part| part.chars()).filter(|letter| letter.is_alphabetic()).count();
        if letters < FRAME {
            return None;
        }
        let parts: Vec<String> = parts
            .iter()
            .map(|part| regex_lite::escape(&part.replace('\u{1}', "{").replace('\u{2}', "}")))
            .collect();
        let pattern = parts.join("(?s:.*?)");
        let regex = |pattern: &str| Regex::new(pattern).unwrap();
        Some(Self { whole: regex(&format!("(?i)^{pattern}$")), part: regex(&format!("(?i){pattern}")), text })
    }
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            // quotes that begin no text
            found.push(lines.collect::<Vec<_>>().join("\n").replace("'\"'", "''"));
        }
    }
}

fn read() -> (Vec<String>, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = Vec::new();
    sources(&root.join("src"), &mut code);
    (code, fs::read_to_string(root.join("docs/reference/troubleshooting.md")).unwrap())
}

const LITERAL: &str = r#""((?:[^"\\]|\\[\s\S])*)""#;

/// All texts of the source.
fn said(code: &[String]) -> Vec<Said> {
    let literal = Regex::new(LITERAL).unwrap();
    let mut literals: Vec<&str> = code
        .iter()
        .flat_map(|code| literal.captures_iter(code))
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    literals.sort_unstable();
    literals.dedup();
    literals.into_iter().filter_map(Said::new).collect()
}

/// The texts of all errors.
fn errors(code: &[String]) -> Vec<Said> {
    let error = Regex::new(&format!(r"#\[error\(\s*{LITERAL}")).unwrap();
    let found = code.iter().flat_map(|code| error.captures_iter(code));
    found.filter_map(|found| Said::new(found.get(1).unwrap().as_str())).collect()
}

/// The texts of all warnings.
fn warnings(code: &[String]) -> Vec<Said> {
    let warning = Regex::new(&format!(r#"warn!\([^";]*{LITERAL}"#)).unwrap();
    let found = code.iter().flat_map(|code| warning.captures_iter(code));
    let logged = found.filter_map(|found| Said::new(found.get(1).unwrap().as_str()));
    let shown = code.iter().filter_map(|code| code.split("impl fmt::Display for Warning {").nth(1)).flat_map(
        |rest| {
            let body = rest.split("\n}\n").next().unwrap().to_owned();
            let literals: Vec<Said> = Regex::new(LITERAL)
                .unwrap()
                .captures_iter(&body)
                .filter_map(|found| Said::new(found.get(1).unwrap().as_str()))
                .collect();
            literals
        },
    );
    logged.chain(shown).collect()
}

/// Whether the end of a message is all of one text; what is before it are places, names, and frames.
fn is_said(message: &str, said: &[Said]) -> bool {
    let message = Regex::new(r" \(\d+ tries\)").unwrap().replace_all(message, "").into_owned();
    let frame = Regex::new("(: |' |; )").unwrap();
    let starts = std::iter::once(0).chain(frame.find_iter(&message).map(|end| end.end()));
    let ends: Vec<&str> = starts.map(|start| &message[start..]).collect();
    said.iter().any(|said| ends.iter().any(|end| said.whole.is_match(end)))
}

#[test]
fn what_is_quoted_is_what_is_said() {
    let (code, document) = read();
    let said = said(&code);
    let mut quoted = 0;
    let mut unknown = Vec::new();
    for line in document.lines() {
        let line = line.trim_start();
        let Some(message) =
            ["error: ", "warning: ", "hint: "].iter().find_map(|word| line.strip_prefix(word))
        else {
            continue;
        };
        quoted += 1;
        // a hint is made a sentence, and may be made of several
        let mut parts: Vec<&str> = vec![message, message.trim_end_matches('.')];
        parts.extend(message.split(". "));
        let put_together = PUT_TOGETHER.iter().any(|(words, _)| message.contains(words));
        if !put_together && !parts.iter().any(|part| is_said(part, &said)) {
            unknown.push(message);
        }
    }
    assert!(quoted > 100, "only {quoted} messages found");
    assert!(unknown.is_empty(), "nothing in src/ says:\n{}", unknown.join("\n"));
    assert!(!is_said("the package jq is not nice enough", &said));
    assert!(!is_said("no packages are wanted", &said));
}

#[test]
fn every_error_and_warning_is_explained() {
    let (code, document) = read();
    let errors = errors(&code);
    let warnings = warnings(&code);
    assert!(errors.len() > 80 && warnings.len() > 15, "only {} and {}", errors.len(), warnings.len());
    let document = document.split_whitespace().collect::<Vec<_>>().join(" ");
    let unexplained = |said: &&Said| !said.part.is_match(&document);
    let missing: Vec<&str> =
        errors.iter().chain(&warnings).filter(unexplained).map(|said| said.text.as_str()).collect();
    assert!(missing.is_empty(), "docs/reference/troubleshooting.md does not have:\n{missing:#?}");
    assert!(unexplained(&&Said::new("no such message of anybody").unwrap()));
}
