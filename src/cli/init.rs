//! `holdpoint init`: a commented holdpoint.toml for the application found.

use super::args::{InitArguments, SubjectArguments};
use super::exit::Exit;
use super::output::Output;
use super::prepare::{self, Environment, Request};
use crate::settings::{commented, write_new};

pub(super) fn init(arguments: &InitArguments, output: &Output, environment: &Environment) -> Exit {
    let subject = SubjectArguments {
        root: arguments.root.clone(),
        ..SubjectArguments::default()
    };
    let request = Request {
        subject,
        ..Request::default()
    };
    let settings = match prepare::settings(&request, environment) {
        Ok(settings) => settings,
        Err(problems) => return output.diagnose(&problems),
    };
    let path = settings.root.join("holdpoint.toml");
    match write_new(&path, &commented(&settings)) {
        Ok(()) => {
            output.tell(&format!("wrote {}\nnext: holdpoint plan shows what a run would look at; holdpoint run looks", path.display()));
            Exit::Go
        }
        Err(problem) => output.diagnose(&[problem]),
    }
}
