//! The plan of probing: drain the limiter, watch it recover, and ask again where its families would part.

use super::fit::{Family, Fit, Fitting};
use super::log::{Attempt, Log};
use super::told::{Ending, Probed};
use super::work::{Exhausted, Work, apart};
use crate::probe::limits::burst::{Seen, World};
use crate::probe::limits::subject::Claim;

/// The most requests of one inference.
pub(in crate::probe::limits) const REQUESTS: u64 = 800;
/// The most seconds.
pub(in crate::probe::limits) const SECONDS: f64 = 600.0;
/// Nothing refused in so many requests in a row: no limit is observed.
pub(super) const DRAIN: u64 = 300;
/// Between two requests of a drain, in seconds.
pub(super) const PAUSE: f64 = 0.02;
/// Windows of this length and more are not inferred: it would take too long.
pub(super) const LONGEST: f64 = 300.0;
/// Experiments after the first recovery, at most.
const EXPERIMENTS: usize = 7;
/// Windows that are counted out after these, at most.
const COUNTED: usize = 8;
/// As many server errors in a row end it.
const ERRORS: u32 = 3;

/// How long to leave a server alone that has answered with an error, in seconds.
const BACK_OFF: f64 = 0.5;
/// Answers that wait as long as this, each as long as the one before, were queued. Seconds.
const QUEUED: f64 = 0.08;
/// Requests at once, to see how many a queue holds.
const VOLLEY: u64 = 50;

pub(super) struct Prober<'a> {
    pub(super) world: &'a mut dyn World,
    pub(super) log: Log,
    fitting: Fitting,
    pub(super) fits: Vec<Fit>,
    sent: u64,
    began: f64,
    status: Option<u16>,
    /// What is configured: at least as many pass unless some were used before.
    claim: Option<Claim>,
    /// Answers that wait are known not to be queued.
    unqueued: bool,
    /// Server errors in a row.
    failed: u32,
}

/// Probes until one family is left, or the plan, the budget or the work ends.
pub(in crate::probe::limits) async fn probe(
    world: &mut dyn World,
    claim: Option<Claim>,
    work: Work,
) -> Probed {
    let began = world.now();
    let mut prober = Prober {
        world,
        log: Log::default(),
        fitting: Fitting::within(work),
        fits: Vec::new(),
        sent: 0,
        began,
        status: None,
        claim,
        unqueued: false,
        failed: 0,
    };
    let ending = prober.plans().await;
    Probed {
        ending,
        sent: prober.sent,
        seconds: prober.world.now() - began,
        status: prober.status,
        fits: prober.fits,
        log: prober.log,
    }
}

impl Prober<'_> {
    /// The plan; once more from the start where an answer was lost, or something had been used before.
    async fn plans(&mut self) -> Ending {
        let ended = |told: Result<Ending, Ending>| told.unwrap_or_else(|early| early);
        let first = ended(self.plan().await);
        let again = match &first {
            Ending::Used => true,
            Ending::Spoilt(_) => self.failed < ERRORS,
            _ => false,
        };
        // Two windows, after which every family has forgotten what was asked before.
        let window = self.claim.map_or(LONGEST / 10.0, |claim| claim.window);
        if !again || self.wait(2.1 * window).await.is_err() {
            return first;
        }
        (self.log, self.fits) = Default::default();
        self.fitting.again();
        self.claim = None;
        ended(self.plan().await)
    }

    async fn plan(&mut self) -> Result<Ending, Ending> {
        let start = self.world.now();
        let first = self.drain(DRAIN).await?;
        if self.is_queued() {
            return self.queue().await;
        }
        if !self.log.is_refused() {
            return Ok(Ending::Unrefused);
        }
        if first == 0 || self.claim.is_some_and(|claim| first < claim.limit) {
            return Ok(Ending::Used);
        }
        self.recover(0.2, 1.25).await?;
        let recovered = self.world.now();
        // More than that tells nothing more.
        let most = first * 6 / 10;
        let again = 1 + self.drain(most).await?;
        let steps = again > most && first > 3;
        let mut settled = 0;
        let mut pace = recovered - start;
        for round in 0..EXPERIMENTS + COUNTED {
            // More where it costs little: each makes it less likely that requests of others only happened to fit.
            let is_cheap = self.sent < REQUESTS / 2 && self.left() > SECONDS * 0.75;
            let enough = if is_cheap { 5 } else { 3 };
            if settled >= enough && self.may_be_shared() && self.goes_by_clock() {
                self.count_out(round).await?;
            } else if round >= EXPERIMENTS {
                break;
            } else if self.parts_when_full() {
                self.fill(round).await?;
            } else if steps {
                let window = self.turn(round).unwrap_or(recovered - start);
                self.split(first, window, round).await?;
            } else {
                pace = self.gradual(pace, round).await?;
            }
            self.fit().await?;
            let is_one = self.fits.len() == 1 && self.fits[0].is_exact();
            settled = if is_one { settled + 1 } else { 0 };
            let is_last = round + 1 >= EXPERIMENTS && settled >= 3;
            let is_enough = (is_last || settled >= enough)
                && !self.may_be_shared()
                && !self.is_doubtful().await?;
            if self.fits.is_empty() || is_enough {
                return Ok(if is_enough {
                    Ending::Settled
                } else {
                    Ending::Done
                });
            }
        }
        Ok(Ending::Done)
    }

    /// Which limiters explain the log so far?
    pub(super) async fn fit(&mut self) -> Result<(), Ending> {
        self.fits = self.think(Fitting::fits).await?;
        Ok(())
    }

    /// May the one fit that is left owe itself to a request of somebody else's?
    async fn is_doubtful(&mut self) -> Result<bool, Ending> {
        let fit = self.fits[0].clone();
        self.think(move |fitting, log| fitting.is_doubtful(&fit, log))
            .await
    }

    /// Works on the log without keeping other looks from running. What does not come to its end leaves nothing told.
    async fn think<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Fitting, &Log) -> Result<T, Exhausted> + Send + 'static,
    ) -> Result<T, Ending> {
        let (mut fitting, log) = (std::mem::take(&mut self.fitting), self.log.clone());
        let (fitting, told) = apart(move || {
            let told = work(&mut fitting, &log);
            (fitting, told)
        })
        .await;
        self.fitting = fitting;
        told.map_err(|Exhausted| {
            self.fits.clear();
            let requests = self.log.attempts.len();
            Ending::Spent(format!(
                "more limiters had to be held against the {requests} requests than there is work for, so none is told"
            ))
        })
    }

    fn is_queued(&self) -> bool {
        !self.unqueued && self.log.is_queued(QUEUED)
    }

    /// Answers come one after the other, at a rate of their own: how many wait at most?
    async fn queue(&mut self) -> Result<Ending, Ending> {
        let Some(rate) = self.log.pace() else {
            return Ok(Ending::Done);
        };
        let mut held = Vec::new();
        for _ in 0..2 {
            self.wait(VOLLEY as f64 / rate.0 + 0.5).await?;
            let answers = self.world.together(VOLLEY, self.status).await;
            self.sent += answers.len() as u64;
            let waits = answers.iter().map(|(_, sent, got)| got - sent);
            if waits.fold(0.0, f64::max) * rate.1 < 2.0 {
                // They were answered side by side, so this server is slow and queues nothing.
                self.unqueued = true;
                return Ok(Ending::Used);
            }
            let mut passed = 0;
            for (seen, sent, got) in answers {
                let (admitted, remaining) = self.judge(seen)?;
                passed += u64::from(admitted);
                self.log.attempts.push(Attempt {
                    sent,
                    got,
                    admitted,
                    remaining,
                });
            }
            held.push(passed);
        }
        let (low, high) = (held.iter().min().copied(), held.iter().max().copied());
        let (Some(low), Some(high)) = (low.filter(|low| *low > 0), high) else {
            return Ok(Ending::Done);
        };
        let size = low as f64;
        self.fits = vec![Fit {
            family: Family::LeakyQueue,
            limit: (low, high),
            window: (size / rate.1, size / rate.0),
            rate,
            lump: None,
            began: (0.0, 0.0),
            coincidence: None,
        }];
        // All were held: how many more would be is not known.
        Ok(if low == high && high < VOLLEY {
            Ending::Settled
        } else {
            Ending::Done
        })
    }

    /// Seconds that are left.
    pub(super) fn left(&self) -> f64 {
        let own = SECONDS - (self.world.now() - self.began);
        own.min(self.world.left() - 1.0)
    }

    /// Asks once: was it let through?
    pub(super) async fn once(&mut self) -> Result<bool, Ending> {
        if self.sent >= REQUESTS {
            return Err(Ending::Spent(format!(
                "the {REQUESTS} requests that an inference may send are spent"
            )));
        }
        let sent = self.world.now();
        let mut seen = self.world.ask(self.status).await;
        let got = self.world.now();
        self.sent += 1;
        // Whether it was counted is not known, so this only tells whether the server is well again.
        while matches!(seen, Seen::Failed(_)) && self.failed + 1 < ERRORS {
            self.failed += 1;
            self.wait(BACK_OFF).await?;
            let again = self.world.ask(self.status).await;
            self.sent += 1;
            if !matches!(again, Seen::Failed(_)) {
                break;
            }
            seen = again;
        }
        let (admitted, remaining) = self.judge(seen)?;
        self.log.attempts.push(Attempt {
            sent,
            got,
            admitted,
            remaining,
        });
        Ok(admitted)
    }

    /// Was it let through, and what is left of the limit?
    fn judge(&mut self, seen: Seen) -> Result<(bool, Option<f64>), Ending> {
        match seen {
            Seen::Admitted {
                status, remaining, ..
            } => {
                self.failed = 0;
                self.status = self.status.or(Some(status));
                Ok((true, remaining))
            }
            Seen::Refused(_) => {
                self.failed = 0;
                Ok((false, None))
            }
            Seen::Failed(status) => {
                self.failed += 1;
                let why = format!("request {} was answered with status {status}", self.sent);
                Err(Ending::Spoilt(why))
            }
            Seen::Lost(why) => {
                let why = format!("request {} was not answered: {why}", self.sent);
                Err(Ending::Spoilt(why))
            }
        }
    }

    /// Asks until one is refused: how many were let through?
    pub(super) async fn drain(&mut self, most: u64) -> Result<u64, Ending> {
        let mut passed = 0;
        while passed < most && self.once().await? {
            passed += 1;
            if self.is_queued() {
                break;
            }
            self.wait(PAUSE).await?;
        }
        Ok(passed)
    }

    /// Asks after waits that grow, until one is let through.
    pub(super) async fn recover(&mut self, first: f64, growth: f64) -> Result<(), Ending> {
        let mut rest = first;
        let mut waited = 0.0;
        loop {
            self.wait(rest).await?;
            waited += rest;
            if self.once().await? {
                return Ok(());
            }
            if waited > LONGEST * 1.3 {
                return Err(Ending::Spent(format!(
                    "nothing passed for {waited:.0} s, and windows of {LONGEST:.0} s and more are not inferred"
                )));
            }
            rest *= growth;
        }
    }

    /// Asks at even times, until one is let through; after a window and a half, at growing ones.
    pub(super) async fn poll(&mut self, rest: f64, window: f64) -> Result<(), Ending> {
        let start = self.world.now();
        while self.world.now() - start < window * 1.5 {
            self.wait(rest).await?;
            if self.once().await? {
                return Ok(());
            }
        }
        self.recover(window * 0.6, 1.5).await
    }

    pub(super) async fn wait(&mut self, seconds: f64) -> Result<(), Ending> {
        if seconds > self.left() {
            let spent = self.world.now() - self.began;
            return Err(Ending::Spent(format!(
                "after {spent:.0} s, the time does not allow waiting for {seconds:.0} s more"
            )));
        }
        self.world.wait(seconds).await;
        Ok(())
    }
}
