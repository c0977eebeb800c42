//! The commands: each file or folder wires the stops together for one of them.

mod bake;
mod completions;
mod install;
mod list;
mod live;
mod lock;
mod man;
mod policy;
mod probe;
mod render;
mod run;
mod sbom;
mod search;
mod show;
mod status;
mod verify;
mod watch;

use std::path::Path;
use std::process::ExitCode;

pub use self::live::become_apt;
use crate::cli;
use crate::config::Command;
use crate::error::Class;
use crate::process::{aftermath, memory};
use crate::report;
use crate::startup::{
    after_another, before_settings, block_on, done, ended, instead, perform, report_panics,
};

/// Ends this process for want of memory, as a limit of the container that says so.
#[cold]
pub fn end_without_memory() -> ! {
    aftermath::end_without_memory()
}

/// Whether the container's memory limit is one under which nothing should be kept that is free.
pub fn has_little_memory() -> bool {
    memory::is_little()
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    if let Some(code) = after_another() {
        return code;
    }
    report_panics();
    let mut arguments = match cli::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let printed = report::forgive_closed(error.print());
            if error.exit_code() == 0 {
                return ended(printed);
            }
            report::terminate(&error.to_string(), &before_settings(None).1);
            return Class::Configuration.into();
        }
    };
    match arguments.command {
        Command::Watch => watch::watch(arguments),
        Command::Probe(endpoint) => probe::probe(endpoint, arguments.options),
        Command::Reconcile => watch::reconcile(arguments),
        Command::Run => {
            let program = std::mem::take(&mut arguments.program);
            perform(arguments, |settings, report, ending| run::run(settings, &program, report, ending))
        }
        Command::Install => perform(arguments, |settings, report, ending| {
            done(match settings.dry_run {
                true => block_on(install::dry_run(settings, report), ending),
                false => block_on(install::install(settings, report), ending),
            })
        }),
        Command::Live { no_sudo } => live::prepare(arguments, no_sudo),
        Command::Source => live::source(&arguments),
        Command::Search { names_only } => {
            let words = std::mem::take(&mut arguments.requests);
            perform(arguments, |settings, report, ending| {
                done(block_on(search::search(settings, &words, names_only, report), ending))
            })
        }
        Command::Show => {
            let names = std::mem::take(&mut arguments.requests);
            perform(arguments, |settings, report, ending| {
                done(block_on(show::show(settings, &names, report), ending))
            })
        }
        Command::Policy => {
            let names = std::mem::take(&mut arguments.requests);
            perform(arguments, |settings, _, ending| done(block_on(policy::policy(settings, &names), ending)))
        }
        Command::List => {
            let names = std::mem::take(&mut arguments.requests);
            perform(arguments, |settings, _, _| done(list::list(settings, &names)))
        }
        Command::Completions(shell) => ended(completions::completions(shell)),
        Command::Man => ended(man::manual(Path::new(&arguments.requests.concat()))),
        Command::Instead => instead(&arguments.requests.concat()),
        Command::Lock => perform(arguments, |settings, report, ending| {
            done(block_on(lock::lock(settings, report), ending))
        }),
        Command::Bake => perform(arguments, |settings, report, ending| {
            done(block_on(bake::bake(settings, report), ending))
        }),
        Command::Sbom => perform(arguments, |settings, report, ending| {
            done(block_on(sbom::sbom(settings, report), ending))
        }),
        Command::Render => {
            let flags = arguments.options.clone();
            perform(arguments, |settings, _, _| done(render::render(flags, settings)))
        }
        Command::Status => perform(arguments, |settings, _, _| done(status::status(settings))),
        Command::Verify => perform(arguments, |settings, report, _| done(verify::verify(settings, report))),
    }
}
