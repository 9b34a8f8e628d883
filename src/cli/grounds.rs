//! What the gates of a project stand on, read from disk: for every verb that decides, signs or verifies.

use super::choose::{Chosen, chosen, gates, maps};
use super::run::display;
use super::signer::Lists;
use crate::attest::{self, Revoked, Signers};
use crate::catalog::{
    ATTESTATIONS, Catalog, attestable, read_attestations, read_waivers, unreadable,
};
use crate::clock;
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::document::{digests, recall};
use crate::evidence::read_regular;
use crate::ledger::Ledger;
use crate::model::{Attestation, BoundDocument, DocumentMap, Gate, Signature, Waiver};
use crate::release::{GateStanding, Ground, History, Told, own_paths, stand};
use crate::secret::Book;
use crate::settings::Settings;
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// Who may sign which gate.
pub(super) const ALLOWED_SIGNERS: &str = ".holdpoint/allowed_signers";
/// Keys that no longer count.
const REVOKED_KEYS: &str = ".holdpoint/revoked_keys";

/// Gates are in force where somebody may sign them: without a list of signers none could ever be opened.
pub(super) fn in_force(settings: &Settings) -> bool {
    settings.root.join(ALLOWED_SIGNERS).exists()
}

/// Everything that gates stand on.
pub(super) struct Grounds<'a> {
    settings: &'a Settings,
    catalog: &'a Catalog,
    pub(super) gates: Vec<Gate>,
    waivers: Vec<Waiver>,
    attestations: Vec<Attestation>,
    documents: BTreeMap<String, BoundDocument>,
    /// By the name that gates give a document, the name by which holdpoint writes it.
    written_as: BTreeMap<String, String>,
    pub(super) signers: Option<Signers>,
    pub(super) revoked: Revoked,
    pub(super) ledger: Ledger,
    pub(super) history: History,
    own: Vec<String>,
    secrets: &'a Arc<Book>,
    pub(super) now: Timestamp,
}

impl<'a> Grounds<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// A file of the user's is wrong or cannot be read.
    pub(super) fn read(
        settings: &'a Settings,
        catalog: &'a Catalog,
        secrets: &'a Arc<Book>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let maps = maps(settings, catalog)?;
        let gates = gates(settings, catalog, &maps)?;
        let known = attestable(catalog, &maps, &gates);
        let file = settings.root.join(ATTESTATIONS);
        let attestations = read_attestations(&file, ATTESTATIONS, Some(&known))?;
        let name = display(&settings.waivers, &settings.root);
        let waivers = read_waivers(&settings.waivers, &name)?;
        let (documents, written_as) = documents(settings, &maps)?;
        let signers = list(settings, ALLOWED_SIGNERS)?
            .map(|source| Signers::parse(&source))
            .transpose()?;
        let revoked = list(settings, REVOKED_KEYS)?
            .map(|source| Revoked::parse(&source))
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            ledger: Ledger::at(&settings.root).with_records(&settings.records),
            history: History::of(&settings.records, secrets),
            own: own_paths(settings),
            settings,
            catalog,
            gates,
            waivers,
            attestations,
            documents,
            written_as,
            signers,
            revoked,
            secrets,
            now: clock::now(),
        })
    }

    /// As the gates see it.
    pub(super) fn with<T>(
        &self,
        environment: Option<&str>,
        instead: Option<&Told>,
        act: impl FnOnce(&Ground<'_>) -> T,
    ) -> T {
        act(&Ground {
            root: &self.settings.root,
            gates: &self.gates,
            catalog: self.catalog,
            suites: &self.settings.suites,
            fail_on: self.settings.fail_on,
            history: &self.history,
            instead,
            environment,
            waivers: &self.waivers,
            attestations: &self.attestations,
            documents: &self.documents,
            signers: self.signers.as_ref(),
            revoked: &self.revoked,
            ledger: &self.ledger,
            own: &self.own,
            redact: &|text| self.secrets.redact(text),
            now: self.now,
            compared: RefCell::default(),
        })
    }

    /// Who may sign what, as the lists say it now.
    pub(super) fn lists<'s>(&'s self, signers: &'s Signers) -> Lists<'s> {
        Lists {
            signers,
            revoked: &self.revoked,
            now: self.now,
        }
    }

    /// The gate of this name, or of the team of this name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn gate(&self, name: &str) -> Result<&Gate, Vec<Diagnostic>> {
        let mut of_team = self.gates.iter().filter(|gate| gate.answers_to(name));
        let found = self
            .gates
            .iter()
            .find(|gate| gate.name == name)
            .or_else(|| of_team.next());
        if let (Some(found), Some(other)) = (found.filter(|gate| gate.name != name), of_team.next())
        {
            let message = format!(
                "'{name}' is the team of the gates {} and {}",
                found.name, other.name
            );
            return Err(vec![Diagnostic::new(message).help("name the gate itself")]);
        }
        found.ok_or_else(|| {
            let names = self.gates.iter().map(|gate| gate.name.as_str());
            let near = nearest(name, names.clone())
                .map_or_else(String::new, |near| format!("did you mean '{near}'? "));
            let names: Vec<&str> = names.collect();
            vec![
                Diagnostic::new(format!("there is no gate '{name}'"))
                    .help(format!("{near}the gates are {}", names.join(", "))),
            ]
        })
    }

    /// The sign-offs of a project that count, for its documents; none where nobody may sign yet.
    pub(super) fn signed(
        settings: &'a Settings,
        catalog: &'a Catalog,
        secrets: &'a Arc<Book>,
    ) -> Result<Vec<Signature>, Vec<Diagnostic>> {
        if !in_force(settings) {
            return Ok(Vec::new());
        }
        let grounds = Self::read(settings, catalog, secrets)?;
        Ok(grounds.with(None, None, |ground| grounds.signatures(&stand(ground))))
    }

    /// The name by which holdpoint writes a document; none for one that is not there.
    pub(super) fn written_as(&self, name: &str) -> Option<String> {
        self.written_as.get(name).cloned()
    }

    /// The sign-offs that count, for the documents that they bind.
    pub(super) fn signatures(&self, standings: &[GateStanding<'_>]) -> Vec<Signature> {
        let mut signatures = Vec::new();
        for standing in standings {
            for word in standing.sign_offs.iter().filter(|word| word.is_valid()) {
                let sign_off = &word.sign_off;
                let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
                let each = sign_off.documents.iter().filter_map(|document| {
                    Some(Signature {
                        document: self.written_as.get(&document.name)?.clone(),
                        gate: sign_off.gate.clone(),
                        by: sign_off.by.clone(),
                        fingerprint: word.fingerprint.clone().unwrap_or_default(),
                        on: day(sign_off.at),
                        commit: Some(sign_off.commit.clone()),
                        until: day(sign_off.until),
                    })
                });
                signatures.extend(each);
            }
        }
        signatures
    }
}

/// A list of keys, where it is there.
fn list(settings: &Settings, name: &str) -> Result<Option<Source>, Vec<Diagnostic>> {
    match read_regular(&settings.root.join(name)) {
        Ok(bytes) => attest::text_of(name, &bytes)
            .map(Some)
            .map_err(|problem| vec![problem]),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(vec![unreadable(Path::new(name), &error)]),
    }
}

type Documents = (BTreeMap<String, BoundDocument>, BTreeMap<String, String>);

/// The documents that are there, with their digests.
fn documents(settings: &Settings, maps: &[DocumentMap]) -> Result<Documents, Vec<Diagnostic>> {
    let (mut found, mut written_as) = (BTreeMap::new(), BTreeMap::new());
    for one in chosen(&[], settings, maps)? {
        let (names, path, map) = match &one {
            Chosen::Mapped(map, path) => (vec![map.name.as_str()], path, Some(*map)),
            Chosen::Generated(document, path) => (document.names(), path, None),
        };
        let Ok(text) = std::fs::read_to_string(settings.root.join(path)) else {
            continue;
        };
        let memory = map
            .map(|map| recall::recall(&settings.root, &map.name, path, &text))
            .transpose()
            .map_err(|problem| vec![problem])?;
        let digests = digests(&text, memory.as_ref());
        for name in &names {
            let bound = BoundDocument {
                name: (*name).to_owned(),
                path: path.to_owned(),
                raw: digests.raw.clone(),
                semantic: digests.semantic.clone(),
            };
            // A people's own document goes before one that holdpoint writes whole.
            found.entry((*name).to_owned()).or_insert(bound);
            written_as
                .entry((*name).to_owned())
                .or_insert_with(|| names[0].to_owned());
        }
    }
    Ok((found, written_as))
}
