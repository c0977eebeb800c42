//! What the definition of the command line is printed as, besides its help.

use clap_complete::Shell;

use super::definition::shown;

/// A script that completes command lines.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(), "aptlet", &mut script);
    script
}

/// The manual pages: name and text of each.
///
/// # Errors
/// None that a definition can cause.
pub(crate) fn manual() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut whole = shown().disable_help_subcommand(true);
    whole.build();
    let mut pages = Vec::new();
    for command in std::iter::once(&whole).chain(whole.get_subcommands()) {
        let page = clap_mangen::Man::new(command.clone());
        let mut text = Vec::new();
        page.render(&mut text)?;
        pages.push((page.get_filename(), text));
    }
    Ok(pages)
}
