//! The repository that the application pretends to come from, so that static checks have something
//! true to look at.

use super::Variant;
use super::keys::Keys;
use include_dir::{Dir, DirEntry, include_dir};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

static COMMON: Dir = include_dir!("$CARGO_MANIFEST_DIR/src/sandbox/project/common");
static AS_FOUND: Dir = include_dir!("$CARGO_MANIFEST_DIR/src/sandbox/project/as_found");
static MENDED: Dir = include_dir!("$CARGO_MANIFEST_DIR/src/sandbox/project/mended");

/// Written by name here, because a `.gitignore` among our own sources would be obeyed.
const GITIGNORE: &str = "/.next/\n/node_modules/\n.env*.local\n";

const LOCKFILE: &str = "package-lock.json";
/// A release of Next.js with GHSA-9qr9-h5gf-34mp, and its checksum in the registry.
const OLD_NEXT: &str = "15.5.0";
const OLD_NEXT_SEAL: &str = "sha512-N1lp9Hatw3a9XLt0307lGB4uTKsXDhyOKQo7uYMzX4i0nF/c27grcGXkLdb7VcT8QPYLBa8ouIyEoUQJ2OyeNQ==";
const PLAIN: &str = "http://registry.npmjs.org/web-push/-/web-push-3.6.7.tgz";

/// Every variable that the code reads, with what `.env.example` says about it.
const VARIABLES: &[(&str, &str)] = &[
    (
        "NEXTAUTH_URL",
        "the address people use, without a trailing slash",
    ),
    (
        "NEXTAUTH_SECRET",
        "32 random bytes: openssl rand -base64 32",
    ),
    ("TASKS_PASSWORD", "what the sign-in form accepts"),
    (
        "GOOGLE_CLIENT_ID",
        "from the Google Cloud console, APIs and services, credentials",
    ),
    ("GOOGLE_CLIENT_SECRET", "beside the client id"),
    ("MONGODB_URI", "with user and password"),
    (
        "MONGODB_DB",
        "the database's name, the same as in MONGODB_URI",
    ),
    ("EMAIL_SERVER", "smtp://user:password@host:port"),
    ("EMAIL_FROM", "who sign-in links and summaries come from"),
    (
        "NEXT_PUBLIC_VAPID_PUBLIC_KEY",
        "browsers subscribe with it: holdpoint keys vapid",
    ),
    ("VAPID_PRIVATE_KEY", "the other half of the pair"),
    (
        "VAPID_SUBJECT",
        "mailto: and an address that somebody reads",
    ),
    ("GEMINI_API_KEY", "from Google AI Studio"),
    (
        "CRON_SECRET",
        "what the scheduler of the daily summary shows",
    ),
    ("NEXT_PUBLIC_APP_NAME", "shown in the browser"),
    ("TASKS_PAGE_SIZE", "optional; 20 tasks on a page without it"),
];

/// Writes the whole repository below `root`.
pub(super) fn write(
    root: &Path,
    variant: Variant,
    https_url: &str,
    keys: &Keys,
    services: impl Iterator<Item = (String, String)>,
) -> io::Result<()> {
    write_all(root, &COMMON)?;
    write_all(
        root,
        match variant {
            Variant::AsFound => &AS_FOUND,
            Variant::Mended => &MENDED,
        },
    )?;
    if variant == Variant::AsFound {
        let mended = fs::read_to_string(root.join(LOCKFILE))?;
        fs::write(root.join(LOCKFILE), lockfile_as_found(&mended))?;
    }
    fs::write(root.join(".gitignore"), GITIGNORE)?;
    fs::write(root.join(".env.example"), example())?;
    let local = local(variant, https_url, keys, services);
    fs::write(root.join(".env.local"), local)
}

fn write_all(root: &Path, folder: &Dir) -> io::Result<()> {
    fs::create_dir_all(root.join(folder.path()))?;
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => write_all(root, inner)?,
            DirEntry::File(file) => fs::write(root.join(file.path()), file.contents())?,
        }
    }
    Ok(())
}

/// The lockfile before it was brought up to date: an old Next.js, and a package that is fetched over plain HTTP.
fn lockfile_as_found(mended: &str) -> String {
    let mut text = String::new();
    let mut entry = "";
    for line in mended.lines() {
        if let Some(place) = line.strip_prefix("    \"node_modules/") {
            entry = place.split('"').next().unwrap_or_default();
        }
        let key = line.trim_start().split(':').next().unwrap_or_default();
        let line = match (entry, key) {
            ("next", "\"version\"") => &format!("      \"version\": \"{OLD_NEXT}\","),
            ("next", "\"integrity\"") => &format!("      \"integrity\": \"{OLD_NEXT_SEAL}\","),
            ("web-push", "\"integrity\"") => &format!("      \"resolved\": \"{PLAIN}\",\n{line}"),
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// `.env.example`: every name, no value.
fn example() -> String {
    let mut text = String::from("# Copy to .env.local and fill in.\n");
    for (name, about) in VARIABLES {
        let _infallible = write!(text, "\n# {about}\n{name}=\n");
    }
    text
}

/// `.env.local`: complete when mended. As found one value was never filled in, one is missing, and one was not
/// changed when the other half of its pair was.
fn local(
    variant: Variant,
    https_url: &str,
    keys: &Keys,
    services: impl Iterator<Item = (String, String)>,
) -> String {
    let mut text = format!(
        "NEXTAUTH_URL={https_url}\nNEXTAUTH_SECRET={}\nTASKS_PASSWORD={}\nNEXT_PUBLIC_APP_NAME=Tasks\n",
        keys.nextauth_secret, keys.password,
    );
    if variant == Variant::Mended {
        let _infallible = writeln!(text, "CRON_SECRET={}", keys.cron_secret);
    }
    for (name, value) in services {
        let value = match (variant, name.as_str()) {
            (Variant::AsFound, "GOOGLE_CLIENT_SECRET") => "your-google-client-secret",
            (Variant::AsFound, "NEXT_PUBLIC_VAPID_PUBLIC_KEY") => &keys.former_vapid_public_key,
            _ => &value,
        };
        let _infallible = writeln!(text, "{name}={value}");
    }
    text
}
