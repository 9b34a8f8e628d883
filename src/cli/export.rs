//! `holdpoint export`: a record or a gate's decision as a signed statement, for programs that know nothing of holdpoint.

use super::args::{ExportArguments, ReportTarget};
use super::exit::Exit;
use super::grounds::Grounds;
use super::output::Output;
use super::prepare::{self, Environment};
use super::records;
use super::report::tell;
use super::reports::store;
use super::signer::{agent, key};
use crate::attest::{self, Key, PublicKey, SignFault};
use crate::diagnostic::Diagnostic;
use crate::ledger::dsse::Envelope;
use crate::ledger::statement::{Statement, test_result};
use crate::release::{decision, stand};
use crate::report::pipeline::Syntax;
use std::path::Path;

pub(super) fn export(
    arguments: &ExportArguments,
    output: &Output,
    environment: &Environment,
) -> Exit {
    match envelope(arguments, output, environment) {
        Ok((envelope, public)) => write(arguments, &envelope, &public, output),
        Err(problems) => output.diagnose(&problems),
    }
}

fn envelope(
    arguments: &ExportArguments,
    output: &Output,
    environment: &Environment,
) -> Result<(Envelope, PublicKey), Vec<Diagnostic>> {
    prepare::writable(&targets(arguments))?;
    let statement = statement(arguments, output, environment)?;
    let text = String::from_utf8_lossy(&statement);
    // In base64 nobody would see it, and no redactor either.
    if output.redact(&text) != text {
        let problem = Diagnostic::new("the statement would hold a secret of the environment");
        return Err(vec![problem.help("look at it with: holdpoint report --from RECORD --report in-toto=-, where the secret is taken out")]);
    }
    // Others could not tell it from a statement that is about something.
    Statement::parse(&statement).map_err(|cause| {
        let problem = Diagnostic::new(format!("this cannot be exported: {cause}"));
        vec![problem.help("make a record of a commit: holdpoint run, within a git repository")]
    })?;
    let socket = agent(environment);
    let key = match arguments.key.as_deref() {
        Some(wanted) => key(wanted, socket.as_deref()).map_err(|problem| vec![problem])?,
        None => Key::Agent(None),
    };
    let mut public = None;
    let envelope = Envelope::sign(statement, |bytes| {
        let signed = attest::sign_raw(bytes, &key, socket.as_deref())?;
        public = Some(signed.key);
        Ok::<_, SignFault>((signed.fingerprint, signed.signature))
    })
    .map_err(|fault| vec![fault.diagnostic()])?;
    let public = public.ok_or_else(|| vec![Diagnostic::new("nothing was signed")])?;
    Ok((envelope, public))
}

/// The bytes of the statement.
fn statement(
    arguments: &ExportArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let what = arguments.what.as_str();
    if records::is_record(what, &settings) {
        let told = tell(Path::new(what), &settings, &environment.secrets)?;
        told.warn(output);
        let statement = test_result(&told.decision, &told.findings, &told.subject);
        return serde_json::to_vec(&statement).map_err(|error| {
            vec![Diagnostic::new(format!(
                "the statement cannot be written: {error}"
            ))]
        });
    }
    let grounds = Grounds::read(&settings, &catalog, &environment.secrets)?;
    let gate = grounds.gate(what)?;
    grounds.with(arguments.environment.as_deref(), None, |ground| {
        let standings = stand(ground);
        let standing = standings.iter().find(|one| one.gate.name == gate.name);
        let stated = standing.map(|one| decision(ground, one));
        stated
            .unwrap_or_else(|| Err(format!("there is no gate '{}'", gate.name)))
            .map_err(|cause| {
                let problem =
                    Diagnostic::new(format!("gate {} cannot be exported: {cause}", gate.name));
                vec![problem.help(format!(
                    "holdpoint gate {} tells what it rests on",
                    gate.name
                ))]
            })
    })
}

fn targets(arguments: &ExportArguments) -> Vec<ReportTarget> {
    let target = |path: &std::path::PathBuf| ReportTarget {
        format: "dsse".into(),
        path: Some(path.clone()),
    };
    let paths = arguments.output.iter().chain(&arguments.public_key);
    paths.map(target).collect()
}

fn write(
    arguments: &ExportArguments,
    envelope: &Envelope,
    public: &PublicKey,
    output: &Output,
) -> Exit {
    let mut all = true;
    let mut put = |path: &Path, text: &str| match store(path, text) {
        Ok(()) => output.remark(&format!("wrote {}", path.display())),
        Err(problem) => {
            output.diagnose(&[problem]);
            all = false;
        }
    };
    if let Some(path) = &arguments.public_key {
        put(path, &public.spki_pem().unwrap_or_default());
    }
    let text = envelope.to_json() + "\n";
    match &arguments.output {
        Some(path) => put(path, &text),
        None => all &= output.print_in(Syntax::Json, &text),
    }
    match all {
        true => Exit::Go,
        false => Exit::Unwritten,
    }
}
