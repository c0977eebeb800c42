//! A source list, in the format that its name says.

use std::path::Path;

use super::source::Source;
use super::value::Variables;
use super::{deb822, one_line};
use crate::source::Error;

/// Parses the source list `text`, in the format that the name of `path` says.
pub fn parse_file(path: &Path, text: &str, vars: &Variables) -> Result<Vec<Source>, Error> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("sources") => deb822::parse(path, text, vars),
        Some("list") => one_line::parse(path, text, vars),
        _ => Err(Error::ListFormat { file: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_extension_decides_the_format() {
        let vars = Variables { architecture: "amd64".to_owned() };
        assert!(parse_file(Path::new("a.sources"), "", &vars).unwrap().is_empty());
        assert!(matches!(parse_file(Path::new("a.txt"), "", &vars), Err(Error::ListFormat { .. })));
    }
}
