//! Reads a file of gates as it is written: what it names is kept with its place and looked up later.

use crate::catalog::expressions;
use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source};
use crate::gate;
use crate::judge::Expr;
use crate::model::{Criterion, Exemption, Gate, Level, Place, Proof, Severity};
use jiff::SignedDuration;
use std::ops::Range;
use std::time::Duration;

/// How long evidence and sign-offs count where nothing else is said: a week.
const LASTS: Duration = Duration::from_secs(7 * 86_400);

/// How a name is written, for the messages.
const SHAPE: &str = "write lower-case letters, digits and hyphens, such as";

/// A file of gates.
#[derive(Debug)]
pub(super) struct File {
    pub(super) gates: Vec<Draft>,
    /// The shipped gates count beside these.
    pub(super) shipped: bool,
}

/// A gate before its names are looked up.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) source: Source,
    pub(super) gate: Gate,
    pub(super) at: Places,
    /// It is a user's.
    pub(super) own: bool,
}

/// The bytes of what a gate names, in the order in which the gate has it.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) name: Range<usize>,
    pub(super) suite: Range<usize>,
    pub(super) upstream: Vec<Range<usize>>,
    pub(super) documents: Vec<Range<usize>>,
    pub(super) exempt: Vec<Range<usize>>,
    pub(super) criteria: Vec<Range<usize>>,
}

/// Reads a file of gates, a user's `own` or the shipped one.
///
/// # Errors
/// Everything that can be told without the catalogue and the other gates, each at its place.
pub(super) fn read(source: &Source, own: bool) -> Result<File, Vec<Diagnostic>> {
    let table = parse(source)?;
    let problems = Problems::default();
    let reader = TableReader::new(source, &table, &problems);
    let shipped = reader.bool("shipped").unwrap_or(true);
    let mut gates: Vec<Draft> = Vec::new();
    for one in reader.tables("gate") {
        let Some(draft) = read_gate(&one, own) else {
            continue;
        };
        match gates.iter().find(|old| old.gate.name == draft.gate.name) {
            Some(old) => {
                let message = format!("the gate '{}' is defined twice", draft.gate.name);
                let label = format!("also in {}", old.gate.place);
                let help = "give one of them another name, or put both into one";
                one.wrong("name", message, label, help);
            }
            None => gates.push(draft),
        }
    }
    if !shipped && !reader.has("gate") {
        let help = "add a [[gate]], or leave the key out";
        let message = "without the shipped gates there is none at all";
        reader.wrong("shipped", message, "leaves no gate", help);
    }
    reader.finish();
    if problems.is_empty() {
        Ok(File { gates, shipped })
    } else {
        Err(problems.into_vec())
    }
}

fn read_gate(reader: &TableReader<'_>, own: bool) -> Option<Draft> {
    reader.require(&["name", "title", "owner"]);
    let name = reader.text("name").filter(|name| {
        let help = format!("{SHAPE} \"security\"");
        shaped(reader, reader.span_of("name"), name, "a gate's", &help)
    });
    let [title, owner] = ["title", "owner"].map(|key| filled(reader, key));
    let suite = filled(reader, "suite");
    let upstream = named(reader, "upstream", "a gate's");
    let documents = named(reader, "documents", "a document's");
    let must_pass = reader.word("must_pass", Severity::ALL);
    let level = reader.word("level", Level::ALL);
    let approvals = reader.int("approvals", 1..=9);
    let [evidence_lasts, sign_off_lasts] =
        ["evidence_lasts", "sign_off_lasts"].map(|key| lasts(reader, key));
    let waivers_by = principals(reader);
    let criteria = read_criteria(reader, name.as_deref().unwrap_or_default());
    let exempt = read_exemptions(reader);
    if ["suite", "upstream", "criterion"]
        .iter()
        .all(|key| !reader.has(key))
    {
        let help = "give it a suite whose checks must pass, gates that must be open before it (upstream), or a [[gate.criterion]]";
        reader.wrong("name", "the gate asks for nothing", "always open", help);
    }
    reader.finish();
    let (criteria, at_criteria) = criteria.into_iter().unzip();
    let (exempt, at_exempt) = exempt.into_iter().unzip();
    let (upstream, at_upstream) = upstream.into_iter().unzip();
    let (documents, at_documents) = documents.into_iter().unzip();
    Some(Draft {
        source: reader.source().clone(),
        gate: Gate {
            name: name?,
            title: title?,
            owner: owner?,
            suite,
            upstream,
            documents,
            must_pass,
            level: level.unwrap_or(Level::Active),
            criteria,
            exempt,
            waivers_by,
            approvals: approvals
                .and_then(|one| usize::try_from(one).ok())
                .unwrap_or(1),
            evidence_lasts,
            sign_off_lasts,
            digest: String::new(),
            place: Place {
                file: reader.source().name.to_string(),
                line: reader.line("name"),
            },
        },
        at: Places {
            name: reader.span_of("name"),
            suite: reader.span_of("suite"),
            upstream: at_upstream,
            documents: at_documents,
            exempt: at_exempt,
            criteria: at_criteria,
        },
        own,
    })
}

fn read_criteria(gate: &TableReader<'_>, name: &str) -> Vec<(Criterion, Range<usize>)> {
    let mut criteria: Vec<(Criterion, Range<usize>)> = Vec::new();
    for one in gate.tables("criterion") {
        one.require(&["says"]);
        let says = filled(&one, "says");
        let proof = read_proof(&one, name);
        let line = one.line("says");
        one.finish();
        let (Some(says), Some((proof, span))) = (says, proof) else {
            continue;
        };
        let is_same = |(old, _): &&(Criterion, _)| old.proof == proof;
        if let (Some((old, _)), Proof::Attested(_)) = (criteria.iter().find(is_same), &proof) {
            let message = "two criteria of the gate are attested under one name";
            let label = format!("also in {}", old.place);
            one.wrong_at(span, message, label, "give one of them another name");
            continue;
        }
        let place = Place {
            file: one.source().name.to_string(),
            line,
        };
        criteria.push((Criterion { says, proof, place }, span));
    }
    criteria
}

/// How a criterion is known, with its bytes; none where that was reported as wrong.
fn read_proof(reader: &TableReader<'_>, gate: &str) -> Option<(Proof, Range<usize>)> {
    let help = "write that = \"…\", a CEL expression over the gate's findings, or attested = \"…\", the name of a person's statement";
    match (reader.has("that"), reader.has("attested")) {
        (true, true) => {
            let message = "a criterion is known in one way: 'that' or 'attested'";
            reader.wrong("attested", message, "one too many", help);
            None
        }
        (false, false) => {
            let message = "the criterion does not say how it is known";
            reader.wrong("says", message, "needs 'that' or 'attested'", help);
            None
        }
        (true, false) => {
            let (that, span) = (filled(reader, "that")?, reader.span_of("that"));
            expression(reader, &that, &span);
            Some((Proof::Expression(that), span))
        }
        (false, true) => {
            let (id, span) = (reader.text("attested")?, reader.span_of("attested"));
            let help = format!(
                "{SHAPE} \"window\"; it is attested with the gate's name before it, as in release:window"
            );
            shaped(reader, span.clone(), &id, "a statement's", &help)
                .then(|| (Proof::Attested(format!("{gate}:{id}")), span))
        }
    }
}

/// Reports what is wrong with an expression over the gate's facts.
fn expression(reader: &TableReader<'_>, that: &str, span: &Range<usize>) {
    let found = expressions::verify_at(that, span, &gate::facts_declared(), reader.source());
    let is_sound = found.is_empty();
    found.into_iter().for_each(|problem| reader.report(problem));
    if is_sound && Expr::compile(that).is_ok_and(|expr| expr.reads().is_empty()) {
        let message = "the criterion is the same whatever was found";
        let help = "name a fact of the gate, such as failing.critical, unknown.critical or summary.pass_rate";
        reader.wrong_at(span.clone(), message, "reads no fact", help);
    }
}

fn read_exemptions(gate: &TableReader<'_>) -> Vec<(Exemption, Range<usize>)> {
    let mut exempt: Vec<(Exemption, Range<usize>)> = Vec::new();
    for one in gate.tables("exempt") {
        one.require(&["check", "reason"]);
        let (check, reason) = (filled(&one, "check"), filled(&one, "reason"));
        one.finish();
        let (Some(check), Some(reason)) = (check, reason) else {
            continue;
        };
        if exempt.iter().any(|(old, _)| old.check == check) {
            let message = format!("'{check}' is exempt twice");
            one.wrong("check", message, "the second time", "leave one of them out");
        }
        exempt.push((Exemption { check, reason }, one.span_of("check")));
    }
    exempt
}

/// Text that says something.
fn filled(reader: &TableReader<'_>, key: &str) -> Option<String> {
    let text = reader.text(key)?;
    if text.trim().is_empty() {
        reader.wrong(key, format!("'{key}' is empty"), "empty", "");
        return None;
    }
    Some(text)
}

/// Names of a list, each with its bytes.
fn named(reader: &TableReader<'_>, key: &str, whose: &str) -> Vec<(String, Range<usize>)> {
    let help = format!("{SHAPE} \"infrastructure\"");
    let names = reader.texts(key).unwrap_or_default();
    let right = names
        .into_iter()
        .filter(|(name, span)| shaped(reader, span.clone(), name, whose, &help));
    right.collect()
}

/// Does the text have the shape of a name? Reported where not.
fn shaped(
    reader: &TableReader<'_>,
    span: Range<usize>,
    name: &str,
    whose: &str,
    help: &str,
) -> bool {
    let part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let right = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(part);
    if !right {
        let message = format!("'{name}' is not {whose} name");
        reader.wrong_at(span, message, "not a name", help);
    }
    right
}

/// How long something counts.
fn lasts(reader: &TableReader<'_>, key: &str) -> SignedDuration {
    let given = reader.duration(key).unwrap_or(LASTS);
    if given.is_zero() {
        let message = format!("'{key}' must be longer than nothing");
        reader.wrong(key, message, "no time at all", "write \"7d\"");
    }
    SignedDuration::try_from(given).unwrap_or(SignedDuration::ZERO)
}

/// People as `allowed_signers` names them, each one person.
fn principals(reader: &TableReader<'_>) -> Vec<String> {
    let Some(people) = reader.texts("waivers_by") else {
        return Vec::new();
    };
    if people.is_empty() {
        let help = "name who may accept findings here, or leave the key out: then whoever may sign the gate";
        reader.wrong("waivers_by", "'waivers_by' names nobody", "empty", help);
    }
    for (person, span) in &people {
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "*?!,\"".contains(c);
        if person.is_empty() || person.contains(is_odd) {
            let message = format!("'{person}' is not the name of one person");
            let help = "write each as .holdpoint/allowed_signers names them, such as \"ann@example.com\"; patterns are not taken here";
            reader.wrong_at(span.clone(), message, "not a principal", help);
        }
    }
    people.into_iter().map(|(person, _)| person).collect()
}
