//! With which key a person signs, and as whom: from the arguments, the ssh-agent and the list of allowed signers.

use super::args::SignArguments;
use super::grounds::ALLOWED_SIGNERS;
use super::prepare::Environment;
use crate::attest::{self, Key, PublicKey, Revoked, SignFault, Signers};
use crate::diagnostic::Diagnostic;
use crate::model::Gate;
use std::path::{Path, PathBuf};

/// Where OpenSSH says its agent listens.
const AGENT: &str = "SSH_AUTH_SOCK";

/// With which key, and as whom.
pub(super) struct Signer {
    pub(super) key: Key,
    pub(super) socket: Option<PathBuf>,
    pub(super) principal: String,
}

/// Who may sign what at this moment.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    pub(super) signers: &'a Signers,
    pub(super) revoked: &'a Revoked,
    pub(super) now: jiff::Timestamp,
}

impl Lists<'_> {
    /// The people who may sign for a namespace, by name or by pattern.
    fn people(&self, namespace: &str) -> String {
        let mut people = self.signers.principals(namespace, self.now);
        people.extend(self.signers.patterns(namespace, self.now));
        people.join(", ")
    }
}

/// The socket of the ssh-agent, where one is known.
pub(super) fn agent(environment: &Environment) -> Option<PathBuf> {
    let socket = environment.variables.get(AGENT);
    socket.filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The key that is named so: a file, or one that the agent holds.
///
/// # Errors
/// It is no file, and there is no agent.
pub(super) fn key(wanted: &str, socket: Option<&Path>) -> Result<Key, Diagnostic> {
    if Path::new(wanted).is_file() || wanted.contains('/') {
        return Ok(Key::File(PathBuf::from(wanted)));
    }
    match socket {
        Some(_) => Ok(Key::Agent(Some(wanted.to_owned()))),
        None => {
            let message = format!(
                "there is no key file '{wanted}', and no ssh-agent that could hold a key of that name"
            );
            Err(Diagnostic::new(message).help("give the path of a key file, such as ~/.ssh/id_ed25519, or start an agent (eval $(ssh-agent); ssh-add)"))
        }
    }
}

/// Finds the key and the person, who may sign with it: nobody is asked, and nothing is written, for what would not count.
pub(super) fn signer(
    arguments: &SignArguments,
    environment: &Environment,
    gate: &Gate,
    lists: &Lists<'_>,
) -> Result<Signer, Vec<Diagnostic>> {
    let told = |fault: SignFault| vec![fault.diagnostic()];
    let (signers, now) = (lists.signers, lists.now);
    let socket = agent(environment);
    let namespace = gate.namespace();
    let (key, public) = match arguments.key.as_deref() {
        Some(wanted) => {
            let key = key(wanted, socket.as_deref()).map_err(|problem| vec![problem])?;
            let public = attest::public_key(&key, socket.as_deref()).map_err(told)?;
            (key, public)
        }
        None => {
            let public = only_allowed(
                socket.as_deref(),
                &namespace,
                lists,
                arguments.principal.as_deref(),
            )?;
            (Key::Agent(Some(public.fingerprint())), public)
        }
    };
    let names = signers.allowed(&namespace, &public, now);
    let principal = match (&arguments.principal, names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.clone(),
        (None, []) => {
            let message = format!(
                "the key {} is nobody's who may sign gate {}",
                public.fingerprint(),
                gate.name
            );
            let may = lists.people(&namespace);
            let help = match may.is_empty() {
                true => format!(
                    "a line of {ALLOWED_SIGNERS} with namespaces=\"{namespace}\" and this key lets somebody sign"
                ),
                false => format!(
                    "those who may, by {ALLOWED_SIGNERS}, are {may}; take another key with --key, or say who signs with --as"
                ),
            };
            return Err(vec![Diagnostic::new(message).help(help)]);
        }
        (None, several) => {
            let message = format!(
                "the key {} is of {}",
                public.fingerprint(),
                several.join(" and of ")
            );
            return Err(vec![
                Diagnostic::new(message).help("say who signs: --as PRINCIPAL"),
            ]);
        }
    };
    attest::admit(&public, &namespace, &principal, now, signers, lists.revoked).map_err(
        |refusal| {
            let may = lists.people(&namespace);
            let problem = Diagnostic::new(format!("nothing was signed: {refusal}"));
            vec![problem.help(format!(
                "those who may sign gate {}, by {ALLOWED_SIGNERS}, are {may}",
                gate.name
            ))]
        },
    )?;
    Ok(Signer {
        key,
        socket,
        principal,
    })
}

/// The only key of the agent that may sign.
fn only_allowed(
    socket: Option<&Path>,
    namespace: &str,
    lists: &Lists<'_>,
    principal: Option<&str>,
) -> Result<PublicKey, Vec<Diagnostic>> {
    let Some(socket) = socket else {
        let problem = Diagnostic::new("there is no ssh-agent: SSH_AUTH_SOCK is not set");
        return Err(vec![problem.help(
            "start one (eval $(ssh-agent); ssh-add), or name a key file: --key ~/.ssh/id_ed25519",
        )]);
    };
    let keys = attest::agent_keys(socket).map_err(|fault| vec![fault.diagnostic()])?;
    let may = |key: &PublicKey| {
        let Lists {
            signers,
            revoked,
            now,
        } = *lists;
        let admitted =
            |who: &str| attest::admit(key, namespace, who, now, signers, revoked).is_ok();
        match principal {
            Some(who) => admitted(who),
            None => {
                let names = signers.allowed(namespace, key, now);
                names.iter().any(|name| admitted(name))
            }
        }
    };
    let mut allowed: Vec<PublicKey> = keys.into_iter().filter(may).collect();
    match (allowed.pop(), allowed.len()) {
        (Some(key), 0) => Ok(key),
        (None, _) => {
            let problem =
                Diagnostic::new(format!("no key in the ssh-agent may sign for {namespace}"));
            let may = lists.people(namespace);
            Err(vec![problem.help(format!("those who may, by {ALLOWED_SIGNERS}, are {may}; ssh-add -l shows the agent's keys; --key takes a file"))])
        }
        (Some(last), more) => {
            let problem = Diagnostic::new(format!(
                "{} keys in the ssh-agent may sign for {namespace}",
                more + 1
            ));
            let prints: Vec<String> = allowed
                .iter()
                .chain([&last])
                .map(PublicKey::fingerprint)
                .collect();
            Err(vec![problem.help(format!(
                "name one: --key {}",
                prints.join(" or --key ")
            ))])
        }
    }
}
