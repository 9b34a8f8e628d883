//! `holdpoint sign`: a person's word on a gate, over everything that its decision rests on.

use super::append::line;
use super::args::SignArguments;
use super::exit::Exit;
use super::gate::exit as exit_of;
use super::grounds::{ALLOWED_SIGNERS, Grounds};
use super::output::Output;
use super::prepare::{self, Environment};
use super::run::display;
use super::signed_documents::fill_in;
use super::signer::{Signer, signer as find_signer};
use crate::attest::{self, Signers};
use crate::diagnostic::Diagnostic;
use crate::evidence::Repository;
use crate::ledger::AppendFault;
use crate::model::{Gate, SignOff};
use crate::release::{GateStanding, Ground, Unsigned, enter, enter_grounds, stand, unsigned};
use crate::report::gates::{GateReport, terminal};
use crate::report::pipeline::Syntax;
use crate::settings::Settings;
use std::io::{BufRead as _, IsTerminal as _};

/// What pipelines set. A signature is a person's.
const PIPELINES: [&str; 6] = [
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "TF_BUILD",
    "BUILDKITE",
];

/// Why nothing was signed.
enum Refusal {
    /// Something is wrong, or lacking.
    Problems(Vec<Diagnostic>),
    /// The gate may not be released; it was shown why.
    NotGo(Exit),
    /// The ledger could not be written.
    Unwritten(Diagnostic),
    /// The person said no to the question.
    Declined,
}

impl From<Vec<Diagnostic>> for Refusal {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Problems(problems)
    }
}

impl From<Diagnostic> for Refusal {
    fn from(problem: Diagnostic) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<AppendFault> for Refusal {
    fn from(fault: AppendFault) -> Self {
        Self::Unwritten(fault.into())
    }
}

pub(super) fn sign(arguments: &SignArguments, output: &Output, environment: &Environment) -> Exit {
    match work(arguments, output, environment) {
        Ok(exit) => exit,
        Err(Refusal::Problems(problems)) => output.diagnose(&problems),
        Err(Refusal::NotGo(exit)) => exit,
        Err(Refusal::Unwritten(problem)) => {
            output.diagnose(&[problem]);
            Exit::Unwritten
        }
        Err(Refusal::Declined) => {
            output.remark("nothing was signed");
            Exit::Undecided
        }
    }
}

fn work(
    arguments: &SignArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Refusal> {
    if let Some(name) = PIPELINES.iter().find(|name| {
        environment
            .variables
            .get(**name)
            .is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
    }) {
        let problem = Diagnostic::new(format!(
            "a sign-off is a person's word, and {name} says that this is a pipeline"
        ));
        return Err(problem.help("sign on your own machine, commit .holdpoint, and let the pipeline ask: holdpoint gate").into());
    }
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let grounds = Grounds::read(&settings, &catalog, &environment.secrets)?;
    let gate = grounds.gate(&arguments.gate)?;
    let comment = comment(arguments, environment)?;
    let Some(signers) = &grounds.signers else {
        return Err(nobody_may_sign(gate).into());
    };
    let signer = match arguments.show {
        true => None,
        false => Some(find_signer(
            arguments,
            environment,
            gate,
            &grounds.lists(signers),
        )?),
    };
    let entered = grounds.with(arguments.environment.as_deref(), None, |ground| {
        let standings = stand(ground);
        let standing = standings.iter().find(|one| one.gate.name == gate.name);
        let standing =
            standing.ok_or_else(|| Diagnostic::new(format!("there is no gate '{}'", gate.name)))?;
        let who = signer
            .as_ref()
            .map(|one| one.principal.clone())
            .or_else(|| arguments.principal.clone());
        let who = who.unwrap_or_else(|| "WHO SIGNS".into());
        let draft = || {
            unsigned(ground, standing, &standings, &who, !arguments.no, &comment)
                .map_err(|nothing| Diagnostic::new(nothing.why).help(nothing.help))
        };
        may_be_signed(arguments, standing, &standings, &settings, output, ground)?;
        let Some(signer) = &signer else {
            output.print_in(Syntax::Json, &String::from_utf8_lossy(&draft()?.bytes));
            return Ok(None);
        };
        show(&draft()?.sign_off, &who, output);
        if !arguments.yes && !asked(&question(arguments, gate, &who), output)? {
            return Err(Refusal::Declined);
        }
        enter_grounds(ground, standing)?;
        let unsigned = draft()?;
        ignored(ground, standing, output);
        let place = put(ground, gate, &unsigned, signer, signers)?;
        Ok(Some(place))
    })?;
    let Some(statement) = entered else {
        return Ok(Exit::Go);
    };
    let name = gate.name.clone();
    drop(grounds);
    let all = fill_in(&settings, &catalog, &name, environment, output)?;
    output.tell(&format!(
        "signed {name} as {}: {statement}\nnext: commit .holdpoint and the documents; holdpoint verify tells everybody whether it counts\n",
        signer.map(|one| one.principal).unwrap_or_default(),
    ));
    attributes(&settings, output);
    Ok(match all {
        true => Exit::Go,
        false => Exit::Unwritten,
    })
}

/// The comment, which becomes part of the ledger for good.
fn comment(
    arguments: &SignArguments,
    environment: &Environment,
) -> Result<String, Vec<Diagnostic>> {
    if arguments.comment.is_empty() {
        return Ok(String::new());
    }
    let mut problems = Vec::new();
    let comment = line("--comment", &arguments.comment, environment, &mut problems);
    match problems.is_empty() {
        true => Ok(comment),
        false => Err(problems),
    }
}

fn nobody_may_sign(gate: &Gate) -> Diagnostic {
    Diagnostic::new(format!("{ALLOWED_SIGNERS} is not there, so nobody may sign yet")).help(format!(
        "name the people who may, a line each, in a change that others review: YOU@EXAMPLE.COM namespaces=\"{}\" ssh-ed25519 AAAA… (the text of your public key, such as ~/.ssh/id_ed25519.pub)",
        gate.namespace()
    ))
}

/// A gate is released only where it may be; to say no is always possible.
fn may_be_signed(
    arguments: &SignArguments,
    standing: &GateStanding<'_>,
    all: &[GateStanding<'_>],
    settings: &Settings,
    output: &Output,
    ground: &Ground<'_>,
) -> Result<(), Refusal> {
    let may = standing.decision.outcome.is_go() && standing.faults.is_empty();
    if arguments.no || may {
        return Ok(());
    }
    let report = GateReport {
        told: &[standing],
        all,
        project: settings.project.as_deref().unwrap_or_default(),
        now: ground.now,
        instead: None,
    };
    output.print(&terminal(&report, &output.style()));
    let name = &standing.gate.name;
    output.remark(&format!("error: gate {name} may not be released, so it was not signed\nhelp: what holds it is shown above; holdpoint sign {name} --no says no to it by name"));
    Err(Refusal::NotGo(match exit_of(&[standing]) {
        Exit::Go => Exit::NoGo,
        exit => exit,
    }))
}

/// A sign-off on what nobody else has cannot be verified by anybody else.
fn ignored(ground: &Ground<'_>, standing: &GateStanding<'_>, output: &Output) {
    for told in &standing.evidence {
        if Repository::ignores(ground.root, &told.path) {
            let path = display(&told.path, ground.root);
            output.remark(&format!("warning: git ignores {path}, so nobody else can verify what is signed\nhelp: take the line that ignores it out of .gitignore, or commit it with git add --force {path}"));
        }
    }
}

/// What will be signed, in a few lines; digests by their beginnings, as people compare them.
fn show(one: &SignOff, who: &str, output: &Output) {
    let mut rows: Vec<(&str, String)> = vec![
        ("gate", one.gate.clone()),
        (
            "says",
            match one.released {
                true => format!("released: {}", one.decision.word()),
                false => "no".into(),
            },
        ),
        ("by", who.to_owned()),
        ("commit", one.commit.clone()),
        (
            "until",
            one.until.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        ),
        (
            "passed",
            match one.passed.len() {
                1 => "1 check that must pass".into(),
                many => format!("{many} checks that must pass"),
            },
        ),
        ("definition", short(&one.definition).to_owned()),
    ];
    if !one.environment.is_empty() {
        rows.insert(4, ("environment", one.environment.clone()));
    }
    rows.extend(one.target.iter().map(|target| ("target", target.clone())));
    rows.extend(one.evidence.iter().map(|record| {
        (
            "record",
            format!("{} {}", record.run, short(&record.digest)),
        )
    }));
    rows.extend(
        one.waivers
            .iter()
            .map(|waiver| ("waiver", format!("{} until {}", waiver.name, waiver.until))),
    );
    rows.extend(one.attestations.iter().map(|stated| {
        (
            "statement",
            format!("{} until {}", stated.name, stated.until),
        )
    }));
    rows.extend(one.documents.iter().map(|document| {
        (
            "document",
            format!("{} {}", document.path, short(&document.semantic)),
        )
    }));
    rows.extend(one.upstream.iter().map(|(gate, signed)| {
        (
            "after",
            format!("{gate}, signed by {}", people(signed.len())),
        )
    }));
    if !one.comment.is_empty() {
        rows.push(("comment", one.comment.clone()));
    }
    let text: String = rows
        .iter()
        .map(|(what, value)| format!("  {what:<12} {value}\n"))
        .collect();
    output.print(&format!(
        "what will be signed (holdpoint sign {} --show prints every byte of it)\n{text}",
        one.gate
    ));
}

/// The beginning of a digest.
fn short(digest: &str) -> &str {
    digest.get(.."sha256:".len() + 12).unwrap_or(digest)
}

fn people(number: usize) -> String {
    match number {
        1 => "1 person".into(),
        more => format!("{more} people"),
    }
}

fn question(arguments: &SignArguments, gate: &Gate, who: &str) -> String {
    match arguments.no {
        true => format!("Say no to gate {} as {who}? [y/N] ", gate.name),
        false => format!("Release gate {} as {who}? [y/N] ", gate.name),
    }
}

/// Asks, where there is somebody to ask.
fn asked(question: &str, output: &Output) -> Result<bool, Diagnostic> {
    if !std::io::stdin().is_terminal() {
        let problem = Diagnostic::new("there is no terminal to ask on");
        return Err(problem.help("read what will be signed, and say it again with --yes"));
    }
    output.ask(question);
    let mut answer = String::new();
    // Who closes the input has not said yes.
    let _ = std::io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Signs, holds the signature to the list of signers, and writes it down; the statement's digest.
fn put(
    ground: &Ground<'_>,
    gate: &Gate,
    unsigned: &Unsigned,
    signer: &Signer,
    signers: &Signers,
) -> Result<String, Refusal> {
    let namespace = gate.namespace();
    let signed = attest::sign(
        &unsigned.bytes,
        &namespace,
        &signer.key,
        signer.socket.as_deref(),
    )
    .map_err(|fault| Refusal::from(fault.diagnostic()))?;
    let at = unsigned.sign_off.at;
    attest::verify(
        &unsigned.bytes,
        &signed.armored,
        &namespace,
        &signer.principal,
        at,
        signers,
        ground.revoked,
    )
    .map_err(|refusal| {
        let may = signers.principals(&namespace, at).join(", ");
        Diagnostic::new(format!("nothing was signed: {refusal}")).help(format!(
            "those who may sign gate {}, by {ALLOWED_SIGNERS}, are {may}",
            gate.name
        ))
    })?;
    let entry = enter(ground, gate, unsigned, &signed.armored)?;
    Ok(entry.statement)
}

/// Branches that sign the same gate merge only where git is told how.
fn attributes(settings: &Settings, output: &Output) {
    let missing = crate::ledger::Ledger::at(&settings.root)
        .missing_attributes()
        .unwrap_or_default();
    if !missing.is_empty() {
        let lines: Vec<&str> = missing
            .iter()
            .map(|line| line.strip_prefix(".holdpoint/").unwrap_or(line))
            .collect();
        output.remark(&format!(
            "help: so that branches with sign-offs merge, put these lines into .holdpoint/.gitattributes:\n  {}",
            lines.join("\n  ")
        ));
    }
}
