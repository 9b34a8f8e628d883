//! The list of revoked keys: one public key a line, as `ssh-keygen -Y verify -r` takes it.

use super::PublicKey;
use crate::diagnostic::{Diagnostic, Source};

/// Keys that count no more, whatever the list of signers says. None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked(Vec<(usize, PublicKey)>);

impl Revoked {
    /// Reads a list. Empty lines and those that begin with `#` are skipped.
    ///
    /// # Errors
    /// Every line that is no public key. `ssh-keygen` takes no key at all while there is one, and so does this.
    pub fn parse(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        if source.text.starts_with("SSHKRL\n") {
            return Err(vec![binary(&source.name)]);
        }
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        let mut start = 0;
        for (index, line) in source.text.split('\n').enumerate() {
            let offset = start;
            start += line.len() + 1;
            let text = line.trim_matches([' ', '\t', '\r']);
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let begin = offset + line.find(text).unwrap_or_default();
            let problem = |message: &str, label: String, help: &str| {
                Diagnostic::new(message)
                    .at(source, begin..begin + text.len(), label)
                    .help(help)
            };
            if text.starts_with("SHA256:") || text.starts_with("MD5:") {
                problems.push(problem(
                    "a fingerprint revokes nothing here",
                    "a fingerprint".into(),
                    "write the public key itself: ssh-keygen -Y verify -r reads no fingerprints",
                ));
                continue;
            }
            match PublicKey::parse(text) {
                Ok(key) => keys.push((index + 1, key)),
                Err(cause) => problems.push(problem(
                    "this line revokes no key",
                    cause,
                    "write one public key a line, as in a .pub file: ssh-ed25519 AAAA… comment",
                )),
            }
        }
        if problems.is_empty() {
            Ok(Self(keys))
        } else {
            Err(problems)
        }
    }

    /// The line (from 1) that revokes the key.
    pub fn line_of(&self, key: &PublicKey) -> Option<usize> {
        let mut lines = self.0.iter();
        lines.find(|(_, one)| one == key).map(|(line, _)| *line)
    }
}

/// What is said of OpenSSH's compact form.
pub(super) fn binary(name: &str) -> Diagnostic {
    Diagnostic::new(format!("{name} is a binary key revocation list")).help(
        "write one public key a line, as in a .pub file, so that people can read who is revoked",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    #[test]
    fn keys_are_found_whatever_their_comments() {
        let text = format!("# gone\n\n  {KEY} left the team in 2026\r\n");
        let revoked = Revoked::parse(&Source::new("revoked_keys", text)).unwrap();
        let key = PublicKey::parse(KEY).unwrap();
        assert_eq!(revoked.line_of(&key), Some(3));
        assert_eq!(Revoked::default().line_of(&key), None);
    }

    #[test]
    fn what_revokes_nothing_is_said() {
        for (text, words) in [
            (
                "SHA256:uNiVztksCsDhcc0u9e8BrrJxQFfFEHtXb2pzLtHZ3kM\n",
                "fingerprint",
            ),
            ("SSHKRL\n\0\0\0\0\u{1}", "binary"),
            ("ssh-ed25519\n", "base64"),
            (&format!("\n{}", &KEY[..60]), "revoked_keys:2:1"),
            (&format!("restrict {KEY}"), "no key of type restrict"),
        ] {
            let problems = Revoked::parse(&Source::new("revoked_keys", text)).unwrap_err();
            let said = problems[0].render(false);
            assert!(said.contains(words), "{said}");
            assert!(problems[0].help.is_some());
        }
    }
}
