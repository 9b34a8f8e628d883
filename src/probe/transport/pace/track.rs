//! What active looks did to one origin, and when the next request may go there; pure, so that tests bring their own time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most requests that the active looks of a run send to one origin.
pub(super) const MOST: u32 = 2000;
/// Server errors in a row after which nothing more is sent.
const ERRORS: u32 = 3;
/// Wishes to be left alone (503 with a Retry-After, a mail server's 4xx) in a row after which nothing more is sent.
const WISHES: u32 = 10;
/// How long an origin is left alone after a server error; it doubles with each in a row.
const BACK_OFF: Duration = Duration::from_millis(500);
/// The longest that a Retry-After is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The least time between two requests to another machine: ten a second.
pub(super) const GAP: Duration = Duration::from_millis(100);
/// Answers whose median is a latency.
const SAMPLE: usize = 5;
/// A median so many times the first one, and so much longer, is a server under strain.
const STRAIN: (u32, Duration) = (3, Duration::from_millis(200));
/// The longest that a server under strain is given between two requests.
const REST: Duration = Duration::from_secs(2);

/// Which rules hold for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// It waits for its turn, and longer where latency rises: not on this machine, and not in a burst.
    pub(super) paced: bool,
    /// It belongs to a look that measures by bursts.
    pub(super) bursts: bool,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The status, and how long it took without the connection.
    Answered {
        status: u16,
        retry_after: Option<Duration>,
        latency: Duration,
    },
    /// A mail server spoke, and its greeting took so long.
    Spoke { latency: Duration },
    /// A mail server asks to come back later (any 4xx but 421).
    Later(u16),
    /// A mail server gives up and closes (421).
    GaveUp(u16),
    /// The server took the request and gave no answer.
    Unanswered,
    /// It never reached the server, so it tells nothing of how that fares.
    Unsent,
}

/// May a request go now?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// Yes, and it is counted.
    Now,
    /// Not before this moment.
    At(Instant),
    /// No, for the rest of the run, because of this.
    Never(String),
}

/// One origin in one run.
#[derive(Debug, Default)]
pub(super) struct Track {
    sent: u32,
    /// Server errors since the last healthy answer.
    errors: u32,
    /// Wishes to be left alone since the last healthy answer.
    wishes: u32,
    /// The last answer that tells was a healthy one.
    healthy: bool,
    /// Why nothing more is sent.
    stopped: Option<String>,
    /// Nothing is sent before.
    next: Option<Instant>,
    /// The latencies of the first answers, and of the last.
    first: Vec<Duration>,
    last: VecDeque<Duration>,
}

impl Track {
    /// Asks for a turn.
    pub(super) fn turn(&mut self, now: Instant, rules: Rules, origin: &str) -> Turn {
        if let Some(cause) = &self.stopped {
            return Turn::Never(cause.clone());
        }
        if self.sent >= MOST {
            return Turn::Never(format!(
                "{MOST} requests were sent to {origin} by active looks, and a run sends no more"
            ));
        }
        if let Some(next) = self.next.filter(|next| *next > now) {
            return Turn::At(next);
        }
        self.sent += 1;
        self.next = rules.paced.then(|| now + GAP);
        Turn::Now
    }

    /// Counts a request that is sent whatever happens.
    pub(super) fn count(&mut self) {
        self.sent += 1;
    }

    /// Takes note of what became of `asked` (`GET /x`).
    pub(super) fn note(&mut self, now: Instant, rules: Rules, asked: &str, outcome: Outcome) {
        let error = match outcome {
            Outcome::Unsent => return,
            Outcome::Unanswered => "no answer".to_owned(),
            Outcome::Spoke { latency } => return self.heal(now, rules, latency),
            Outcome::Later(code) => {
                let after = BACK_OFF * 2u32.pow(self.wishes.min(4));
                return self.leave(now, rules, after, &code.to_string(), asked);
            }
            Outcome::GaveUp(code) => code.to_string(),
            // Not implemented, and a version of HTTP that is not spoken: answers to the question, not failures.
            Outcome::Answered {
                status: 501 | 505,
                latency,
                ..
            } => return self.heal(now, rules, latency),
            Outcome::Answered {
                status, latency, ..
            } if status < 500 => return self.heal(now, rules, latency),
            // How limiters refuse, and how a site says that it is being mended: no failure, but a wish to be left alone.
            Outcome::Answered {
                status: 503,
                retry_after: Some(after),
                ..
            } => {
                let after = after.clamp(BACK_OFF, PATIENCE);
                return self.leave(now, rules, after, "503 with Retry-After", asked);
            }
            // nginx refuses so, without a Retry-After.
            Outcome::Answered { status: 503, .. } if rules.bursts && self.healthy => return,
            Outcome::Answered { status, .. } => status.to_string(),
        };
        self.healthy = false;
        self.errors += 1;
        if self.errors >= ERRORS {
            self.stopped.get_or_insert(format!(
                "stopped after three server errors in a row, the last ({error}) at {asked}"
            ));
        }
        self.wait(now, BACK_OFF * 2u32.pow((self.errors - 1).min(ERRORS)));
    }

    /// It asks to be left alone for a while.
    fn leave(&mut self, now: Instant, rules: Rules, after: Duration, said: &str, asked: &str) {
        if !rules.bursts {
            self.wait(now, after);
            self.wishes += 1;
        }
        if self.wishes >= WISHES {
            self.stopped.get_or_insert(format!(
                "stopped after {WISHES} answers in a row that ask to be left alone, the last ({said}) at {asked}"
            ));
        }
    }

    fn heal(&mut self, now: Instant, rules: Rules, latency: Duration) {
        self.healthy = true;
        self.errors = 0;
        self.wishes = 0;
        if self.first.len() < SAMPLE {
            self.first.push(latency);
        }
        if self.last.len() == SAMPLE {
            self.last.pop_front();
        }
        self.last.push_back(latency);
        if let Some(rest) = self.strain().filter(|_| rules.paced) {
            self.wait(now, rest);
        }
    }

    fn wait(&mut self, now: Instant, time: Duration) {
        self.next = self.next.max(Some(now + time));
    }

    /// How long a server under strain is left alone between two requests: as long as it needs for one.
    fn strain(&self) -> Option<Duration> {
        if self.last.len() < SAMPLE {
            return None;
        }
        let usual = median(self.first.clone())?;
        let now = median(self.last.iter().copied().collect())?;
        let (times, longer) = STRAIN;
        (now > usual * times && now > usual + longer).then(|| now.min(REST))
    }
}

fn median(mut of: Vec<Duration>) -> Option<Duration> {
    of.sort_unstable();
    of.get(of.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACED: Rules = Rules {
        paced: true,
        bursts: false,
    };
    const LOCAL: Rules = Rules {
        paced: false,
        bursts: false,
    };
    const BURST: Rules = Rules {
        paced: false,
        bursts: true,
    };

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    fn status(status: u16) -> Outcome {
        Outcome::Answered {
            status,
            retry_after: None,
            latency: ms(20),
        }
    }

    /// An origin on a clock that goes forward only as far as its turns ask.
    struct Played {
        track: Track,
        began: Instant,
        now: Instant,
    }

    impl Played {
        fn new() -> Self {
            let began = crate::clock::tick();
            Self {
                track: Track::default(),
                began,
                now: began,
            }
        }

        /// Sends when it may, and gives how long it waited; or why it may not.
        fn send(&mut self, rules: Rules, outcome: Outcome) -> Result<Duration, String> {
            let asked = self.now;
            loop {
                match self.track.turn(self.now, rules, "http://a.example:80") {
                    Turn::Now => break,
                    Turn::At(moment) => self.now = moment,
                    Turn::Never(cause) => return Err(cause),
                }
            }
            let waited = self.now - asked;
            if let Outcome::Answered { latency, .. } = outcome {
                self.now += latency;
            }
            self.track.note(self.now, rules, "GET /x", outcome);
            Ok(waited)
        }
    }

    #[test]
    fn another_machine_is_asked_ten_times_a_second() {
        let mut played = Played::new();
        for _ in 0..51 {
            played.send(PACED, status(200)).unwrap();
        }
        assert_eq!(played.now - played.began, ms(5020));
        let mut played = Played::new();
        for rules in [LOCAL, BURST] {
            for _ in 0..50 {
                assert_eq!(played.send(rules, status(200)), Ok(ms(0)));
            }
        }
    }

    #[test]
    fn the_budget_of_a_run_ends_it() {
        let mut played = Played::new();
        for _ in 0..MOST {
            played.send(LOCAL, status(200)).unwrap();
        }
        let cause = played.send(LOCAL, status(200)).unwrap_err();
        assert!(
            cause.starts_with("2000 requests were sent to http://a.example:80"),
            "{cause}"
        );
    }

    #[test]
    fn three_errors_in_a_row_stop_it_and_each_is_waited_for() {
        let mut played = Played::new();
        assert_eq!(played.send(LOCAL, status(500)), Ok(ms(0)));
        assert_eq!(played.send(LOCAL, Outcome::Unanswered), Ok(ms(500)));
        assert_eq!(played.send(LOCAL, status(502)), Ok(ms(1000)));
        for rules in [LOCAL, PACED, BURST] {
            assert_eq!(
                played.send(rules, status(200)).unwrap_err(),
                "stopped after three server errors in a row, the last (502) at GET /x"
            );
        }
    }

    #[test]
    fn a_healthy_answer_between_errors_starts_the_count_anew() {
        let mut played = Played::new();
        for _ in 0..10 {
            assert_eq!(played.send(LOCAL, status(500)), Ok(ms(0)));
            assert_eq!(played.send(LOCAL, status(404)), Ok(ms(500)));
        }
        // Neither heals nor harms: it never got there.
        played.send(LOCAL, status(500)).unwrap();
        played.send(LOCAL, Outcome::Unsent).unwrap();
        played.send(LOCAL, status(500)).unwrap();
        played.send(LOCAL, status(500)).unwrap();
        assert!(played.send(LOCAL, status(200)).is_err());
    }

    #[test]
    fn what_a_limiter_says_is_no_failure() {
        let refusal = |seconds| Outcome::Answered {
            status: 503,
            retry_after: Some(Duration::from_secs(seconds)),
            latency: ms(20),
        };
        let mut played = Played::new();
        for _ in 0..5 {
            assert_eq!(played.send(BURST, refusal(60)), Ok(ms(0)));
        }
        played.send(LOCAL, refusal(2)).unwrap();
        assert_eq!(played.send(LOCAL, refusal(60)), Ok(ms(2000)));
        assert_eq!(played.send(LOCAL, status(200)), Ok(ms(10_000)));
        // Without Retry-After it is a limiter's only in a burst, and only after something was let through.
        for _ in 0..5 {
            assert_eq!(played.send(BURST, status(503)), Ok(ms(0)));
        }
        for _ in 0..3 {
            played.send(LOCAL, status(503)).unwrap();
        }
        assert!(played.send(LOCAL, status(200)).is_err());
        let mut sick = Played::new();
        for _ in 0..3 {
            sick.send(BURST, status(503)).unwrap();
        }
        assert!(sick.send(BURST, status(503)).is_err());
    }

    #[test]
    fn who_asks_to_be_left_alone_for_ever_is() {
        let wish = Outcome::Answered {
            status: 503,
            retry_after: Some(Duration::from_secs(1)),
            latency: ms(20),
        };
        let mut played = Played::new();
        for _ in 0..3 {
            for _ in 1..WISHES {
                played.send(LOCAL, wish).unwrap();
            }
            // One healthy answer starts the count anew.
            played.send(LOCAL, status(200)).unwrap();
        }
        for _ in 0..WISHES {
            played.send(LOCAL, wish).unwrap();
        }
        let cause = played.send(LOCAL, status(200)).unwrap_err();
        assert!(
            cause.starts_with("stopped after 10 answers in a row"),
            "{cause}"
        );
    }

    #[test]
    fn a_mail_server_that_asks_to_come_back_is_given_time() {
        let later = Outcome::Later(451);
        let spoke = Outcome::Spoke { latency: ms(20) };
        let mut played = Played::new();
        assert_eq!(played.send(LOCAL, later), Ok(ms(0)));
        assert_eq!(played.send(LOCAL, later), Ok(ms(500)));
        assert_eq!(played.send(LOCAL, spoke), Ok(ms(1000)));
        for _ in 0..WISHES {
            played.send(LOCAL, later).unwrap();
        }
        assert_eq!(
            played.send(LOCAL, spoke).unwrap_err(),
            "stopped after 10 answers in a row that ask to be left alone, the last (451) at GET /x"
        );
    }

    #[test]
    fn a_mail_server_that_gives_up_three_times_is_given_up() {
        let gone = Outcome::GaveUp(421);
        let mut played = Played::new();
        for _ in 0..2 {
            played.send(LOCAL, gone).unwrap();
        }
        // One session that comes about starts the count anew.
        let spoke = Outcome::Spoke { latency: ms(20) };
        played.send(LOCAL, spoke).unwrap();
        played.send(LOCAL, gone).unwrap();
        played.send(LOCAL, Outcome::Unanswered).unwrap();
        played.send(LOCAL, gone).unwrap();
        assert_eq!(
            played.send(LOCAL, spoke).unwrap_err(),
            "stopped after three server errors in a row, the last (421) at GET /x"
        );
    }

    #[test]
    fn what_is_not_implemented_is_an_answer() {
        let mut played = Played::new();
        for _ in 0..5 {
            assert_eq!(played.send(LOCAL, status(501)), Ok(ms(0)));
        }
    }

    #[test]
    fn rising_latency_slows_it_down_until_it_falls() {
        let after = |latency: u64| Outcome::Answered {
            status: 200,
            retry_after: None,
            latency: ms(latency),
        };
        let mut played = Played::new();
        for _ in 0..5 {
            played.send(PACED, after(50)).unwrap();
        }
        for _ in 0..5 {
            played.send(PACED, after(600)).unwrap();
        }
        assert_eq!(played.send(PACED, after(9000)), Ok(ms(600)));
        for _ in 0..4 {
            played.send(PACED, after(9000)).unwrap();
        }
        assert_eq!(played.send(PACED, after(50)), Ok(REST));
        for _ in 0..4 {
            played.send(PACED, after(50)).unwrap();
        }
        assert_eq!(played.send(PACED, after(50)), Ok(ms(50)));
    }
}
