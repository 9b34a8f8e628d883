//! Tests of the ways around a limit, against limiters that are played.

use super::*;
use crate::probe::limits::burst::Refusal;
use futures_util::FutureExt as _;

/// Counts by some part of what is asked.
struct Played {
    /// The groups that it takes for somebody else.
    fooled: Vec<&'static str>,
    limit: u64,
    count: u64,
    /// Every so many requests it forgets.
    forgets: Option<u64>,
    asked: u64,
    status_of_variants: u16,
}

impl Played {
    fn new(fooled: &[&'static str]) -> Self {
        Self {
            fooled: fooled.to_vec(),
            limit: 10,
            count: 0,
            forgets: None,
            asked: 0,
            status_of_variants: 200,
        }
    }

    fn seen(&mut self, other: bool) -> Seen {
        self.asked += 1;
        if self
            .forgets
            .is_some_and(|every| self.asked.is_multiple_of(every))
        {
            self.count = 0;
        }
        if other {
            return Seen::Admitted {
                status: self.status_of_variants,
                limit: None,
                remaining: None,
            };
        }
        self.count += 1;
        if self.count <= self.limit {
            return Seen::Admitted {
                status: 200,
                limit: None,
                remaining: None,
            };
        }
        Seen::Refused(Refusal {
            status: 429,
            retry_after: None,
            limit: None,
            announced: false,
        })
    }

    fn check(&mut self) -> Told {
        let claim = Claim {
            limit: 10,
            window: 60.0,
        };
        look(self, claim, None, 0)
            .now_or_never()
            .expect("nothing really waits")
    }
}

impl World for Played {
    fn ask(&mut self, _: Option<u16>) -> BoxFuture<'_, Seen> {
        let seen = self.seen(false);
        std::future::ready(seen).boxed()
    }
    fn wait(&mut self, _: f64) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
    fn now(&self) -> f64 {
        0.0
    }
    fn left(&self) -> f64 {
        60.0
    }
}

impl Strangers for Played {
    fn ask_as(&mut self, variant: Variant, _: u32, _: Option<u16>) -> Option<BoxFuture<'_, Seen>> {
        let seen = self.seen(self.fooled.contains(&variant.name));
        Some(std::future::ready(seen).boxed())
    }
}

fn passed(told: &Told) -> Vec<&'static str> {
    let passed = told
        .tried
        .iter()
        .filter(|(_, outcome)| *outcome == Outcome::Passed);
    passed.map(|(variant, _)| variant.name).collect()
}

#[test]
fn a_limit_that_holds_is_not_accused() {
    let mut world = Played::new(&[]);
    let told = world.check();
    assert!(told.why.is_none(), "{told:?}");
    assert!(
        told.tried
            .iter()
            .all(|(_, outcome)| *outcome == Outcome::Held)
    );
    assert_eq!(told.tried.len(), variants().len());
    let key = told.fact()["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("the address of the connection"), "{key}");
    assert_eq!(told.sent, world.asked);
    assert!(world.asked <= 100, "{}", world.asked);
}

#[test]
fn each_way_around_is_found_by_itself() {
    for variant in variants() {
        let told = Played::new(&[variant.name]).check();
        assert_eq!(passed(&told), [variant.name]);
        let key = told.fact()["key"].as_str().unwrap().to_owned();
        let part = match variant.group {
            Group::Address => variant.name,
            Group::Path => "the path as it is written",
            Group::Session => "the cookie that the client sends",
        };
        assert!(key.contains(part) && !key.contains(" and "), "{key}");
    }
}

#[test]
fn what_leads_elsewhere_is_no_way_around() {
    let mut world = Played::new(&["upper case", "a slash at the end"]);
    world.status_of_variants = 404;
    assert!(passed(&world.check()).is_empty());
}

#[test]
fn a_limit_that_comes_and_goes_accuses_nobody() {
    for every in [2, 3, 5, 7, 12, 13] {
        let mut world = Played::new(&[]);
        world.forgets = Some(every);
        let told = world.check();
        assert!(passed(&told).is_empty(), "{every}: {told:?}");
        assert!(world.asked <= BUDGET + 2, "{every}");
    }
}

#[test]
fn without_a_limit_there_is_nothing_to_get_around() {
    let mut world = Played::new(&[]);
    world.limit = u64::MAX;
    let told = world.check();
    assert!(told.tried.is_empty());
    assert!(told.why.is_some_and(|why| why.contains("not refused")));
}

#[test]
fn every_variant_differs_from_the_plain_request_and_from_itself() {
    let plain = Question::get("/api/tasks");
    for variant in variants() {
        let one = dressed(&plain, variant, 1).unwrap();
        assert_ne!(one, plain, "{}", variant.name);
    }
    let of = |path: &str, name| {
        let variant = variants()
            .into_iter()
            .find(|variant| variant.name == name)
            .unwrap();
        dressed(&Question::get(path), variant, 7).map(|question| question.path)
    };
    assert_eq!(
        of("/api/tasks", "an encoded letter").as_deref(),
        Some("/api/task%73")
    );
    assert_eq!(
        of("/api/tasks?a=1", "a query").as_deref(),
        Some("/api/tasks?a=1&holdpoint=7")
    );
    assert_eq!(of("/", "a slash at the end"), None);
    assert_eq!(
        of("/api/aufgäbe", "an encoded letter").as_deref(),
        Some("/api/aufgäb%65")
    );
}
