//! Leaves signing to `ssh-keygen`, which asks for passphrases and touches on the terminal.

use super::SignFault;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// The program, found in PATH.
pub(super) const PROGRAM: &str = "ssh-keygen";

/// An armored signature of the key file at `path`. What the program has to say goes to standard error.
pub(super) fn sign(
    program: &str,
    message: &[u8],
    namespace: &str,
    path: &Path,
    socket: Option<&Path>,
) -> Result<String, SignFault> {
    let shown = path.display().to_string();
    let failed = || SignFault::Keygen {
        path: shown.clone(),
    };
    let mut command = Command::new(program);
    command
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if let Some(socket) = socket {
        command.env("SSH_AUTH_SOCK", socket);
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        // A folder of PATH that may not be read makes it "denied" where no other folder has the program.
        ErrorKind::NotFound | ErrorKind::PermissionDenied => SignFault::NoKeygen {
            path: shown.clone(),
        },
        _ => failed(),
    })?;
    // It reads all of it before it writes, so neither waits for the other. It may end before that, and
    // then its status tells.
    let _ended = child.stdin.take().map(|mut input| input.write_all(message));
    let output = child.wait_with_output().map_err(|_| failed())?;
    let armored = String::from_utf8(output.stdout).map_err(|_| failed())?;
    if !output.status.success() || armored.is_empty() {
        return Err(failed());
    }
    Ok(armored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_said() {
        // Of the second the system says what it says of any where a folder of PATH may not be read.
        for program in ["no-such-ssh-keygen", "./Cargo.toml"] {
            let fault = sign(program, b"", "n", Path::new("key"), None).unwrap_err();
            assert_eq!(fault, SignFault::NoKeygen { path: "key".into() });
            assert!(fault.help().contains("openssh-client"));
        }
    }

    #[test]
    fn a_program_that_fails_or_says_nothing_made_no_signature() {
        for program in ["false", "true"] {
            let fault = sign(program, b"text", "n", Path::new("key"), None).unwrap_err();
            assert_eq!(fault, SignFault::Keygen { path: "key".into() });
        }
    }
}
