//! Tests of volleys, against limiters that are played.

use super::*;
use crate::probe::limits::burst::{Flight, Refusal};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

/// A limiter that lets so many of each volley through.
struct Played {
    passes: Vec<u64>,
    seconds: f64,
    left: f64,
    fails: bool,
    volleys: u64,
    waited: f64,
}

impl Played {
    fn new(passes: &[u64]) -> Self {
        Self {
            passes: passes.iter().rev().copied().collect(),
            seconds: 0.1,
            left: 100.0,
            fails: false,
            volleys: 0,
            waited: 0.0,
        }
    }

    fn look(&mut self, limit: u64, window: f64, sent: u64) -> Told {
        look(self, Claim { limit, window }, Some(200), sent)
            .now_or_never()
            .expect("nothing really waits")
    }
}

impl World for Played {
    fn ask(&mut self, _: Option<u16>) -> BoxFuture<'_, Seen> {
        unreachable!("a volley is all that is sent")
    }
    fn wait(&mut self, seconds: f64) -> BoxFuture<'_, ()> {
        self.waited += seconds;
        std::future::ready(()).boxed()
    }
    fn now(&self) -> f64 {
        self.waited
    }
    fn left(&self) -> f64 {
        self.left - self.waited
    }
    fn together(&mut self, many: u64, _: Option<u16>) -> BoxFuture<'_, Vec<Flight>> {
        self.volleys += 1;
        let passes = self.passes.pop().expect("no more volleys than are played");
        let (now, seconds, fails) = (self.waited, self.seconds, self.fails);
        let flights = (0..many).map(move |number| {
            let seen = match number {
                0 if fails => Seen::Failed(500),
                _ if number < passes => Seen::Admitted {
                    status: 200,
                    limit: None,
                    remaining: None,
                },
                _ => Seen::Refused(Refusal {
                    status: 429,
                    retry_after: None,
                    limit: None,
                    announced: false,
                }),
            };
            (seen, now, now + seconds)
        });
        std::future::ready(flights.collect()).boxed()
    }
}

fn untold(told: &Told) -> &str {
    match &told.outcome {
        Outcome::Untold(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_limit_that_counts_everything_holds() {
    for passes in [1, 9, 10] {
        let mut world = Played::new(&[passes]);
        let told = world.look(10, 10.0, 0);
        assert_eq!(told.outcome, Outcome::Held);
        assert_eq!(told.fact()["passed"], passes);
        assert_eq!(told.fact()["volley"], 15);
        assert!(world.waited > 2.0 * 10.0, "{}", world.waited);
    }
}

#[test]
fn more_must_pass_twice() {
    assert_eq!(
        Played::new(&[15, 12]).look(10, 10.0, 0).outcome,
        Outcome::Raced
    );
    let once = Played::new(&[15, 10]).look(10, 10.0, 0);
    assert!(untold(&once).contains("once"), "{once:?}");
}

#[test]
fn a_bucket_may_fill_up_meanwhile() {
    let mut slow = Played::new(&[12]);
    slow.seconds = 2.0;
    assert_eq!(slow.look(10, 10.0, 0).outcome, Outcome::Held);
    let mut slower = Played::new(&[15]);
    slower.seconds = 6.0;
    assert!(untold(&slower.look(10, 10.0, 0)).contains("the answers took 6.0 s"));
}

#[test]
fn what_cannot_be_told_sends_nothing_more() {
    let mut many = Played::new(&[]);
    assert!(untold(&many.look(46, 10.0, 0)).contains("50 at most"));
    assert!(untold(&many.look(10, 60.0, 0)).contains("60 s"));
    assert!(untold(&many.look(10, 10.0, BUDGET - 14)).contains("a volley of 15"));
    many.left = 20.0;
    assert!(untold(&many.look(10, 10.0, 0)).contains("no time left"));
    assert_eq!(many.volleys, 0);
    let refusing = Played::new(&[0]).look(10, 10.0, 0);
    assert!(
        untold(&refusing).contains("refused already"),
        "{refusing:?}"
    );
    let mut broken = Played::new(&[15]);
    broken.fails = true;
    assert!(untold(&broken.look(10, 10.0, 0)).contains("status 500"));
    assert_eq!(broken.volleys, 1);
}
