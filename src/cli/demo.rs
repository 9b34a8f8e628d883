//! `holdpoint demo`: the whole flow against an embedded application, with nothing installed.

use super::args::{
    DecisionArguments, DemoArguments, LimitArguments, ReportTarget, SubjectArguments,
};
use super::exit::Exit;
use super::output::Output;
use super::prepare::{Documents, Environment, Request};
use super::run::conduct;
use crate::model::Level;
use crate::sandbox::{Sandbox, Variant};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) fn demo(arguments: &DemoArguments, output: &Output, environment: &Environment) -> Exit {
    match demonstrate(arguments, output, environment) {
        Ok(exit) => exit,
        Err(error) => {
            output.remark(&format!(
                "error: the demonstration could not be set up: {error}"
            ));
            output.remark("help: it needs two free ports on 127.0.0.1 and a new or empty folder; --dir DIR names one");
            Exit::Usage
        }
    }
}

fn demonstrate(
    arguments: &DemoArguments,
    output: &Output,
    environment: &Environment,
) -> io::Result<Exit> {
    let folder = folder(arguments, environment)?;
    let variant = if arguments.mended {
        Variant::Mended
    } else {
        Variant::AsFound
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let sandbox = runtime.block_on(Sandbox::start(variant))?;
    sandbox.write_project(&folder)?;
    output.print(&format!(
        "A small Next.js application is served at {},\n\
         with a database, an OpenID provider, a mail server, a push service and\n\
         a language model of its own beside it. Its repository lies in\n  {}\n",
        sandbox.https_url(),
        folder.display()
    ));
    // The demonstration shows its own application and services, whatever is set on this machine.
    let own = Environment {
        variables: sandbox.variables(),
        secrets: Arc::clone(&environment.secrets),
    };
    let exit = conduct(&request(&folder), output, &own);
    runtime.block_on(sandbox.stop())?;
    runtime.shutdown_background();
    if !matches!(exit, Exit::Go | Exit::NoGo | Exit::Undecided) {
        return Ok(exit);
    }
    output.print(&closing(&folder, arguments.mended, exit));
    Ok(Exit::Go)
}

/// The folder of `--dir`, which must be new or empty, or a fresh one among the temporary files.
fn folder(arguments: &DemoArguments, environment: &Environment) -> io::Result<PathBuf> {
    if let Some(folder) = &arguments.dir {
        std::fs::create_dir_all(folder)?;
        if std::fs::read_dir(folder)?.next().is_some() {
            return Err(io::Error::other(format!(
                "{} is not empty",
                folder.display()
            )));
        }
        return folder.canonicalize();
    }
    let temporary = environment
        .variables
        .get("TMPDIR")
        .filter(|path| !path.is_empty());
    let parent = temporary.map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let folder = parent.join(format!("holdpoint-demo-{:08x}", fastrand::u32(..)));
    std::fs::create_dir(&folder)?;
    folder.canonicalize()
}

fn request(folder: &Path) -> Request {
    let report = |format: &str, name: &str| ReportTarget {
        format: format.into(),
        path: Some(folder.join(name)),
    };
    Request {
        subject: SubjectArguments {
            root: Some(folder.into()),
            ..SubjectArguments::default()
        },
        decision: DecisionArguments {
            report: vec![
                report("html", "report.html"),
                report("json", "report.json"),
                report("sign-off", "SECURITY_SIGN_OFF.md"),
            ],
            ..DecisionArguments::default()
        },
        // What is sent arrives in this process.
        limits: LimitArguments {
            level: Some(Level::Active),
            ..LimitArguments::default()
        },
        documents: Documents::Write,
        ..Request::default()
    }
}

fn closing(folder: &Path, mended: bool, exit: Exit) -> String {
    let next = if mended {
        "Now your own application, in its folder:\n  holdpoint init\n  holdpoint run --target http://localhost:3000"
    } else {
        "The same application with everything mended, which may go:\n  holdpoint demo --mended\n\
         Then your own, in its folder:\n  holdpoint init\n  holdpoint run --target http://localhost:3000"
    };
    format!(
        "\nWhat to look at, in {}:\n  \
         report.html                         decision, findings, latency and evidence,\n  \
         \u{20}                                   as one page for a browser\n  \
         report.json                         the same for programs\n  \
         docs/INFRASTRUCTURE_VALIDATION.md   the team's own checklist, filled in where\n  \
         \u{20}                                   evidence decides\n  \
         SECURITY_SIGN_OFF.md                the document that people sign\n  \
         .holdpoint/records/                 every observation, with its digest\n\n\
         What can be asked there, now that the application is gone:\n  \
         cd {}\n  \
         holdpoint explain latest            each failure, down to what was read\n  \
         holdpoint docs --gaps               what is left for people\n  \
         holdpoint status                    the teams: what blocks, and who must act\n\n\
         With `holdpoint run` the exit status would have been {}; the demonstration\n\
         itself ends with 0.\n{next}\n",
        folder.display(),
        folder.display(),
        exit.code()
    )
}
