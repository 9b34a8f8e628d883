//! What keeps a signature from being made, and the way out.

use crate::diagnostic::Diagnostic;

/// Why there is no signature. None of it says anything of a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// No socket of an ssh-agent is known.
    #[error("no ssh-agent is known here")]
    NoAgent,
    /// The agent cannot be reached, or says what is not understood.
    #[error("the ssh-agent at {socket} does not answer as one: {cause}")]
    Agent {
        /// Its socket.
        socket: String,
        /// What happened.
        cause: String,
    },
    /// The agent has nothing to sign with.
    #[error("the ssh-agent holds no key")]
    NoKeys,
    /// The agent has other keys.
    #[error("the ssh-agent does not hold the key '{wanted}'")]
    NotHeld {
        /// As it was asked for.
        wanted: String,
        /// What it holds: fingerprint and comment of each.
        held: Vec<String>,
    },
    /// Several keys of the agent fit.
    #[error("the ssh-agent holds several keys, and it is not said which is to sign")]
    Ambiguous {
        /// Those: fingerprint and comment of each.
        held: Vec<String>,
    },
    /// The agent is locked, or its owner said no.
    #[error("the ssh-agent declined to sign with {fingerprint}")]
    Declined {
        /// The key's.
        fingerprint: String,
    },
    /// The key file cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What happened.
        cause: String,
    },
    /// Others can read the private key; OpenSSH refuses it as well.
    #[error("{path} is a private key, and other users can read it")]
    Unprotected {
        /// The file.
        path: String,
    },
    /// The file holds something else.
    #[error("{path} is no key of OpenSSH's: {cause}")]
    NotAKey {
        /// The file.
        path: String,
        /// What it lacks.
        cause: String,
    },
    /// The key needs `ssh-keygen`, which is not installed.
    #[error("{path} can only be used by ssh-keygen, and that was not found")]
    NoKeygen {
        /// The file.
        path: String,
    },
    /// `ssh-keygen` made no signature; it has said why on standard error.
    #[error("ssh-keygen made no signature with {path}")]
    Keygen {
        /// The file.
        path: String,
    },
    /// The key cannot do this.
    #[error("{key} cannot sign this: {cause}")]
    Unsupported {
        /// The file or the fingerprint.
        key: String,
        /// What stands against it.
        cause: String,
    },
    /// A signature came, and it is no good.
    #[error("the signature that {by} made does not hold: {cause}")]
    Invalid {
        /// Who made it.
        by: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

impl SignFault {
    /// The way out.
    pub fn help(&self) -> String {
        match self {
            Self::NoAgent => {
                "start one and add your key (eval $(ssh-agent); ssh-add), or give a key file".into()
            }
            Self::Agent { .. } => {
                "see whether `ssh-add -l` lists your keys, or give a key file".into()
            }
            Self::NoKeys => "add your key with ssh-add, or give a key file".into(),
            Self::NotHeld { held, .. } if held.is_empty() => "add it with ssh-add".into(),
            Self::NotHeld { held, .. } => {
                format!("add it with ssh-add; it holds {}", held.join(", "))
            }
            Self::Ambiguous { held } => {
                format!("say which by its fingerprint: {}", held.join(", "))
            }
            Self::Declined { .. } => {
                "it may be locked (ssh-add -X), or have asked you to confirm or to touch the key"
                    .into()
            }
            Self::Unreadable { .. } => {
                "give the path of a key file, such as ~/.ssh/id_ed25519".into()
            }
            Self::Unprotected { path } => {
                format!("chmod 600 {path}, and make a new key if others may have read this one")
            }
            Self::NotAKey { .. } => "make one with ssh-keygen -t ed25519".into(),
            Self::NoKeygen { .. } => {
                "install OpenSSH's client (openssh-client), or add the key to an ssh-agent".into()
            }
            Self::Keygen { .. } => "what it said stands above".into(),
            Self::Unsupported { .. } => {
                "use another key, such as ssh-keygen -t ed25519 makes".into()
            }
            Self::Invalid { .. } => {
                "try another key, and see whether the agent is the one you think it is".into()
            }
        }
    }

    /// The message as it is shown.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::new(self.to_string()).help(self.help())
    }
}
