//! Verifies everything that the ledger of a repository holds.

use super::chain::Chain;
use super::fault::{Fault, FaultKind};
use super::{Ledger, names_in};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The chains by gate, as far as they can be read.
    pub chains: BTreeMap<String, Chain>,
    /// Everything that is wrong: with chains, then with what their entries name. Empty where all is whole.
    pub faults: Vec<Fault>,
    /// Files among the statements that no entry names, seen from the root. Nothing is wrong with them: an append was cut
    /// short before its line, or the branch that names them is not merged.
    pub unnamed: Vec<String>,
}

impl Ledger {
    /// Reads every chain, and holds every statement, signature and record against the entry that names it. Who signed,
    /// and whether they may, is not looked at.
    pub fn verify(&self) -> Verified {
        let mut verified = Verified::default();
        let gates = self.gates().unwrap_or_else(|fault| {
            verified.faults.push(fault);
            Vec::new()
        });
        let mut stated = Vec::new();
        let mut named = BTreeSet::new();
        for gate in gates {
            let chain = match self.read(&gate) {
                Ok(chain) => chain,
                Err(fault) => {
                    verified.faults.push(fault);
                    continue;
                }
            };
            verified.faults.extend(chain.faults.iter().cloned());
            for entry in &chain.entries {
                let hex = entry.statement.trim_start_matches("sha256:");
                named.insert(format!("{hex}.json"));
                if entry.signature.is_some() {
                    named.insert(format!("{hex}.json.sig"));
                }
                if let Err(mut fault) = self.stated(entry) {
                    if let FaultKind::Unsigned(_) = fault.kind {
                        fault.line = chain.line_of(&entry.digest);
                    }
                    stated.push(fault);
                }
            }
            verified.chains.insert(gate, chain);
        }
        verified.faults.append(&mut stated);
        let folder = Self::statements();
        match names_in(&self.root.join(&folder), &folder) {
            Ok(names) => {
                let others = names.into_iter().filter(|name| !named.contains(name));
                verified.unnamed = others.map(|name| format!("{folder}/{name}")).collect();
            }
            Err(fault) => verified.faults.push(fault),
        }
        verified
    }
}
