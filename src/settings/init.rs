//! Writes a first `holdpoint.toml` for the application that was found; never a value of a variable.

use super::Settings;
use crate::diagnostic::Diagnostic;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// A settings file with what was found, in which everything is explained and most is commented out.
///
/// It holds names and paths from the repository, and no value of any variable: the address of the
/// target is not written where it came from the environment.
pub fn commented(settings: &Settings) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(
        "# Settings of holdpoint. Everything is optional; `holdpoint plan` says which source won for each value.",
    );
    line("# A value is never kept here: write ${NAME} and set the variable.");
    line("");
    line("[project]");
    let name = settings
        .application
        .name
        .as_deref()
        .unwrap_or("my-application");
    line(&format!("name = {}", quoted(name)));
    line("");
    line("[target]");
    let found = settings
        .sources
        .iter()
        .find(|choice| choice.what == "target.url");
    match found.filter(|choice| choice.from.contains('(')) {
        Some(choice) => line(&format!(
            "# Without a url, it is taken from {}.",
            choice.from
        )),
        None => line(
            "# Without a url, it is taken from NEXTAUTH_URL, AUTH_URL, NEXT_PUBLIC_APP_URL or NEXT_PUBLIC_SITE_URL.",
        ),
    }
    line("# url = \"https://staging.example.com\"");
    line("# environment = \"staging\"");
    line(
        "# owned = true               # the target is yours: level active is allowed (mail, bursts, hostile input); production needs --on-production, too",
    );
    line(
        "# level = \"live\"             # the highest level that is allowed: static, live or active",
    );
    line("# plain_url = \"http://staging.example.com\"   # where it answers over plain HTTP");
    line("# ca_file = \"ca.pem\"         # a private certificate authority");
    line("");
    line("# [target.headers]           # sent to the target's own origin only");
    line("# x-vercel-protection-bypass = \"${VERCEL_AUTOMATION_BYPASS_SECRET}\"");
    line("");
    line("[environment]");
    let files = &settings.environment.files;
    if files.is_empty() {
        line(
            "# No .env files were found; those of Next.js are read in its order when they are there.",
        );
    } else {
        line(&format!(
            "# Read by the rules of Next.js: {}.",
            one_line(&files.join(", "))
        ));
    }
    line(
        "# files = [\".env.staging.local\"]   # these instead; they win over the process environment",
    );
    line("# mode = \"production\"              # production, development or test");
    line("# required = [\"SENTRY_DSN\"]        # must be set, besides what the code reads");
    line("");
    line("[paths]                      # one path for each class of answer");
    for choice in settings
        .sources
        .iter()
        .filter(|choice| choice.what.starts_with("paths."))
    {
        let key = choice.what.trim_start_matches("paths.");
        let found = choice.from != "default";
        let comment = if found {
            format!("   # {}", one_line(&choice.from))
        } else {
            String::new()
        };
        line(&format!(
            "{}{key} = {}{comment}",
            if found { "" } else { "# " },
            quoted(&choice.value)
        ));
    }
    line("");
    line("[documents]                  # where the documents of this project are");
    for (name, path) in &settings.documents {
        line(&format!("{} = {}", quoted(name), quoted(path)));
    }
    if settings.documents.is_empty() {
        line("# security = \"SECURITY_SIGN_OFF.md\"");
    }
    line("");
    line("# [checks]");
    line("# folder = \".holdpoint/checks\"   # your own checks, one TOML file each");
    line(
        "# override = [\"headers.strict-transport-security\"]   # shipped ones that yours may replace",
    );
    line("");
    line("# [suites]");
    line("# nightly = [\"security\", \"certificate.*\"]");
    line("");
    line("# [rate_limits]");
    line(&format!(
        "# {} = \"10 per 10s\"",
        quoted(example_api(settings))
    ));
    line("");
    line("# [api]");
    line("# public = [\"/api/health\"]   # routes that strangers are meant to be answered at");
    line("# [[api.collection]]         # where people create things of their own");
    line(&format!("# path = {}", quoted(example_api(settings))));
    line("# body = { title = \"text\" }  # what creates one");
    line("");
    line("# [limits]");
    let limits = super::Limits::default();
    line(&format!(
        "# timeout = \"{:?}\"            # for one look",
        limits.timeout
    ));
    line(&format!(
        "# deadline = \"{:?}\"          # for the whole run",
        limits.deadline
    ));
    line(&format!(
        "# concurrency = {}           # looks at the same time",
        limits.concurrency
    ));
    line(&format!(
        "# per_host = {}              # looks at one origin at the same time",
        limits.per_host
    ));
    line(&format!(
        "# retries = {}                # further attempts after a passing fault",
        limits.retries
    ));
    line("");
    line("# [decision]");
    line("# fail_on = \"medium\"         # findings from this severity on hold the release");
    line("");
    line("# [waivers]");
    line("# file = \".holdpoint/waivers.toml\"");
    line("");
    line("# [gates]");
    line(
        "# file = \".holdpoint/gates.toml\"   # gates of your own, and those that replace shipped ones",
    );
    line("");
    line("# [plan.infrastructure]         # by gate or team; moving a date ends no sign-off");
    line("# target = 2026-12-31           # holdpoint status says when it was missed");
    line("# leader = \"Ann\"");
    line("");
    line("# [records]");
    line("# folder = \".holdpoint/records\"");
    out
}

fn example_api(settings: &Settings) -> &str {
    let route = settings
        .application
        .routes
        .iter()
        .find(|route| route.api && route.methods.iter().any(|m| m == "POST"));
    route.map_or("/api/tasks", |route| route.path.as_str())
}

/// A TOML text.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// A text that may stand in a comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Writes a file that must not exist yet, as a whole or not at all.
///
/// # Errors
/// Says that there is one already, or why it could not be written.
pub fn write_new(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let shown = path.display();
    let exists = || {
        Diagnostic::new(format!(
            "{shown} is already there, and holdpoint does not overwrite it"
        ))
        .help("edit it, or move it away first")
    };
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => exists(),
        _ => Diagnostic::new(format!("{shown} cannot be written: {error}"))
            .help("name a folder that may be written to"),
    };
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let draft = path.with_file_name(format!(".{name}.{:016x}.new", fastrand::u64(..)));
    let written = write_whole(&draft, text).and_then(|()| match std::fs::hard_link(&draft, path) {
        // A link fails where the name is taken, which a rename does not.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => write_whole(path, text),
        linked => linked,
    });
    // What is left of a draft is of no use, whatever happened.
    let _ = std::fs::remove_file(&draft);
    written.map_err(failed)
}

/// Writes a new file and waits until it is on the disk; takes it away again where that fails.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::create_new(path)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}
