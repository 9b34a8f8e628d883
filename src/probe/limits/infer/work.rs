//! The work that a fit may do: a search that is cut short has refuted nothing, so it tells nothing.

/// One step is one request that one guess about one limiter is held against.
#[derive(Debug, Clone)]
pub(super) struct Work {
    left: u64,
}

/// The search did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exhausted;

/// The steps of one inference, all its fits together: five times what the hardest of some hundred drawn limiters took.
const STEPS: u64 = 100_000_000;

impl Default for Work {
    fn default() -> Self {
        Self::of(STEPS)
    }
}

impl Work {
    pub(super) fn of(steps: u64) -> Self {
        Self { left: steps }
    }

    /// Does so many steps.
    ///
    /// # Errors
    /// There are not as many left.
    pub(super) fn take(&mut self, steps: usize) -> Result<(), Exhausted> {
        let left = self.left.checked_sub(steps as u64);
        self.left = left.unwrap_or_default();
        left.map(drop).ok_or(Exhausted)
    }
}

/// Does it where it keeps nothing else from running.
pub(super) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The program ends, and nobody waits any more.
        Err(_) => std::future::pending().await,
    }
}
