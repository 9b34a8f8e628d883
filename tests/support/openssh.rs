//! OpenSSH's own programs: keys, signatures, verdicts, and an agent of the test's own.

use super::peers::{Process, peer};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with keys and messages, and the programs.
pub(crate) struct OpenSsh {
    folder: TempDir,
    keygen: PathBuf,
}

impl OpenSsh {
    /// None where OpenSSH is missing, and the test is skipped.
    pub(crate) fn find() -> Option<Self> {
        Some(Self {
            keygen: peer("ssh-keygen")?,
            folder: tempfile::tempdir().expect("a folder for temporary files"),
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// Calls `ssh-keygen` with something on its standard input.
    pub(crate) fn keygen(&self, arguments: &[&str], input: &[u8]) -> Output {
        let input = self.write(&format!("input-{}", fastrand::u64(..)), input);
        let output = Command::new(&self.keygen)
            .args(arguments)
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("SSH_ASKPASS")
            .env("TZ", "America/Los_Angeles")
            .stdin(std::fs::File::open(&input).expect("it was just written"))
            .stderr(Stdio::piped())
            .output()
            .expect("ssh-keygen is a program");
        std::fs::remove_file(input).expect("it was just written");
        output
    }

    /// A new key: its file and its public line.
    pub(crate) fn key(&self, name: &str, options: &[&str], passphrase: &str) -> (PathBuf, String) {
        let path = self.path(name);
        let file = path.to_str().expect("a plain path").to_owned();
        let mut arguments = vec!["-q", "-C", name, "-N", passphrase, "-f", &file];
        arguments.extend(options);
        let output = self.keygen(&arguments, b"");
        assert!(output.status.success(), "{output:?}");
        let public = std::fs::read_to_string(path.with_extension("pub")).expect("the public half");
        (path, public.trim_end().to_owned())
    }

    /// What `ssh-keygen -Y sign` makes of a message, with a key's file or, given an agent, its public half.
    pub(crate) fn sign(
        &self,
        key: &Path,
        namespace: &str,
        message: &[u8],
        agent: Option<&Path>,
    ) -> String {
        let input = self.write(&format!("message-{}", fastrand::u64(..)), message);
        let mut command = Command::new(&self.keygen);
        command
            .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
            .arg(key)
            .stdin(std::fs::File::open(input).expect("it was just written"))
            .env_remove("SSH_AUTH_SOCK");
        if let Some(socket) = agent {
            command.env("SSH_AUTH_SOCK", socket);
        }
        let output = command.output().expect("ssh-keygen is a program");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Does `ssh-keygen -Y verify` take the signature? `at` as in `-Overify-time=`.
    pub(crate) fn accepts(&self, claim: &Claim<'_>) -> bool {
        let mark = fastrand::u64(..);
        let signers = self.write(&format!("signers-{mark}"), claim.signers);
        let signature = self.write(&format!("sig-{mark}"), claim.armored);
        let revoked = self.write(&format!("revoked-{mark}"), claim.revoked);
        let [signers, signature, revoked] = [signers, signature, revoked]
            .map(|path| path.to_str().expect("a plain path").to_owned());
        let time = format!("verify-time={}", claim.at);
        let mut arguments = vec!["-Y", "verify", "-f", &signers, "-I", claim.principal];
        arguments.extend(["-n", claim.namespace, "-s", &signature, "-O", &time]);
        if !claim.revoked.is_empty() {
            arguments.extend(["-r", &revoked]);
        }
        self.keygen(&arguments, claim.message).status.success()
    }

    /// An agent with a socket of its own, holding these keys.
    pub(crate) fn agent(&self, keys: &[&Path]) -> Option<Agent> {
        let socket = self.path(&format!("agent-{}", fastrand::u32(..)));
        let mut command = Command::new(peer("ssh-agent")?);
        // -D: in the foreground, so that it can be ended by its id.
        command.arg("-D").arg("-a").arg(&socket);
        let mut process = Process::spawn(command)?;
        assert!(
            process.speaks(|| socket.exists()),
            "ssh-agent did not start"
        );
        let agent = Agent {
            _process: process,
            socket,
        };
        for key in keys {
            agent.add(&[], key);
        }
        Some(agent)
    }
}

/// Who is said to have signed what.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'c> {
    pub(crate) message: &'c [u8],
    pub(crate) armored: &'c str,
    pub(crate) namespace: &'c str,
    pub(crate) principal: &'c str,
    /// `YYYYMMDDHHMMSSZ`
    pub(crate) at: &'c str,
    pub(crate) signers: &'c str,
    /// Empty: no list is given.
    pub(crate) revoked: &'c str,
}

/// A running ssh-agent. Dropping it ends it.
pub(crate) struct Agent {
    _process: Process,
    pub(crate) socket: PathBuf,
}

impl Agent {
    /// Adds a key that has no passphrase.
    pub(crate) fn add(&self, options: &[&str], key: &Path) {
        let output = Command::new("ssh-add")
            .args(options)
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .stdin(Stdio::null())
            .output()
            .expect("ssh-add is a program");
        assert!(output.status.success(), "{output:?}");
    }
}
