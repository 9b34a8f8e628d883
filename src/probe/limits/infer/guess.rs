//! One guess about a limiter: what may be true of it at one moment.

use super::log::Event;
use super::region::Region;
use super::windows::Windows;

/// What may be true at one moment: counts, and the unknowns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guess {
    /// x is an instant, y the window; of a bucket, y is the rate and x = rate × time − tokens.
    pub(super) region: Region,
    /// When the window ends at the earliest.
    pub(super) ends: f64,
    /// In the window so far, or tokens that are left.
    pub(super) count: u32,
    /// In the window before.
    pub(super) earlier: u32,
    pub(super) windows: Windows,
}

impl Guess {
    /// The same for a counter: the last of the requests that pass has room beside the earlier window, and the refused one has not.
    pub(super) fn foresee(&mut self, event: &Event, limit: u32) {
        if event.refused >= self.ends {
            return;
        }
        let earlier = f64::from(self.earlier);
        let room = f64::from(limit) - f64::from(event.run);
        if event.run > 0 {
            self.region
                .keep(earlier, earlier - room - 1.0, earlier * event.refused);
        }
        self.region
            .keep(-earlier, room - earlier, -earlier * event.from);
    }

    /// A window has just begun with room for so many, and each that follows adds so many more. Before the next refusal all of
    /// that room is used up, so as many requests must pass, and no more than the windows until then have room for.
    pub(super) fn is_doomed(&self, event: &Event, room: u32, more: u32) -> bool {
        if event.refused.is_infinite() {
            return false;
        }
        let rest = event.refused - self.ends;
        let windows = if rest < 0.0 {
            0.0
        } else {
            (rest / self.region.y().0).floor() + 1.0
        };
        event.run < room || f64::from(event.run) > f64::from(room) + f64::from(more) * windows
    }
}

/// Makes one of those that count the same: their regions and whatever lies between, which keeps too much and never too
/// little. `slope` is the direction, beside both unknowns themselves, in which the region is bounded.
pub(super) fn merge(guesses: &mut Vec<Guess>, slope: f64) {
    guesses.sort_by_key(|guess| (guess.count, guess.earlier));
    let alike = guesses.chunk_by(|a, b| (a.count, a.earlier) == (b.count, b.earlier));
    let merged = alike.map(|alike| {
        let span = |a: f64, b: f64| {
            let spans = alike.iter().map(|guess| guess.region.span(a, b));
            spans.fold((f64::INFINITY, f64::NEG_INFINITY), |hull, span| {
                (hull.0.min(span.0), hull.1.max(span.1))
            })
        };
        let mut region = Region::rectangle(span(1.0, 0.0), span(0.0, 1.0));
        let (low, high) = span(1.0, slope);
        region.keep(1.0, slope, high);
        region.keep(-1.0, -slope, -low);
        let mut windows = alike[0].windows;
        for other in &alike[1..] {
            windows.join(&other.windows);
        }
        Guess {
            region,
            windows,
            ends: region.span(1.0, 1.0).0,
            ..alike[0]
        }
    });
    *guesses = merged.collect();
}
