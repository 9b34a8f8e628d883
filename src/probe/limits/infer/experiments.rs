//! The experiments: what to ask next so that the families that are left, or their numbers, part.

use super::fit::{Family, Fit};
use super::probing::{DRAIN, PAUSE, Prober};
use super::told::Ending;

/// Requests of others are held to be excluded where they would have gone unnoticed with no greater probability: one in
/// 4,000.
pub(super) const COINCIDENCE: f64 = 2.5e-4;

impl Prober<'_> {
    /// All come back at once, after about `window` seconds: half of them, the other half later, and then watched.
    pub(super) async fn split(
        &mut self,
        first: u64,
        window: f64,
        round: usize,
    ) -> Result<(), Ending> {
        let turn = round as f64;
        // Off the beat of windows that follow one another.
        let lumps = self
            .fits
            .iter()
            .any(|fit| fit.family == Family::IntervalBucket);
        let windows = if lumps && round > 0 { 2.1 } else { 1.3 };
        self.wait(window * (windows + 0.17 * (turn % 3.0))).await?;
        let half = (first / 2).max(1);
        for _ in 0..half {
            if !self.once().await? {
                break;
            }
            self.wait(PAUSE).await?;
        }
        self.wait(window * (0.35 + 0.09 * (turn % 3.0))).await?;
        self.drain(DRAIN).await?;
        self.poll(window / 12.0, window).await?;
        // All that came back, once; later only whether more came back than the second half.
        self.drain(if round == 0 || first <= 40 {
            DRAIN
        } else {
            half + 2
        })
        .await?;
        Ok(())
    }

    /// They come back one by one, or a few at a time.
    pub(super) async fn gradual(&mut self, step: f64, round: usize) -> Result<f64, Ending> {
        let mut step = step;
        let mut last = None;
        let many = if step > 5.0 { 3 } else { 6 };
        for _ in 0..many {
            self.poll(step / 4.0, step).await?;
            let now = self.world.now();
            step = last.map_or(step, |last| now - last);
            last = Some(now);
            self.drain(DRAIN).await?;
        }
        self.fit().await?;
        self.fill(round).await?;
        self.drain(DRAIN).await?;
        Ok(step)
    }

    /// The window of one of the fits, each in its turn.
    pub(super) fn turn(&self, round: usize) -> Option<f64> {
        let fit = self.fits.get(round % self.fits.len().max(1))?;
        let (low, high) = match (fit.family, fit.lump) {
            (Family::IntervalBucket, Some((lump, _))) => {
                let part = lump as f64 / fit.limit.1 as f64;
                (fit.window.0 * part, fit.window.1 * part)
            }
            _ => fit.window,
        };
        (high < 1.3 * low).then_some((low + high) / 2.0)
    }

    /// Are those that are left told apart, or their sizes, by nothing but a full bucket?
    pub(super) fn parts_when_full(&self) -> bool {
        let is_bucket = |fit: &Fit| {
            let narrow = fit.window.1 < 1.3 * fit.window.0;
            match fit.family {
                Family::TokenBucket | Family::IntervalBucket => narrow,
                Family::FixedAligned => self.fits.len() > 1,
                _ => false,
            }
        };
        let unclear = self.fits.len() > 1 || self.fits.iter().any(|fit| !fit.is_exact());
        unclear && self.fits.iter().all(is_bucket)
    }

    /// Waits until whatever it may be is full again, and drains it.
    pub(super) async fn fill(&mut self, round: usize) -> Result<(), Ending> {
        let full = |fit: &Fit| match (fit.family, fit.lump) {
            (Family::SlidingCounter, _) => 2.0 * fit.window.1,
            (Family::IntervalBucket, Some((lump, _))) => {
                fit.limit.1.div_ceil(lump) as f64 * lump as f64 / fit.rate.0
            }
            _ => fit.window.1,
        };
        let more = 1.03 + 0.04 * round as f64;
        let left = self.left() - 10.0;
        let affordable = self.fits.iter().map(full).filter(|full| full * more < left);
        let longest = affordable.fold(0.0, f64::max);
        self.wait(longest * more).await?;
        self.drain(DRAIN).await?;
        let step = |fit: &Fit| fit.lump.map_or(1.0, |lump| lump.0 as f64) / fit.rate.0;
        let step = self.fits.iter().map(step).fold(f64::INFINITY, f64::min);
        if step.is_finite() {
            self.poll(step / 12.0, step).await?;
        }
        Ok(())
    }

    /// Could others take the same number out of every window, so that the one limit that is left is larger than it looks?
    pub(super) fn may_be_shared(&self) -> bool {
        matches!(self.fits.as_slice(), [one] if one.coincidence.is_some_and(|much| much > COINCIDENCE))
    }

    /// Is it known when the next window begins, whoever asks?
    pub(super) fn goes_by_clock(&self) -> bool {
        let by_clock = [Family::FixedAligned, Family::IntervalBucket];
        self.fits.iter().all(|fit| by_clock.contains(&fit.family))
    }

    /// Counts a window out whose beginning is known: in turn at once, when others have hardly had time to ask, and towards its
    /// end. A bucket in turn when it is full and when a lump has come back.
    pub(super) async fn count_out(&mut self, round: usize) -> Result<(), Ending> {
        let (Some(fit), Some(first)) = (self.fits.first(), self.log.attempts.first()) else {
            return Ok(());
        };
        let lump = fit.lump.map_or(fit.limit.1, |lump| lump.1);
        let is_full = round.is_multiple_of(2) || lump == fit.limit.1;
        let is_late = if lump == fit.limit.1 {
            round.is_multiple_of(2)
        } else {
            matches!(round % 4, 1 | 2)
        };
        let part = lump as f64 / fit.limit.1 as f64;
        let window = (fit.window.0 * part, fit.window.1 * part);
        let many = if is_full { fit.limit.1 } else { lump };
        let is_rested = if lump == fit.limit.1 {
            !is_late
        } else {
            is_full
        };
        let windows = if is_rested { fit.limit.1 / lump + 1 } else { 1 };
        let began = (first.sent + fit.began.0, first.sent + fit.began.1);
        let now = self.world.now();
        let passed = ((now - began.0) / window.0).floor().max(0.0);
        let ahead = passed.max(windows as f64 - 1.0) + 1.0;
        let begins = (began.0 + ahead * window.0, began.1 + ahead * window.1);
        let takes = many as f64 * self.log.usual();
        let at = if is_late {
            begins.1.max(begins.0 + 0.9 * window.0 - takes)
        } else {
            begins.1
        };
        self.wait(at - now + PAUSE).await?;
        self.drain(DRAIN).await?;
        Ok(())
    }
}
