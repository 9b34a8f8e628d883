//! With which key a person signs, and as whom: from the arguments, the ssh-agent and the list of allowed signers.

use super::args::SignArguments;
use super::grounds::ALLOWED_SIGNERS;
use super::prepare::Environment;
use crate::attest::{self, Key, PublicKey, SignFault, Signers};
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

/// Finds the key and the person.
pub(super) fn signer(
    arguments: &SignArguments,
    environment: &Environment,
    gate: &Gate,
    signers: &Signers,
    now: jiff::Timestamp,
) -> Result<Signer, Vec<Diagnostic>> {
    let told = |fault: SignFault| vec![fault.diagnostic()];
    let socket = environment
        .variables
        .get(AGENT)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let namespace = gate.namespace();
    let (key, public) = match arguments.key.as_deref() {
        Some(path) if Path::new(path).is_file() || path.contains('/') => {
            let key = Key::File(PathBuf::from(path));
            let public = attest::public_key(&key, socket.as_deref()).map_err(told)?;
            (key, public)
        }
        Some(wanted) => {
            let key = Key::Agent(Some(wanted.to_owned()));
            let public = attest::public_key(&key, socket.as_deref()).map_err(told)?;
            (key, public)
        }
        None => {
            let public = only_allowed(
                socket.as_deref(),
                &namespace,
                signers,
                arguments.principal.as_deref(),
                now,
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
            let may = signers.principals(&namespace, now).join(", ");
            let help = match may.is_empty() {
                true => format!(
                    "a line of {ALLOWED_SIGNERS} with namespaces=\"{namespace}\" and this key lets somebody sign"
                ),
                false => format!(
                    "those who may, by {ALLOWED_SIGNERS}, are {may}; take another key with --key"
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
    signers: &Signers,
    principal: Option<&str>,
    now: jiff::Timestamp,
) -> Result<PublicKey, Vec<Diagnostic>> {
    let Some(socket) = socket else {
        let problem = Diagnostic::new("there is no ssh-agent: SSH_AUTH_SOCK is not set");
        return Err(vec![problem.help(
            "start one (eval $(ssh-agent); ssh-add), or name a key file: --key ~/.ssh/id_ed25519",
        )]);
    };
    let keys = attest::agent_keys(socket).map_err(|fault| vec![fault.diagnostic()])?;
    let may = |key: &PublicKey| {
        let names = signers.allowed(namespace, key, now);
        principal.map_or(!names.is_empty(), |who| {
            names.iter().any(|name| name == who)
        })
    };
    let mut allowed: Vec<PublicKey> = keys.into_iter().filter(may).collect();
    match (allowed.pop(), allowed.len()) {
        (Some(key), 0) => Ok(key),
        (None, _) => {
            let problem =
                Diagnostic::new(format!("no key in the ssh-agent may sign for {namespace}"));
            let may = signers.principals(namespace, now).join(", ");
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
