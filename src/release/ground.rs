//! Everything that the gates of a repository stand on, as it is now.

use super::history::{History, Told};
use crate::attest::{Revoked, Signers};
use crate::catalog::{Catalog, Selector};
use crate::evidence::{PlannedCheck, Repository, canonical_bytes, digest, read_regular};
use crate::gate::Code;
use crate::ledger::Ledger;
use crate::model::{Attestation, BoundDocument, BoundStatement, Gate, Origin, Severity, Waiver};
use crate::settings::differ_in_plan_alone;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// The settings of a project, which hold the plan too.
const SETTINGS: &str = "holdpoint.toml";

/// What is there, read once.
pub struct Ground<'a> {
    /// The root of the application's repository.
    pub root: &'a Path,
    /// The gates, each after those before it.
    pub gates: &'a [Gate],
    /// The checks as they are now.
    pub catalog: &'a Catalog,
    /// The user's suites.
    pub suites: &'a BTreeMap<String, Vec<String>>,
    /// Findings of at least this severity must pass where a gate says nothing else.
    pub fail_on: Severity,
    /// The records.
    pub history: &'a History,
    /// A record that is to be taken in place of the newest.
    pub instead: Option<&'a Told>,
    /// The environment that is asked about; that of the newest evidence where none is given.
    pub environment: Option<&'a str>,
    /// The waivers.
    pub waivers: &'a [Waiver],
    /// What people stated.
    pub attestations: &'a [Attestation],
    /// The documents that are there, by name.
    pub documents: &'a BTreeMap<String, BoundDocument>,
    /// Who may sign; none where nobody has been named yet.
    pub signers: Option<&'a Signers>,
    /// The keys that do not count any more.
    pub revoked: &'a Revoked,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// Paths whose changes do not make it other code.
    pub own: &'a [String],
    /// Takes secrets out of a text.
    pub redact: &'a dyn Fn(&str) -> String,
    /// Now.
    pub now: Timestamp,
    /// What git said of the commits that it was asked about: every gate and sign-off asks about the same few.
    pub compared: RefCell<BTreeMap<String, Code>>,
}

impl Ground<'_> {
    /// Today, in UTC.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// The checks of a gate, without their prerequisites; none where it has no suite.
    pub fn checks_of(&self, gate: &Gate) -> Vec<String> {
        checks_of(gate, self.catalog, self.suites)
    }

    /// The digest of checks as they are defined now.
    pub(super) fn checks_digest(&self, ids: &[String]) -> String {
        let each = ids.iter().map(|id| {
            let text = self.catalog.source(id).map_or("", |source| &*source.text);
            let shipped = self
                .catalog
                .find(id)
                .is_some_and(|check| check.origin == Origin::Shipped);
            (id.as_str(), self.check_digest(shipped, text))
        });
        of_all(each.collect())
    }

    /// The same of checks as a record holds them.
    pub(super) fn recorded_checks_digest(
        &self,
        planned: &[PlannedCheck],
        ids: &[String],
    ) -> String {
        let each = planned.iter().filter(|one| ids.contains(&one.id));
        let each = each.map(|one| {
            let is_shipped = one.origin == "shipped";
            (one.id.as_str(), self.check_digest(is_shipped, &one.source))
        });
        of_all(each.collect())
    }

    /// A record's own copy was redacted before it was written, by whoever need not have known what is secret here.
    fn check_digest(&self, is_shipped: bool, text: &str) -> String {
        match is_shipped {
            true => digest(text.as_bytes()),
            false => digest((self.redact)(text).as_bytes()),
        }
    }

    /// May this person accept findings of the gate?
    pub(super) fn may_waive(&self, gate: &Gate, who: &str) -> bool {
        match gate.waivers_by.is_empty() {
            true => self
                .signers
                .is_some_and(|signers| signers.may_sign(who, &gate.namespace(), self.now)),
            false => gate.waivers_by.iter().any(|one| one == who),
        }
    }

    /// The waivers of a gate that are in force.
    pub(super) fn waivers_in_force(&self, gate: &Gate) -> Vec<BoundStatement> {
        let counts = |one: &&Waiver| one.until >= self.today() && self.may_waive(gate, &one.owner);
        self.waivers
            .iter()
            .filter(counts)
            .map(bound_waiver)
            .collect()
    }

    /// The attestations that are in force.
    pub(super) fn attestations_in_force(&self) -> Vec<BoundStatement> {
        let today = self.today();
        let counts = |one: &&Attestation| one.on <= today && today <= one.until;
        self.attestations
            .iter()
            .filter(counts)
            .map(bound_attestation)
            .collect()
    }

    /// What is otherwise than at a commit. Where the settings differ in the plan alone, they are as they were.
    fn changed_since(&self, commit: &str) -> Result<Vec<String>, String> {
        let changed = Repository::changed_since(self.root, commit, self.own)?;
        if !changed.iter().any(|path| path.ends_with(SETTINGS)) {
            return Ok(changed);
        }
        let then = Repository::text_at(self.root, commit, SETTINGS);
        let now = read_regular(&self.root.join(SETTINGS)).ok();
        let now = now.and_then(|bytes| String::from_utf8(bytes).ok());
        match then.zip(now) {
            Some((then, now)) if differ_in_plan_alone(&then, &now) => {
                let mut own = self.own.to_vec();
                own.push(SETTINGS.into());
                Repository::changed_since(self.root, commit, &own)
            }
            _ => Ok(changed),
        }
    }

    /// Whether the code is that of a commit.
    pub(super) fn code_since(&self, commit: &str) -> Code {
        let mut compared = self.compared.borrow_mut();
        let ask = || match self.changed_since(commit) {
            Ok(changed) if changed.is_empty() => Code::Same,
            Ok(changed) => Code::Changed(changed),
            Err(cause) => Code::Unknown(cause),
        };
        compared
            .entry(commit.to_owned())
            .or_insert_with(ask)
            .clone()
    }
}

/// The checks of a gate, without their prerequisites; none where it has no suite.
pub fn checks_of(
    gate: &Gate,
    catalog: &Catalog,
    suites: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let Some(suite) = &gate.suite else {
        return Vec::new();
    };
    let selector = Selector {
        include: vec![suite.clone()],
        suites: suites.clone(),
        ..Selector::default()
    };
    // A suite without checks asks for nothing, and so nothing can be seen to pass.
    let Ok(selection) = selector.choose(catalog) else {
        return Vec::new();
    };
    let asked = selector.asked(catalog, &selection).into_iter();
    let checks = asked.map(|place| &catalog.checks()[place]);
    checks
        .filter(|check| check.level <= gate.level)
        .map(|check| check.id.to_string())
        .collect()
}

fn of_all(each: BTreeMap<&str, String>) -> String {
    digest(&canonical_bytes(&each).unwrap_or_default())
}

/// A waiver as a sign-off binds it.
pub(super) fn bound_waiver(one: &Waiver) -> BoundStatement {
    BoundStatement {
        name: one.check.clone(),
        digest: digest(&waiver_statement(one)),
        until: one.until,
    }
}

/// An attestation as a sign-off binds it.
pub(super) fn bound_attestation(one: &Attestation) -> BoundStatement {
    BoundStatement {
        name: one.item.clone(),
        digest: digest(&attestation_statement(one)),
        until: one.until,
    }
}

/// What a waiver says, as bytes for the ledger.
pub(super) fn waiver_statement(one: &Waiver) -> Vec<u8> {
    let Waiver {
        check,
        reason,
        owner,
        until,
        ..
    } = one;
    let said = json!({
        "schema": "holdpoint.waiver/v1",
        "check": check,
        "reason": reason,
        "owner": owner,
        "until": until.to_string(),
    });
    canonical_bytes(&said).unwrap_or_default()
}

/// What an attestation says, as bytes for the ledger.
pub(super) fn attestation_statement(one: &Attestation) -> Vec<u8> {
    let Attestation {
        item,
        holds,
        statement,
        by,
        on,
        evidence,
        until,
        ..
    } = one;
    let said = json!({
        "schema": "holdpoint.attestation/v1",
        "item": item,
        "holds": holds,
        "statement": statement,
        "by": by,
        "on": on.to_string(),
        "evidence": evidence,
        "until": until.to_string(),
    });
    canonical_bytes(&said).unwrap_or_default()
}
