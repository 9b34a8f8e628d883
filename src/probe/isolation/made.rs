//! What a look has created, and the taking away of it, which outlives the look.

use super::find;
use super::plan::Place;
use crate::clock;
use crate::probe::nextauth::Site;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long taking everything away may last; the run waits a little longer.
const REMOVAL: Duration = Duration::from_millis(4500);
/// Between two looks for what a request that was cut short may still create.
const PAUSE: Duration = Duration::from_millis(400);
const ROUNDS: u32 = 4;

/// One thing: the path of its collection, and its id.
type Thing = (String, String);

/// What has been created so far.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The session that created a thing which may be neither A's nor B's: only its removal shows that it is gone.
    things: BTreeMap<Thing, Option<String>>,
    unknown: Unknown,
}

/// What may be there beside the things that are known, by the path of its collection.
#[derive(Debug, Clone, Default)]
struct Unknown(BTreeMap<String, Doubt>);

/// Why something may be there; the last counts most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// A request was answered as if it had created something, but nothing told which.
    Untold,
    /// A request that creates something had no answer.
    Unanswered,
}

impl Unknown {
    /// Puts this in the place of what was unknown of a collection.
    fn set(&mut self, path: &str, doubt: Option<Doubt>) -> Option<Doubt> {
        match doubt {
            Some(doubt) => self.0.insert(path.to_owned(), doubt),
            None => self.0.remove(path),
        }
    }

    fn untold(&mut self, path: &str) {
        let doubt = self.0.entry(path.to_owned()).or_insert(Doubt::Untold);
        *doubt = (*doubt).max(Doubt::Untold);
    }

    /// Something turned up that was not known.
    fn found(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// Lists show everything that these collections hold, but for what is still to come.
    fn listed(&mut self, paths: &BTreeSet<&str>) {
        self.0
            .retain(|path, doubt| *doubt != Doubt::Untold || !paths.contains(&**path));
    }

    /// What counts most of it.
    fn gravest(&self) -> Option<Doubt> {
        self.0.values().max().copied()
    }
}

/// Shared by the look and the removal.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Made>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Made) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that a request is sent that may create something. Gives what [`Shared::answered`] takes back.
    pub(super) fn asked(&self, path: &str) -> Before {
        self.with(|made| Before(made.unknown.set(path, Some(Doubt::Unanswered))))
    }

    /// Notes that the request was answered, or never sent.
    pub(super) fn answered(&self, path: &str, Before(doubt): Before) {
        self.with(|made| made.unknown.set(path, doubt));
    }

    /// Notes that something may have been created whose id nothing has told.
    pub(super) fn untold(&self, path: &str) {
        self.with(|made| made.unknown.untold(path));
    }

    /// Notes a thing; `strayed` with the session that created it, where it may be neither A's nor B's.
    pub(super) fn note(&self, path: &str, id: &str, strayed: Option<&str>) {
        self.with(|made| {
            let by = made
                .things
                .entry((path.to_owned(), id.to_owned()))
                .or_default();
            if by.is_none() {
                *by = strayed.map(str::to_owned);
            }
        });
    }

    /// Notes that a thing is gone.
    pub(super) fn gone(&self, path: &str, id: &str) {
        self.with(|made| made.things.remove(&(path.to_owned(), id.to_owned())));
    }

    fn take(&self) -> (BTreeMap<Thing, Option<String>>, Unknown) {
        self.with(|made| (std::mem::take(&mut made.things), made.unknown.clone()))
    }
}

/// What was unknown before a request.
#[must_use = "without it, the request stays unanswered"]
pub(super) struct Before(Option<Doubt>);

/// What lists show.
struct Seen<'a> {
    things: Vec<Thing>,
    /// The collections whose lists both users were given.
    listed: BTreeSet<&'a str>,
}

fn told(left: usize, doubt: Option<Doubt>) -> Result<(), String> {
    match (left, doubt) {
        (0, None) => Ok(()),
        (0, Some(Doubt::Untold)) => Err("no answer told the id of one that may be there".into()),
        (0, Some(Doubt::Unanswered)) => {
            Err("a request that may have created one had no answer".into())
        }
        (left, _) => Err(format!("{left} of them could not be removed")),
    }
}

/// Who takes away, and where.
pub(super) struct Removal {
    pub(super) site: Site,
    pub(super) places: Vec<Place>,
    /// The Cookie headers of A and B.
    pub(super) users: Vec<String>,
    pub(super) mark: String,
    pub(super) made: Shared,
}

impl Removal {
    /// Removes everything, and looks whether it is gone.
    ///
    /// # Errors
    /// What is still there, or may be.
    pub(super) async fn run(self) -> Result<(), String> {
        let until = clock::tick() + REMOVAL;
        let (mut left, mut unknown) = self.made.take();
        for round in 1.. {
            for thing in self.marked(until).await.things {
                // What was not known is found, or created only now.
                if let Entry::Vacant(place) = left.entry(thing) {
                    unknown.found(&place.key().0);
                    place.insert(None);
                }
            }
            let mut still = BTreeMap::new();
            for (thing, strayed) in left {
                if !self.remove(&thing, strayed.as_deref(), until).await {
                    still.insert(thing, strayed);
                }
            }
            left = still;
            let seen = self.marked(until).await;
            for thing in seen.things {
                left.entry(thing).or_default();
            }
            unknown.listed(&seen.listed);
            let doubt = unknown.gravest();
            let is_done = left.is_empty() && doubt.is_none();
            if is_done || round == ROUNDS || clock::tick() + PAUSE >= until {
                return told(left.len(), doubt);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// What carries the mark in the lists of both users.
    async fn marked(&self, until: Instant) -> Seen<'_> {
        let mut seen = Seen {
            things: Vec::new(),
            listed: BTreeSet::new(),
        };
        for place in self.places.iter().filter(|place| place.lists) {
            seen.listed.insert(&place.path);
            for cookies in &self.users {
                let answer = self
                    .site
                    .send(Method::GET, &place.path, cookies, None, &[], until)
                    .await;
                let list = answer.ok().filter(|answer| answer.status == 200);
                let Some(json) = list.and_then(|list| list.json()) else {
                    seen.listed.remove(&*place.path);
                    continue;
                };
                let ids = find::all_marked(&json, &self.mark, place.id.as_deref());
                let things = ids.into_iter().map(|id| (place.path.clone(), id));
                seen.things.extend(things);
            }
        }
        seen
    }

    /// Removes one thing as whoever may.
    async fn remove(&self, (path, id): &Thing, strayed: Option<&str>, until: Instant) -> bool {
        let Some(place) = self.places.iter().find(|place| place.path == *path) else {
            return true;
        };
        let (mut missing, mut removed) = (true, false);
        let users = self.users.iter().map(String::as_str);
        for (place_in_line, cookies) in users.chain(strayed).chain([""]).enumerate() {
            // Some answer that all is well where nothing was theirs to delete, so both users ask.
            if removed && place_in_line >= self.users.len() {
                break;
            }
            let (address, body) = address(place, id);
            let origin = self.site.home();
            let answer = self
                .site
                .send(
                    Method::DELETE,
                    &address,
                    cookies,
                    body,
                    &[("origin", &origin)],
                    until,
                )
                .await;
            match answer.map(|answer| answer.status) {
                Ok(200..=299) => removed = true,
                Ok(404 | 410) => {}
                Ok(401 | 403) if cookies.is_empty() => {}
                _ => missing = false,
            }
        }
        removed || missing && strayed.is_none()
    }
}

/// The path of one thing, and the body that names it where the path does not.
pub(super) fn address(place: &Place, id: &str) -> (String, Option<String>) {
    match place.item.contains("{id}") {
        true => (find::filled(&place.item, id), None),
        false => {
            let key = place.id.as_deref().unwrap_or("id");
            let body: Value = json!({ key: id });
            (place.item.clone(), Some(body.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_up_in_one_collection_tells_nothing_of_another() {
        let shared = Shared::default();
        shared.untold("/a");
        let before = shared.asked("/b");
        let gravest = || shared.take().1.gravest();
        assert_eq!(gravest(), Some(Doubt::Unanswered));
        let (_, mut unknown) = shared.take();
        unknown.found("/b");
        assert_eq!(unknown.gravest(), Some(Doubt::Untold));
        unknown.listed(&BTreeSet::from(["/b"]));
        assert_eq!(unknown.gravest(), Some(Doubt::Untold));
        unknown.listed(&BTreeSet::from(["/a"]));
        assert_eq!(unknown.gravest(), None);
        shared.answered("/b", before);
        assert_eq!(gravest(), Some(Doubt::Untold));
    }

    #[test]
    fn a_list_does_not_show_what_is_still_to_come() {
        let shared = Shared::default();
        let _unanswered = shared.asked("/a");
        shared.untold("/a");
        let (_, mut unknown) = shared.take();
        unknown.listed(&BTreeSet::from(["/a"]));
        assert_eq!(unknown.gravest(), Some(Doubt::Unanswered));
    }
}
