//! Where a finding belongs in the repository, and what makes it the same finding in the next run.

use crate::document::escape::visible;
use crate::model::Finding;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The root of the application's repository.
const ROOT: &str = "%SRCROOT%";

/// The files inside holdpoint, which are in nobody's repository.
const SHIPPED: &str = "HOLDPOINT";

/// What a segment of a path holds as it is; a colon would make the first one a scheme.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+');

/// A file and a line.
pub(super) struct Place {
    /// What the address is relative to; none where it is absolute.
    base: Option<&'static str>,
    uri: String,
    line: usize,
}

/// The line in the user's own files that the finding is about, else the one that defines its check.
pub(super) fn of(finding: &Finding, places: Option<&BTreeMap<String, (String, usize)>>) -> Place {
    if let Some((path, line)) = places.and_then(|places| places.get(&finding.check)) {
        return Place::new(path, *line, false);
    }
    let (path, line) = match finding.defined.rsplit_once(':') {
        Some((path, line)) if line.parse::<usize>().is_ok() => (path, line.parse().unwrap_or(1)),
        _ => (&*finding.defined, 1),
    };
    let shipped = path.starts_with("checks/") && !finding.overrides_shipped;
    Place::new(path, line, shipped)
}

impl Place {
    fn new(path: &str, line: usize, shipped: bool) -> Self {
        let path = match cfg!(windows) {
            true => path.replace('\\', "/"),
            false => path.to_owned(),
        };
        let segments: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(segment)
            .collect();
        let relative = match segments.is_empty() {
            true => "holdpoint.toml".to_owned(),
            false => segments.join("/"),
        };
        let (base, uri) = match (path.starts_with('/'), shipped) {
            (true, _) => (None, format!("file:///{relative}")),
            (false, true) => (Some(SHIPPED), relative),
            (false, false) => (Some(ROOT), relative),
        };
        Self {
            base,
            uri,
            line: line.max(1),
        }
    }

    pub(super) fn location(&self) -> Value {
        let mut artifact = json!({ "uri": self.uri });
        if let Some(base) = self.base {
            artifact["uriBaseId"] = json!(base);
        }
        json!({ "physicalLocation": { "artifactLocation": artifact, "region": { "startLine": self.line } } })
    }

    /// A digest of the check's id and of the file's path, or of its name alone where it is outside of the repository:
    /// not of the line, which moves, nor of any text, host or time. So the finding stays the same from run to run
    /// and from host to host. It stands there under a name of our own with its version, and under the one name that
    /// code scanning on GitHub reads, in the form that it has there.
    pub(super) fn fingerprints(&self, finding: &Finding) -> Value {
        let file = match self.base {
            Some(_) => &*self.uri,
            None => self.uri.rsplit('/').next().unwrap_or_default(),
        };
        let digest = Sha256::digest(format!("{}\n{file}", finding.check));
        let digest: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        json!({ "checkAndFile/v1": digest, "primaryLocationLineHash": format!("{digest}:1") })
    }
}

/// What addresses are relative to. Where that is on a disk is nobody's business but the reader's.
pub(super) fn bases() -> Value {
    let described = |text: &str| json!({ "description": { "text": text } });
    json!({
        ROOT: described("The root of the application's repository."),
        SHIPPED: described("The checks that come with holdpoint; `holdpoint explain` shows them."),
    })
}

/// One part of a path, percent-encoded.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(&visible(text), SEGMENT).to_string()
}
