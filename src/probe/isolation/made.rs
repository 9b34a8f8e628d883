//! What a look has created, and the taking away of it, which outlives the look.

use super::find;
use super::plan::Place;
use crate::clock;
use crate::probe::nextauth::Site;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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
    /// A request that creates something is under way.
    creating: bool,
}

/// Shared by the look and the removal.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Made>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Made) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes whether something is being created at this moment.
    pub(super) fn creating(&self, creating: bool) {
        self.with(|made| made.creating = creating);
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

    fn take(&self) -> (BTreeMap<Thing, Option<String>>, bool) {
        self.with(|made| (std::mem::take(&mut made.things), made.creating))
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
    /// What is still there.
    pub(super) async fn run(self) -> Result<(), String> {
        let until = clock::tick() + REMOVAL;
        let mut left: BTreeMap<Thing, Option<String>> = BTreeMap::new();
        for round in 0..ROUNDS {
            let (things, creating) = self.made.take();
            left.extend(things);
            for thing in self.marked(until).await {
                left.entry(thing).or_default();
            }
            let mut still = BTreeMap::new();
            for (thing, strayed) in left {
                if !self.remove(&thing, strayed.as_deref(), until).await {
                    still.insert(thing, strayed);
                }
            }
            left = still;
            for thing in self.marked(until).await {
                left.entry(thing).or_default();
            }
            // A request that was cut short may be answered only now.
            let wait = (creating && round < 2) || !left.is_empty();
            if !wait || clock::tick() + PAUSE >= until {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        match left.len() {
            0 => Ok(()),
            number => Err(format!("{number} of them could not be removed")),
        }
    }

    /// What carries the mark in the lists of both users.
    async fn marked(&self, until: Instant) -> Vec<Thing> {
        let mut found = Vec::new();
        for place in self.places.iter().filter(|place| place.lists) {
            for cookies in &self.users {
                let answer = self
                    .site
                    .send(Method::GET, &place.path, cookies, None, &[], until)
                    .await;
                let json = answer
                    .ok()
                    .and_then(|answer| answer.json())
                    .unwrap_or_default();
                let ids = find::all_marked(&json, &self.mark, place.id.as_deref());
                found.extend(ids.into_iter().map(|id| (place.path.clone(), id)));
            }
        }
        found
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
