//! The history probe: does anything that git keeps hold a secret?

mod account;
mod content;
mod declared;
mod graph;
mod inflate;
mod kinds;
mod look_into;
mod objects;
mod pack;
mod refs;
mod repository;
mod scan;
mod sought;

pub(in crate::probe) use declared::{not_searched, searched};
pub(in crate::probe) use sought::Sought;

use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind};
use crate::secret::Book;
use account::Account;
use futures_util::future::BoxFuture;
use graph::Reached;
use look_into::Eye;
use objects::Objects;
use repository::Repository;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// More threads would mostly wait for each other's memory.
const MOST_THREADS: usize = 8;

/// Searches what git keeps.
pub(super) struct History;

impl Probe for History {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, _: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        Ok(vec![Facts::new()])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "every object of the git repository".into()
    }

    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }

    fn look<'a>(
        &'a self,
        _: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        let (root, environment) = (context.root.clone(), context.environment.clone());
        let (book, now) = (context.secrets.clone(), context.now);
        Box::pin(async move {
            // Threads cannot be ended from outside: when the look is given up, they are told to stop.
            let stop = StopWhenGone(Arc::default());
            let told = stop.0.clone();
            let look = move || {
                let sought = Sought::of(&environment, &root);
                sought.register(&book);
                read(&root, &sought, &book, now, &told)
            };
            match tokio::task::spawn_blocking(look).await {
                Ok(Ok(facts)) => Sighting::of(facts),
                Ok(Err(hindrance)) => Sighting::hindered(hindrance),
                Err(fault) => {
                    Sighting::hindered(Hindrance::new(HindranceKind::Internal, fault.to_string()))
                }
            }
        })
    }
}

struct StopWhenGone(Arc<AtomicBool>);

impl Drop for StopWhenGone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn read(
    root: &Path,
    sought: &Sought,
    book: &Book,
    now: i64,
    stop: &AtomicBool,
) -> Result<Facts, Hindrance> {
    let denied = |cause| Hindrance::new(HindranceKind::Denied, cause);
    let repository = Repository::around(root).map_err(denied)?;
    let repository = repository.ok_or_else(|| {
        Hindrance::new(
            HindranceKind::Absent,
            "the application's root is in no git repository",
        )
    })?;
    if let Some(cause) = repository.unreadable() {
        return Err(denied(cause));
    }
    let hunt = sought.hunt(now);
    if !hunt.is_ready() {
        return Err(Hindrance::new(
            HindranceKind::Internal,
            "no searcher could be built for so many secrets",
        ));
    }
    let mut faults = Vec::new();
    let refs = refs::read(&repository);
    let stores = repository.stores(&mut faults);
    let objects = Objects::list(stores, &mut faults)
        .map_err(|cause| Hindrance::new(HindranceKind::TooLarge, cause))?;
    let fingerprint = |text: &str| book.fingerprint(text);
    let eye = Eye::new(&hunt, &fingerprint);
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MOST_THREADS);
    let scanned = scan::scan(&objects, &eye, threads, stop);
    if scanned.stopped {
        return Err(Hindrance::new(
            HindranceKind::RunEnded,
            "the search was ended before its time",
        ));
    }
    if scanned.too_many {
        return Err(Hindrance::new(
            HindranceKind::TooLarge,
            "the repository refers to more objects than are kept in memory",
        ));
    }
    let reached = Reached::walk(&scanned, &objects, &refs);
    let account = Account {
        repository: &repository,
        refs: &refs,
        objects: &objects,
        scanned: &scanned,
        reached: &reached,
        sought,
        hunt: &hunt,
        book,
        faults: &faults,
    };
    Ok(account.facts())
}
