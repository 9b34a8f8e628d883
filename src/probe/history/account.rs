//! Tells what was found, as facts: one finding for each secret and path, never a value.

use super::graph::{Reached, Standing};
use super::kinds;
use super::look_into::Hit;
use super::objects::{Kind, Objects};
use super::refs::Refs;
use super::repository::Repository;
use super::scan::Scanned;
use super::sought::Sought;
use crate::model::Facts;
use crate::secret::{Book, Hunt, Quarry};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Findings that are told; all are counted.
const MOST: usize = 200;
/// Causes that are told.
const MOST_CAUSES: usize = 5;

/// Everything that the facts are made from.
pub(super) struct Account<'a> {
    pub(super) repository: &'a Repository,
    pub(super) refs: &'a Refs,
    pub(super) objects: &'a Objects,
    pub(super) scanned: &'a Scanned,
    pub(super) reached: &'a Reached,
    pub(super) sought: &'a Sought,
    pub(super) hunt: &'a Hunt,
    pub(super) book: &'a Book,
    /// What was wrong with packs and stores.
    pub(super) faults: &'a [String],
}

/// One finding: the same thing in the same file.
#[derive(Default)]
struct Finding {
    object: u32,
    line: usize,
    standing: Standing,
    as_written: bool,
    in_tip: bool,
    versions: BTreeSet<u32>,
}

/// What was found, without how it was written.
type Key = (Result<usize, (&'static str, String)>, Option<String>, u8);

impl Account<'_> {
    pub(super) fn facts(&self) -> Facts {
        let incomplete = self.incomplete();
        let (searched, not_searched) = self.sought.facts(self.book);
        let count = |is: &dyn Fn(u32) -> bool| {
            (0_u32..)
                .take(self.objects.ids.len())
                .filter(|object| is(*object))
                .count()
        };
        let remembered = |object: u32| {
            self.reached
                .remembered
                .get(object as usize)
                .copied()
                .unwrap_or_default()
        };
        let findings = self.findings();
        let (mut secrets, mut shapes) = (Vec::new(), Vec::new());
        let mut kinds = kinds::Kinds::of(self.sought);
        let (mut secrets_count, mut shapes_count) = (0, 0);
        for (key, finding) in &findings {
            let (list, count) = match key.0 {
                Ok(_) => (&mut secrets, &mut secrets_count),
                Err(_) => (&mut shapes, &mut shapes_count),
            };
            *count += 1;
            // A list may be cut; that a kind was found may not.
            let told = self.told(key, finding);
            let text = kinds::text(&told);
            match &key.0 {
                Ok(secret) => kinds.secret(self.sought.names(*secret), &text),
                Err((shape, _)) => kinds.shape(shape, text),
            }
            if list.len() < MOST {
                list.push(told);
            }
        }
        let kept: BTreeSet<usize> = findings
            .keys()
            .filter_map(|key| key.0.as_ref().ok().copied())
            .collect();
        let elsewhere = |is: &dyn Fn(u32) -> bool| -> Vec<&String> {
            let hits = self
                .scanned
                .hits
                .iter()
                .filter(|hit| !self.reached.has(hit.object) && is(hit.object));
            let secrets = hits.filter_map(|hit| match hit.what {
                Quarry::Secret { secret, .. } if !kept.contains(&secret) => Some(secret),
                _ => None,
            });
            let names: BTreeSet<&String> = secrets
                .flat_map(|secret| self.sought.names(secret))
                .collect();
            names.into_iter().collect()
        };
        let told = json!({
            "complete": incomplete.is_empty(),
            "incomplete": incomplete,
            "refs": self.refs.named.len(),
            "objects": self.reached.all().filter(|object| (*object as usize) < self.objects.ids.len()).count(),
            "commits": self.reached.commits.len(),
            "reflog_only": count(&remembered),
            "unreachable": count(&|object| !self.reached.has(object) && !remembered(object)),
            "bytes": self.scanned.bytes,
            "submodules": self.scanned.submodules,
            "remotes": self.repository.config.remotes,
            "searched": searched,
            "not_searched": not_searched,
            "secrets": secrets,
            "secrets_count": secrets_count,
            "shapes": shapes,
            "shapes_count": shapes_count,
            "kinds": kinds.fact(),
            "reflog_secrets": elsewhere(&remembered),
            "unreachable_secrets": elsewhere(&|object| !remembered(object)),
        });
        match told {
            Value::Object(facts) => facts,
            _ => Facts::new(),
        }
    }

    /// Why not everything that references reach was read.
    fn incomplete(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self.refs.faults.iter().take(MOST_CAUSES).cloned().collect();
        if self.repository.shallow {
            reasons.push("the clone is shallow: older commits are not here; `git fetch --unshallow` brings them".into());
        }
        let there = self.objects.ids.len();
        let missing = self
            .reached
            .all()
            .filter(|object| *object as usize >= there)
            .count()
            + self.reached.astray;
        if missing > 0 && !self.repository.shallow {
            let partial = match self.repository.config.partial {
                true => ": the clone is partial; `git fetch --refetch --no-filter` brings them",
                false => "; `git fsck` names them",
            };
            reasons.push(format!(
                "{missing} objects that references reach are not here{partial}"
            ));
        }
        let unread: Vec<u32> = self
            .reached
            .all()
            .filter(|object| {
                self.scanned
                    .kinds
                    .get(*object as usize)
                    .is_some_and(Option::is_none)
            })
            .collect();
        if !unread.is_empty() {
            let known: BTreeMap<u32, &String> = self
                .scanned
                .causes
                .iter()
                .map(|(object, cause)| (*object, cause))
                .collect();
            reasons.push(format!(
                "{} objects that references reach could not be read",
                unread.len()
            ));
            reasons.extend(unread.iter().take(MOST_CAUSES).map(|object| {
                let cause = known
                    .get(object)
                    .map_or("its cause is not known", |cause| cause.as_str());
                format!("{}: {cause}", self.objects.ids[*object as usize].short())
            }));
        }
        if missing > 0 || !unread.is_empty() {
            reasons.extend(self.faults.iter().take(MOST_CAUSES).cloned());
        }
        reasons
    }

    /// Everything that was found in what references reach, by what it is and where.
    fn findings(&self) -> BTreeMap<Key, Finding> {
        let hits: Vec<Hit> = self
            .scanned
            .hits
            .iter()
            .filter(|hit| self.reached.has(hit.object))
            .cloned()
            .collect();
        let places = self.reached.places(self.scanned, self.objects, &hits);
        let wanted: BTreeSet<u32> = hits.iter().map(|hit| hit.object).collect();
        let in_tips = self
            .reached
            .in_tips(self.scanned, self.objects, self.refs, &wanted);
        let mut findings: BTreeMap<Key, Finding> = BTreeMap::new();
        for hit in &hits {
            let standing = places.get(&hit.object).cloned().unwrap_or_default();
            let (what, as_written) = match hit.what {
                Quarry::Secret { secret, as_written } => (Ok(secret), as_written),
                Quarry::Shape(shape) => (
                    Err((shape, hit.fingerprint.clone().unwrap_or_default())),
                    true,
                ),
            };
            let kind = self
                .scanned
                .kinds
                .get(hit.object as usize)
                .copied()
                .flatten();
            let kind = kind.map_or(u8::MAX, |kind| kind as u8);
            let finding = findings
                .entry((what, standing.path.clone(), kind))
                .or_default();
            if finding.versions.is_empty() || standing.rank < finding.standing.rank {
                finding.object = hit.object;
                finding.line = hit.line;
                finding.standing = standing;
            }
            finding.as_written |= as_written;
            finding.in_tip |= in_tips.contains(&hit.object);
            finding.versions.insert(hit.object);
        }
        findings
    }

    fn told(&self, key: &Key, finding: &Finding) -> Value {
        let commit = finding.standing.commit;
        let id = commit.map(|commit| self.objects.ids[commit as usize].short());
        let date = commit
            .and_then(|commit| self.scanned.dates.get(&commit))
            .and_then(|date| day(*date));
        let path = key.1.as_deref().map(|path| self.shown(path));
        let kind = self
            .scanned
            .kinds
            .get(finding.object as usize)
            .copied()
            .flatten();
        let place = match kind {
            Some(Kind::Commit) => "commit message",
            Some(Kind::Tag) => "tag message",
            Some(Kind::Tree) => "file name",
            _ => "file",
        };
        let line = (kind != Some(Kind::Tree)).then_some(finding.line);
        let by = self
            .reached
            .by(commit.unwrap_or(finding.object), self.refs)
            .map(|name| self.shown(name));
        let mut at = id
            .clone()
            .unwrap_or_else(|| self.objects.ids[finding.object as usize].short());
        match (&path, line) {
            (Some(path), Some(line)) => at += &format!(" {path}:{line}"),
            (Some(path), None) => at += &format!(" a name in /{path}"),
            (None, _) => at += &format!(" {place}"),
        }
        let mut told = Map::new();
        match &key.0 {
            Ok(secret) => {
                told.insert("variables".into(), self.sought.names(*secret).into());
                told.insert(
                    "fingerprint".into(),
                    self.sought.fingerprint(*secret, self.book).into(),
                );
                told.insert("as_written".into(), finding.as_written.into());
            }
            Err((shape, fingerprint)) => {
                told.insert("shape".into(), (*shape).into());
                told.insert("fingerprint".into(), fingerprint.as_str().into());
            }
        }
        let rest = json!({
            "in": place,
            "commit": id,
            "date": date,
            "path": path,
            "line": line,
            "ref": by,
            "in_tip": finding.in_tip,
            "versions": finding.versions.len(),
            "at": at,
        });
        if let Value::Object(rest) = rest {
            told.extend(rest);
        }
        told.into()
    }

    /// A path or a name without what has the shape of a secret; known secrets the record takes out itself.
    fn shown(&self, text: &str) -> String {
        let mut shown = self.book.redact(text);
        if let Some(find) = self.hunt.search(shown.as_bytes()).first()
            && shown.is_char_boundary(find.span.start)
        {
            shown.truncate(find.span.start);
            shown.push('…');
        }
        shown
    }
}

/// The day of a moment in UTC.
fn day(seconds: i64) -> Option<String> {
    let text = jiff::Timestamp::from_second(seconds).ok()?.to_string();
    text.split('T').next().map(str::to_owned)
}
