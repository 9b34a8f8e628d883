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
    ("MONGODB_URI", "with user, password and database"),
    ("RESEND_API_KEY", "sends the daily summary"),
    ("NEXT_PUBLIC_APP_NAME", "shown in the browser"),
    ("TASKS_PAGE_SIZE", "optional; 20 tasks on a page without it"),
];

/// Writes the whole repository below `root`.
pub(super) fn write(root: &Path, variant: Variant, https_url: &str, keys: &Keys) -> io::Result<()> {
    write_all(root, &COMMON)?;
    write_all(
        root,
        match variant {
            Variant::AsFound => &AS_FOUND,
            Variant::Mended => &MENDED,
        },
    )?;
    fs::write(root.join(".gitignore"), GITIGNORE)?;
    fs::write(root.join(".env.example"), example())?;
    fs::write(root.join(".env.local"), local(variant, https_url, keys))
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

/// `.env.example`: every name, no value.
fn example() -> String {
    let mut text = String::from("# Copy to .env.local and fill in.\n");
    for (name, about) in VARIABLES {
        let _infallible = write!(text, "\n# {about}\n{name}=\n");
    }
    text
}

/// `.env.local`: complete when mended; as found one value was never filled in and one is missing.
fn local(variant: Variant, https_url: &str, keys: &Keys) -> String {
    let google_client_secret = match variant {
        Variant::AsFound => "your-google-client-secret",
        Variant::Mended => &keys.google_client_secret,
    };
    let mut text = format!(
        "NEXTAUTH_URL={https_url}\n\
         NEXTAUTH_SECRET={}\n\
         TASKS_PASSWORD={}\n\
         GOOGLE_CLIENT_ID={}\n\
         GOOGLE_CLIENT_SECRET={google_client_secret}\n\
         MONGODB_URI=mongodb://tasks:{}@127.0.0.1:27017/tasks\n\
         NEXT_PUBLIC_APP_NAME=Tasks\n",
        keys.nextauth_secret, keys.password, keys.google_client_id, keys.database_password,
    );
    if variant == Variant::Mended {
        let _infallible = writeln!(text, "RESEND_API_KEY={}", keys.resend_api_key);
    }
    text
}
