//! What a probe leaves in a service for a moment, and what takes it away again whatever happens.

use super::transport::removing;
use crate::model::{Leftover, Pledges};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long one removal may take; a service that does not answer must not hold up the run.
const REMOVAL: Duration = Duration::from_secs(10);

/// The scratch things of a run.
#[derive(Debug, Clone)]
pub struct Scratch {
    pledges: Arc<dyn Pledges>,
    removals: Arc<Mutex<JoinSet<()>>>,
    failed: Arc<Mutex<Vec<(Leftover, String)>>>,
}

impl Scratch {
    /// Writes promises down in `pledges`.
    pub fn new(pledges: Arc<dyn Pledges>) -> Self {
        Self {
            pledges,
            removals: Arc::default(),
            failed: Arc::default(),
        }
    }

    /// Promises to remove what is about to be created. Call it before creating; `removal` must also
    /// succeed where the thing was not created after all, or is gone already.
    ///
    /// # Errors
    /// The promise could not be written down; then create nothing.
    pub fn promise<F>(&self, leftover: Leftover, removal: F) -> Result<Promise, String>
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let id = self.pledges.open(&leftover)?;
        Ok(Promise {
            scratch: self.clone(),
            open: Some(Open {
                id,
                leftover,
                removal: removal.boxed(),
            }),
        })
    }

    /// Waits for the removals of looks that were cut short, and tells what could not be removed, and why.
    pub async fn settle(&self, patience: Duration) -> Vec<(Leftover, String)> {
        let mut removals = std::mem::take(&mut *lock(&self.removals));
        let all = async { while removals.join_next().await.is_some() {} };
        // What is not done by then stays promised, and the next run names it.
        let _ = tokio::time::timeout(patience, all).await;
        std::mem::take(&mut *lock(&self.failed))
    }

    async fn carry_out(self, open: Open) -> Result<(), String> {
        let outcome = tokio::time::timeout(REMOVAL, removing(open.removal)).await;
        let outcome = outcome.unwrap_or_else(|_| Err("the service did not answer".into()));
        match &outcome {
            Ok(()) => self.pledges.close(open.id),
            Err(cause) => lock(&self.failed).push((open.leftover, cause.clone())),
        }
        outcome
    }
}

impl Default for Scratch {
    /// Writes nothing down; for looks outside a run.
    fn default() -> Self {
        Self::new(Arc::new(Unwritten))
    }
}

struct Open {
    id: u64,
    leftover: Leftover,
    removal: BoxFuture<'static, Result<(), String>>,
}

/// A promise to remove one thing. Dropping it, as a timeout or Ctrl-C does, removes the thing too.
#[must_use = "the thing is removed when this is dropped"]
pub struct Promise {
    scratch: Scratch,
    open: Option<Open>,
}

impl Promise {
    /// Removes the thing now.
    ///
    /// # Errors
    /// Why it could not be removed; the run will say so too.
    pub async fn keep(mut self) -> Result<(), String> {
        // A look that is cut short here must not stop the removal.
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let scratch = self.scratch.clone();
        let task = self
            .scratch
            .spawn(async move { scratch.carry_out(open).await });
        task.await
            .unwrap_or_else(|_| Err("the removal was ended".into()))
    }
}

impl Scratch {
    /// Runs on the runtime rather than in the look, which may be dropped at any time.
    fn spawn<F>(&self, removal: F) -> tokio::sync::oneshot::Receiver<Result<(), String>>
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let (tell, told) = tokio::sync::oneshot::channel();
        lock(&self.removals).spawn(async move {
            // Nobody listens any more where the look was cut short.
            let _ = tell.send(removal.await);
        });
        told
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let Some(open) = self.open.take()
            && tokio::runtime::Handle::try_current().is_ok()
        {
            let scratch = self.scratch.clone();
            drop(
                self.scratch
                    .spawn(async move { scratch.carry_out(open).await }),
            );
        }
    }
}

/// Promises of looks outside a run.
#[derive(Debug)]
struct Unwritten;

impl Pledges for Unwritten {
    fn open(&self, _: &Leftover) -> Result<u64, String> {
        Ok(0)
    }
    fn close(&self, _: u64) {}
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug, Default)]
    struct Counted {
        opened: AtomicUsize,
        closed: AtomicUsize,
    }

    impl Pledges for Counted {
        fn open(&self, _: &Leftover) -> Result<u64, String> {
            Ok(self.opened.fetch_add(1, Ordering::SeqCst) as u64)
        }
        fn close(&self, _: u64) {
            self.closed.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn thing() -> Leftover {
        Leftover {
            service: "a service".into(),
            what: "a thing".into(),
            removal: "remove it".into(),
            expires_after: None,
        }
    }

    #[tokio::test]
    async fn what_is_kept_dropped_or_cut_short_is_removed() {
        let counted = Arc::new(Counted::default());
        let scratch = Scratch::new(counted.clone());
        scratch
            .promise(thing(), async { Ok(()) })
            .unwrap()
            .keep()
            .await
            .unwrap();
        drop(scratch.promise(thing(), async { Ok(()) }).unwrap());
        let held = scratch.promise(thing(), async { Ok(()) }).unwrap();
        let look = tokio::spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        look.abort();
        let _ = look.await;
        assert_eq!(scratch.settle(Duration::from_secs(20)).await, []);
        assert_eq!(counted.opened.load(Ordering::SeqCst), 3);
        assert_eq!(counted.closed.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn what_cannot_be_removed_is_told_and_stays_open() {
        let counted = Arc::new(Counted::default());
        let scratch = Scratch::new(counted.clone());
        let promise = scratch.promise(thing(), async { Err("refused".into()) });
        assert_eq!(promise.unwrap().keep().await, Err("refused".into()));
        let told = scratch.settle(Duration::from_secs(20)).await;
        assert_eq!(told, [(thing(), "refused".to_owned())]);
        assert_eq!(counted.closed.load(Ordering::SeqCst), 0);
    }
}
