//! `holdpoint attest`: writes down what a person states, with evidence and a last day.

use super::append::{Added, Kept, Refusal, Standing, add, last_day, line, quoted, today};
use super::args::AttestArguments;
use super::choose::{gates, maps};
use super::exit::Exit;
use super::output::Output;
use super::prepare::{self, Environment};
use crate::catalog::{
    ATTESTATIONS, attestable, nearest_attestable, not_attestable, parse_attestations,
};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Attestation, Criterion, DocumentMap, Gate, MapItem, Proof, Ruling};
use std::path::PathBuf;

const HEADER: &str = "\
# What people state that no probe can observe; holdpoint attest adds to it, and so may you.
# A statement counts to the end of its last day (until, in UTC). A check that fails outweighs it.
";

/// What is to be written, with what it is about.
struct Wanted {
    root: PathBuf,
    known: Vec<String>,
    maps: Vec<DocumentMap>,
    gates: Vec<Gate>,
    statement: Attestation,
    /// A day was given by the user, so it belongs to what is the same.
    dated: bool,
}

pub(super) fn attest(
    arguments: &AttestArguments,
    output: &Output,
    environment: &Environment,
) -> Exit {
    let wanted = match wanted(arguments, environment) {
        Ok(wanted) => wanted,
        Err(problems) => return output.diagnose(&problems),
    };
    match write(&wanted) {
        Ok(Added::Written(place)) => told(&wanted, &place, output),
        Ok(Added::Already(place)) => {
            let item = &wanted.statement.item;
            let text = format!(
                "{item} is attested in the same words already ({place}); nothing was written"
            );
            written(output.tell(&text))
        }
        Err(refusal) => refusal.tell(output),
    }
}

fn wanted(
    arguments: &AttestArguments,
    environment: &Environment,
) -> Result<Wanted, Vec<Diagnostic>> {
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let maps = maps(&settings, &catalog)?;
    let gates = gates(&settings, &catalog, &maps)?;
    let known = attestable(&catalog, &maps, &gates);
    let mut problems = Vec::new();
    let mut text = |option, text| line(option, text, environment, &mut problems);
    let item = text("ITEM", &arguments.item);
    let by = text("--by", &arguments.by);
    let statement = text("--statement", &arguments.statement);
    let evidence = text("--evidence", &arguments.evidence);
    if problems.is_empty() && !known.contains(&item) {
        let message = not_attestable(&item);
        problems.push(Diagnostic::new(message).help(nearest_attestable(&item, &known)));
    }
    let (today, until) = (today(), arguments.until);
    let on = arguments.on.unwrap_or(today);
    last_day(until, today, &mut problems);
    if on > today {
        let message = format!("--on {on} is still to come: today is {today} (UTC)");
        problems.push(
            Diagnostic::new(message).help("give the day on which it was stated, or leave --on out"),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Wanted {
        root: settings.root,
        known,
        maps,
        gates,
        statement: Attestation {
            item,
            holds: !arguments.refuses,
            statement,
            by,
            on,
            evidence,
            until,
            place: String::new(),
        },
        dated: arguments.on.is_some(),
    })
}

fn write(wanted: &Wanted) -> Result<Added, Refusal> {
    let new = &wanted.statement;
    let path = wanted.root.join(ATTESTATIONS);
    let kept = Kept {
        root: &wanted.root,
        path: &path,
        name: ATTESTATIONS,
        header: HEADER,
    };
    let today = today();
    let standing = |old: &[Attestation]| {
        let live = |one: &&Attestation| one.item == new.item && one.until >= today;
        let Some(old) = old.iter().rfind(live) else {
            return Standing::Free;
        };
        let same = Attestation {
            place: old.place.clone(),
            on: if wanted.dated { new.on } else { old.on },
            ..new.clone()
        };
        if *old == same {
            return Standing::Same(old.place.clone());
        }
        let Attestation {
            item, until, place, ..
        } = old;
        let message = format!("{item} is attested already, until {until} ({place})");
        Standing::Other(Diagnostic::new(message).help(
            "edit that entry where it no longer says what is so, or take it out and say it anew",
        ))
    };
    let parse = |source: &Source| parse_attestations(source, Some(&wanted.known));
    add(&kept, &table(new), parse, standing)
}

fn table(one: &Attestation) -> String {
    let refuses = if one.holds { "" } else { "holds     = false\n" };
    format!(
        "[[attestation]]\nitem      = {}\n{refuses}statement = {}\nby        = {}\non        = {}\nevidence  = {}\nuntil     = {}\n",
        quoted(&one.item),
        quoted(&one.statement),
        quoted(&one.by),
        one.on,
        quoted(&one.evidence),
        one.until,
    )
}

/// Says what was written where, what the item asks for, and what comes next.
fn told(wanted: &Wanted, place: &str, output: &Output) -> Exit {
    let Attestation { item, until, .. } = &wanted.statement;
    let mut text = format!("wrote {item} to {place}\n");
    if let Some(item) = map_item(wanted) {
        match &item.person {
            Some(person) => text.push_str(&format!("asked: a person {person}\n")),
            None if item.ruling != Ruling::Attest => output.remark(&format!(
                "note: the map asks no person about {}: its checks decide",
                wanted.statement.item
            )),
            None => {}
        }
    }
    if let Some(criterion) = criterion(wanted) {
        text.push_str(&format!("asked: {}\n", criterion.says));
    }
    let mapped = map_item(wanted).and_then(|_| item.split_once(':'));
    let document = mapped.map(|(document, _)| document);
    let shows = document.map_or_else(String::new, |document| {
        format!("holdpoint docs {document} shows what it changes; ")
    });
    text.push_str(&format!(
        "next: {shows}commit {ATTESTATIONS}; it counts until {until}\n"
    ));
    written(output.tell(&text))
}

/// The criterion of a gate that is attested.
fn criterion(wanted: &Wanted) -> Option<&Criterion> {
    let proof = Proof::Attested(wanted.statement.item.clone());
    let mut criteria = wanted.gates.iter().flat_map(|gate| &gate.criteria);
    criteria.find(|one| one.proof == proof)
}

fn map_item(wanted: &Wanted) -> Option<&MapItem> {
    let (name, id) = wanted.statement.item.split_once(':')?;
    let map = wanted.maps.iter().find(|map| map.name == name)?;
    map.items.iter().find(|item| item.id == id)
}

/// Asked-for output that could not be written is no success.
fn written(written: bool) -> Exit {
    if written { Exit::Go } else { Exit::Unwritten }
}
