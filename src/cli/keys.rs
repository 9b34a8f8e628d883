//! `holdpoint keys`: makes a VAPID pair or a secret, and hands it only where it was told to.

use super::args::{Keys, KeysTo};
use super::exit::Exit;
use super::output::Output;
use super::prepare::Environment;
use crate::diagnostic::Diagnostic;
use crate::secret::{VapidPair, names_secret, random_secret};
use crate::settings::dotenv::parse;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// An environment file larger than this is something else.
const LARGEST: u64 = 1 << 20;

/// What was made: the lines of an environment file, and what may be said of it.
struct Made {
    /// The names that the lines set.
    names: Vec<String>,
    /// The lines.
    lines: String,
    /// What a pipe gets.
    alone: String,
    /// The part that everybody may know.
    public: Option<String>,
}

pub(super) fn keys(keys: &Keys, output: &Output, environment: &Environment) -> Exit {
    if let Some(problem) = misnamed(keys) {
        return output.diagnose(&[problem]);
    }
    let (made, to) = match keys {
        Keys::Vapid(vapid) => (make_vapid(&vapid.public_name, environment), &vapid.to),
        Keys::Secret(secret) => {
            if !secret.to.stdout && secret.to.write.is_none() {
                let problem = Diagnostic::new("a secret is shown or written only where you say so")
                    .help("add --write FILE to put it into an environment file, or --stdout to print it");
                return output.diagnose(&[problem]);
            }
            (make_secret(&secret.name, environment), &secret.to)
        }
    };
    let made = match made {
        Ok(made) => made,
        Err(cause) => {
            output.remark(&format!("error: {cause}"));
            return Exit::Unwritten;
        }
    };
    if let Some(path) = &to.write {
        return match hand_over(path, to.append, &made) {
            Ok(wide) => told(path, &made, wide, output),
            Err(problem) => output.diagnose(&[problem]),
        };
    }
    if to.stdout {
        return written(output.hand_over(&made.alone));
    }
    let public = made.public.unwrap_or_default();
    if !output.quiet() {
        output.remark(
            "note: the private half was not kept. To have both, make a pair with --write FILE (a new file that only \
             you can read), --write FILE --append (an environment file that is there), or --stdout (for a pipe).",
        );
    }
    written(output.print(&public))
}

/// A name under which a secret would be shown to everybody, or what is for everybody be hidden.
fn misnamed(keys: &Keys) -> Option<Diagnostic> {
    match keys {
        Keys::Vapid(vapid) if names_secret(&vapid.public_name) => {
            let name = &vapid.public_name;
            let problem = Diagnostic::new(format!(
                "{name} is a name for a secret, and browsers must get the public key"
            ));
            Some(problem.help("leave --public-name out, or give the name that the page reads"))
        }
        Keys::Secret(secret) if secret.name.starts_with(BROWSER) => {
            let problem = Diagnostic::new(format!(
                "{} is built into the pages that everybody gets",
                secret.name
            ));
            Some(problem.help(format!("give a name that does not begin with {BROWSER}")))
        }
        _ => None,
    }
}

/// What begins so is built into pages (Next.js documentation, environment variables).
const BROWSER: &str = "NEXT_PUBLIC_";

/// Asked-for output that could not be written is no success.
fn written(written: bool) -> Exit {
    if written { Exit::Go } else { Exit::Unwritten }
}

fn make_vapid(public_name: &str, environment: &Environment) -> Result<Made, String> {
    let VapidPair { public, private } = VapidPair::generate()?;
    environment.secrets.register("VAPID_PRIVATE_KEY", &private);
    let lines = format!(
        "{public_name}={public}\nVAPID_PRIVATE_KEY={private}\n# VAPID_SUBJECT=mailto:an address of yours that is read\n"
    );
    Ok(Made {
        names: vec![public_name.to_owned(), "VAPID_PRIVATE_KEY".into()],
        alone: lines.clone(),
        lines,
        public: Some(public),
    })
}

fn make_secret(name: &str, environment: &Environment) -> Result<Made, String> {
    let secret = random_secret()?;
    environment.secrets.register(name, &secret);
    Ok(Made {
        names: vec![name.to_owned()],
        lines: format!("{name}={secret}\n"),
        alone: secret,
        public: None,
    })
}

/// Says what was written where, without what is secret.
fn told(path: &Path, made: &Made, wide: bool, output: &Output) -> Exit {
    if wide {
        output.remark(&format!(
            "warning: other users of this machine can read {0}; chmod 600 {0}",
            path.display()
        ));
    }
    let mut text = format!("wrote {} to {}\n", made.names.join(" and "), path.display());
    if let Some(public) = &made.public {
        text.push_str(&format!(
            "public key: {public}\n\
             next: set VAPID_SUBJECT, build again, since the public key is built into the page, and run \
             holdpoint run push --level static\n"
        ));
    }
    written(output.tell(&text))
}

/// Writes the lines into a new file that only its owner can read, or adds them to one that is there
/// and does not set the names yet. True where others can read that one.
fn hand_over(path: &Path, append: bool, made: &Made) -> Result<bool, Diagnostic> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        Diagnostic::new(format!("{shown} cannot be written: {error}"))
            .help("name a file in a folder that may be written to")
    };
    let new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match new {
        Ok(file) => {
            write(file, &made.lines).map_err(|error| {
                // Half a pair is worse than none.
                let _ = std::fs::remove_file(path);
                failed(error)
            })?;
            Ok(false)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && append => add(path, made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Diagnostic::new(format!(
            "{shown} is already there, and holdpoint does not overwrite it"
        ))
        .help("add --append to put the lines at its end, or name another file")),
        Err(error) => Err(failed(error)),
    }
}

fn add(path: &Path, made: &Made) -> Result<bool, Diagnostic> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        Diagnostic::new(format!("{shown} cannot be added to: {error}"))
            .help("name an environment file that you may read and write")
    };
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(
            Diagnostic::new(format!("{shown} is not an environment file"))
                .help("name a file of lines such as NAME=value"),
        );
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    let entries = parse(&text);
    if let Some(entry) = entries
        .iter()
        .find(|entry| made.names.contains(&entry.name))
    {
        return Err(Diagnostic::new(format!(
            "{shown}:{} sets {} already, and holdpoint does not replace it",
            entry.line, entry.name
        ))
        .help("take the line out first, if the old value is not needed any more: what was made with it stops working"));
    }
    let open_line = !text.is_empty() && !text.ends_with('\n');
    let lines = format!("{}{}", if open_line { "\n" } else { "" }, made.lines);
    let set = parse(&format!("{text}{lines}"));
    if !made
        .names
        .iter()
        .all(|name| set.iter().any(|entry| entry.name == *name))
    {
        return Err(Diagnostic::new(format!(
            "{shown} ends within a quoted value, so that lines at its end would belong to it"
        ))
        .help("close the quotation mark first"));
    }
    write(file, &lines).map_err(failed)?;
    Ok(about.permissions().mode() & 0o077 != 0)
}

fn write(mut file: File, text: &str) -> std::io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

impl KeysTo {
    /// Is a name one that environment files and shells take?
    pub(super) fn name(text: &str) -> Result<String, String> {
        let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if first && rest {
            Ok(text.to_owned())
        } else {
            Err(
                "a variable's name has letters, digits and _, and does not begin with a digit"
                    .into(),
            )
        }
    }
}
