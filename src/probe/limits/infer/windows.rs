//! Windows that were counted out: how likely requests of somebody else's would have gone unnoticed, the same number in each.
//!
//! A limit of 11 from which somebody else takes one in every window looks like a limit of 10. No log refutes that, but each
//! window that is counted out makes it less likely: whoever asks without regard to our windows asks now twice, now not at all,
//! and more where a window was watched for longer.

use super::log::Event;

/// What could be larger than it looks: what a full bucket or a window holds, what comes back at a time, or both.
const LARGER: usize = 3;

/// What is remembered of the windows that were counted out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Windows {
    /// Since when requests of others would have counted in the present one; none once it is counted out.
    since: Option<f64>,
    /// What others took since the last refusal is not known, so nothing is told until the next one.
    is_blind: bool,
    /// How many requests of others each of the larger limits needs in the present one.
    needs: [f64; LARGER],
    /// For so many seconds before it began, any request of others would have begun it earlier.
    idle: f64,
    /// Until when the last request that passed may have been counted.
    last: f64,
    /// Of all that were counted out: for how many seconds they were watched.
    seconds: f64,
    /// How many requests of others are needed in them.
    needed: [f64; LARGER],
    /// The sum of `n·ln(seconds) − ln(n!)`.
    logs: [f64; LARGER],
    /// The logarithm of the coincidence in all that were counted out before these.
    before: [f64; LARGER],
}

/// Windows are watched for no less than this, in seconds.
const LEAST: f64 = 0.001;

impl Default for Windows {
    fn default() -> Self {
        Self {
            since: None,
            is_blind: false,
            needs: [0.0; LARGER],
            idle: 0.0,
            last: f64::NEG_INFINITY,
            seconds: 0.0,
            needed: [0.0; LARGER],
            logs: [0.0; LARGER],
            before: [0.0; LARGER],
        }
    }
}

impl Windows {
    /// A window begins. Where something was left over in the one before, it might have been a bucket that holds more than
    /// comes back at a time.
    pub(super) fn begin(&mut self, now: f64, is_left_over: bool) {
        (self.since, self.is_blind) = (Some(now), false);
        self.needs = [f64::from(u8::from(is_left_over)), 1.0, 1.0];
        self.idle = 0.0;
    }

    /// A bucket overflows.
    pub(super) fn overflow(&mut self, now: f64) {
        (self.since, self.is_blind) = (Some(now), false);
        self.needs = [1.0, 0.0, 1.0];
    }

    /// A window begins with our own request, so many seconds after the one before ended.
    pub(super) fn begin_after(&mut self, idle: f64, now: f64) {
        self.begin(now, true);
        self.idle = idle.max(0.0);
    }

    /// So many lumps came back to a bucket that did not overflow, the first of them now.
    pub(super) fn refill(&mut self, now: f64, lumps: u32) {
        if self.is_blind {
            return;
        }
        if self.since.is_none() {
            self.since = Some(now);
            self.needs = [0.0; LARGER];
        }
        self.needs[1] += f64::from(lumps);
        self.needs[2] += f64::from(lumps);
    }

    /// The last request before the present window may have fallen into it, where it begins no earlier than this. Then one of
    /// others is needed, or that one: the window tells nothing.
    pub(super) fn doubt(&mut self, earliest: f64) {
        if self.last > earliest {
            (self.since, self.is_blind) = (None, true);
        }
    }

    /// A request passes, or is refused, which tells what was left.
    pub(super) fn see(&mut self, event: &Event) {
        if event.admitted {
            self.last = event.to;
            return;
        }
        let now = (event.from + event.to) / 2.0;
        self.is_blind = false;
        let Some(since) = self.since.take() else {
            return;
        };
        let seconds = (now - since).max(LEAST);
        self.seconds += seconds + self.idle;
        for place in 0..LARGER {
            let many = self.needs[place];
            self.needed[place] += many;
            self.logs[place] += many * seconds.ln() - factorial(many);
        }
    }

    /// The greatest probability with which requests that come at random, at any rate, fall just so that a limit larger by one
    /// looks like this one.
    pub(super) fn coincidence(&self) -> f64 {
        self.each()
            .into_iter()
            .fold(f64::NEG_INFINITY, f64::max)
            .exp()
    }

    /// The logarithm of that probability, for each of the larger limits.
    fn each(&self) -> [f64; LARGER] {
        std::array::from_fn(|place| {
            let many = self.needed[place];
            if many == 0.0 {
                return self.before[place];
            }
            // Of all rates the likeliest is the one observed: `many` in `seconds`.
            self.before[place] + self.logs[place] + many * (many / self.seconds).ln() - many
        })
    }

    /// Stands for both from now on, and never for less than either: the likeliest rate of all windows together makes nothing
    /// likelier than each part's own does, so the likelier of the two is kept, and counting begins anew. Of the present window
    /// they know different things, so it tells nothing.
    pub(super) fn join(&mut self, other: &Self) {
        if self == other {
            return;
        }
        let (one, another) = (self.each(), other.each());
        *self = Self {
            is_blind: true,
            last: self.last.max(other.last),
            before: std::array::from_fn(|place| one[place].max(another[place])),
            ..Self::default()
        };
    }
}

/// The logarithm of the factorial.
fn factorial(many: f64) -> f64 {
    (2..=many as u32).map(|one| f64::from(one).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows that begin each 10 s and are counted out after so many seconds.
    fn counted(seconds: &[f64]) -> Windows {
        let mut windows = Windows::default();
        for (place, seconds) in seconds.iter().enumerate() {
            let began = 10.0 * place as f64;
            windows.begin(began, true);
            windows.see(&refusal(began + seconds));
        }
        windows
    }

    fn refusal(at: f64) -> Event {
        Event {
            from: at,
            to: at,
            admitted: false,
            run: 0,
            refused: at,
        }
    }

    #[test]
    fn nothing_is_excluded_before_a_window_is_counted_out() {
        assert_eq!(Windows::default().coincidence(), 1.0);
    }

    /// One in each of n windows as long as one another: at the likeliest rate the probability is e to the -n.
    #[test]
    fn each_window_makes_it_less_likely() {
        let three = counted(&[5.0; 3]).coincidence();
        assert!((three - (-3.0f64).exp()).abs() < 1e-12);
        assert!(counted(&[5.0; 8]).coincidence() < three);
    }

    #[test]
    fn windows_watched_for_different_times_tell_more() {
        let mixed = counted(&[0.5, 9.5, 0.5]);
        assert!(mixed.coincidence() < counted(&[3.5; 3]).coincidence() / 3.0);
    }

    #[test]
    fn a_request_at_the_boundary_tells_nothing() {
        let mut windows = counted(&[5.0; 3]);
        let before = windows.coincidence();
        windows.see(&Event {
            admitted: true,
            ..refusal(30.02)
        });
        windows.begin(30.0, true);
        windows.doubt(30.0);
        windows.see(&refusal(30.5));
        assert_eq!(windows.coincidence(), before);
    }

    #[test]
    fn one_that_stands_for_two_never_tells_more_than_either() {
        let (few, many) = (counted(&[5.0; 3]), counted(&[0.5, 9.5, 0.5]));
        for (one, another) in [(few, many), (many, few)] {
            let mut joined = one;
            joined.join(&another);
            assert!((joined.coincidence() - few.coincidence()).abs() < 1e-12);
            // The present window is known differently.
            joined.refill(31.0, 1);
            joined.see(&refusal(35.0));
            assert!((joined.coincidence() - few.coincidence()).abs() < 1e-12);
            // The next ones count, and to no more than they do in either.
            let (mut one, mut another) = (one, another);
            for windows in [&mut joined, &mut one, &mut another] {
                for begins in [40.0, 50.0] {
                    windows.begin(begins, true);
                    windows.see(&refusal(begins + 2.0));
                }
            }
            let least = one.coincidence().max(another.coincidence());
            assert!(least <= joined.coincidence() && joined.coincidence() < few.coincidence());
        }
    }

    #[test]
    fn the_same_twice_is_that_one() {
        let mut twice = counted(&[5.0; 3]);
        twice.begin(30.0, true);
        let once = twice;
        twice.join(&once);
        assert_eq!(twice, once);
    }

    /// What others took before the lump came back is not known: they may have left all of it.
    #[test]
    fn a_lump_after_a_doubtful_one_tells_nothing_before_a_refusal() {
        let mut windows = Windows::default();
        windows.overflow(0.0);
        windows.see(&refusal(5.0));
        let before = windows.coincidence();
        windows.see(&Event {
            admitted: true,
            ..refusal(10.0)
        });
        windows.refill(10.0, 1);
        windows.doubt(10.0 - 0.1);
        windows.refill(20.0, 1);
        windows.see(&refusal(20.5));
        assert_eq!(windows.coincidence(), before);
        windows.refill(30.0, 1);
        windows.see(&refusal(30.5));
        assert!(windows.needed[1] == 1.0);
    }

    /// A bucket that was seen full once only may hold one more, however often its lumps were counted out.
    #[test]
    fn a_bucket_is_told_by_its_weakest_side() {
        let mut windows = Windows::default();
        windows.overflow(0.0);
        windows.see(&refusal(5.0));
        for place in 1..9 {
            let began = 10.0 * f64::from(place);
            windows.refill(began, 1);
            windows.see(&refusal(began + 0.5));
        }
        // At the likeliest rate of one in nine seconds: 5/9 of e to the -1.
        let once = 5.0 / 9.0 * (-1.0f64).exp();
        assert!((windows.coincidence() - once).abs() < 1e-12);
    }
}
