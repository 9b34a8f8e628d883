//! The command line: arguments in, exit status out; one file per verb.

mod after_suite;
mod alerts;
mod append;
mod args;
mod attest;
mod baseline;
mod before_gate;
mod beside;
mod choose;
mod demo;
mod diff;
mod docs;
mod documents;
mod exit;
mod explain;
mod export;
mod gaps;
mod gate;
mod generate;
mod grounds;
mod guide;
mod header;
mod init;
mod keys;
mod list;
mod masks;
mod output;
mod pipeline;
mod places;
mod plan;
mod prepare;
mod progress;
mod records;
mod report;
mod reports;
mod run;
mod sign;
mod signed_documents;
mod signer;
mod status;
mod trace;
mod turn;
mod verify;
mod waive;

pub use exit::Exit;

use crate::report::pipeline::{Syntax, inert};
use crate::secret::{Book, looks_secret};
use crate::settings;
use args::{Arguments, Pipeline, Verb};
use clap::{CommandFactory as _, Parser as _};
use output::Output;
use pipeline::Platform;
use prepare::Environment;
use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            // Help and version are answers; everything else is a mistake in the arguments.
            let exit = if told.use_stderr() {
                Exit::Usage
            } else {
                Exit::Go
            };
            if exit == Exit::Go {
                // A closed pipe is the reader's choice, not a fault.
                let _ = told.print();
            } else {
                refuse(&told);
            }
            return exit.into();
        }
    };
    let secrets = Arc::new(Book::default());
    let mut variables = settings::process_environment();
    if let args::Verb::Run(run) | args::Verb::Plan(run) = &arguments.verb
        && let Some(infer) = &run.infer
    {
        variables.insert(INFER.into(), infer.clone());
    }
    let environment = Environment {
        variables,
        secrets: secrets.clone(),
    };
    let output = Output::new(&arguments.output, &environment.variables, secrets.clone());
    quiet_panics(&output);
    dispatch(arguments.verb, &output, &environment).into()
}

/// Says what is wrong with the arguments. It may repeat them, so what looks secret is taken out.
fn refuse(told: &clap::Error) {
    let secrets = Book::default();
    // An argument may be no UTF-8; the parser repeats it as it is shown here.
    let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    for argument in arguments.filter(|argument| looks_secret(argument)) {
        secrets.register("argument", &argument);
    }
    let text = told.render();
    let plain = !std::io::stderr().is_terminal();
    let text = if plain {
        text.to_string()
    } else {
        text.ansi().to_string()
    };
    // A closed pipe is the reader's choice, not a fault.
    let text = secrets.redact(&text);
    let variables = settings::process_environment();
    let text = match Platform::of(Pipeline::Auto, &variables) {
        Some(Platform::GitHub) => inert(&text, Syntax::Text),
        _ => Cow::Borrowed(&*text),
    };
    let _ = write!(std::io::stderr(), "{text}");
}

/// A panic of a probe becomes a finding; what it says goes through the redactor like everything else.
fn quiet_panics(output: &Output) {
    let output = output.clone();
    std::panic::set_hook(Box::new(move |panic| {
        output.remark(&format!("holdpoint met a fault of its own: {panic}"));
    }));
}

fn dispatch(verb: Verb, output: &Output, environment: &Environment) -> Exit {
    match verb {
        Verb::Run(arguments) => run::run(arguments, output, environment),
        Verb::Smoke(arguments) => run::smoke(arguments, output, environment),
        Verb::Plan(arguments) => plan::plan(arguments, output, environment),
        Verb::List(arguments) => list::list(&arguments, output, environment),
        Verb::Explain(arguments) => explain::explain(&arguments, output, environment),
        Verb::Status(arguments) => status::status(&arguments, output, environment),
        Verb::Gate(arguments) => gate::gate(&arguments, output, environment),
        Verb::Sign(arguments) => sign::sign(&arguments, output, environment),
        Verb::Export(arguments) => export::export(&arguments, output, environment),
        Verb::Verify(arguments) => verify::verify(&arguments, output, environment),
        Verb::Guide(arguments) => guide::guide(&arguments, output, environment),
        Verb::Diff(arguments) => diff::diff(&arguments, output, environment),
        Verb::Report(arguments) => report::report(&arguments, output, environment),
        Verb::Docs(arguments) => docs::docs(&arguments, output, environment),
        Verb::Init(arguments) => init::init(&arguments, output, environment),
        Verb::Attest(arguments) => attest::attest(&arguments, output, environment),
        Verb::Waive(arguments) => waive::waive(&arguments, output, environment),
        Verb::Keys(what) => keys::keys(&what, output, environment),
        Verb::Demo(arguments) => demo::demo(&arguments, output, environment),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "holdpoint", &mut script);
            output.hand_over(&String::from_utf8_lossy(&script));
            Exit::Go
        }
        Verb::Generate { what } => generate::generate(&what, output),
    }
}

/// What `--infer` sets, and `limits.inferred-as-configured` reads.
const INFER: &str = "HOLDPOINT_INFER";
