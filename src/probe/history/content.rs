//! What commits, trees and tags say: whom they refer to, and when.
//!
//! Source: git's documentation of its objects (git-cat-file, git-mktree, "Git Internals" of Pro Git).

use super::objects::Id;

/// The tree and the parents of a commit, and when it was made.
pub(super) fn commit(content: &[u8]) -> Option<(Vec<Id>, i64)> {
    let mut links = vec![header(content, b"tree ")?];
    let mut date = None;
    for line in content.split(|byte| *byte == b'\n').skip(1) {
        if let Some(id) = line.strip_prefix(b"parent ") {
            links.push(Id::parse(std::str::from_utf8(id).ok()?)?);
        } else if line.is_empty() {
            break;
        } else if line.starts_with(b"committer ") {
            let end = line.iter().rposition(|byte| *byte == b'>')?;
            let text = String::from_utf8_lossy(&line[end + 1..]).into_owned();
            date = text
                .split_whitespace()
                .next()
                .and_then(|seconds| seconds.parse().ok());
        }
    }
    // Broken dates are in old histories.
    Some((links, date.unwrap_or(0)))
}

/// The object that a header line names.
pub(super) fn header(content: &[u8], name: &[u8]) -> Option<Id> {
    let rest = content.strip_prefix(name)?;
    Id::parse(std::str::from_utf8(rest.get(..40)?).ok()?)
}

/// Gives the mode and the name of everything in a tree.
pub(super) fn tree(mut content: &[u8], mut entry: impl FnMut(&[u8], Id)) -> Option<()> {
    while !content.is_empty() {
        let end = content.iter().position(|byte| *byte == 0)?;
        let mode = content[..end].split(|byte| *byte == b' ').next()?;
        let id = Id(content.get(end + 1..end + 21)?.try_into().ok()?);
        entry(mode, id);
        content = &content[end + 21..];
    }
    Some(())
}

/// The names of everything in a tree, with what each names.
pub(super) fn names(mut content: &[u8]) -> Vec<(String, Id)> {
    let mut names = Vec::new();
    while let Some(end) = content.iter().position(|byte| *byte == 0) {
        let Some(id) = content
            .get(end + 1..end + 21)
            .and_then(|id| id.try_into().ok())
        else {
            break;
        };
        let space = content[..end]
            .iter()
            .position(|byte| *byte == b' ')
            .map_or(0, |space| space + 1);
        names.push((
            String::from_utf8_lossy(&content[space..end]).into_owned(),
            Id(id),
        ));
        content = &content[end + 21..];
    }
    names
}
