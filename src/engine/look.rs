//! One look: its turn, its time, its retries, and what comes of a panic.

use super::event::Event;
use super::plan::{LookTask, PlanInput};
use crate::clock;
use crate::model::{Hindrance, HindranceKind, Observation};
use crate::probe::transport::Transport;
use crate::probe::{Context, Sighting, Transient};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The wait before the second attempt; it doubles with each.
const FIRST_DELAY: Duration = Duration::from_millis(200);

/// Makes a look, again where a passing fault was met, and returns what the last attempt saw.
pub(super) async fn make(
    place: usize,
    task: &LookTask,
    input: &PlanInput,
    retries: u32,
    events: &UnboundedSender<Event>,
) -> Observation {
    // Nobody listens any more when the run was cut short.
    let _ = events.send(Event::LookBegan { look: place });
    let started = clock::now();
    let begun = clock::tick();
    let mut attempts = 1;
    let transport = transport(task, input);
    let sighting = loop {
        let context = Context {
            transport: transport.clone(),
            ..input.context(task.timeout)
        };
        let sighting = attempt(task, &context).await;
        let Some(transient) = sighting.transient.filter(|_| attempts <= retries) else {
            break sighting;
        };
        let Some(delay) = delay(transient, attempts, task.timeout) else {
            break sighting;
        };
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let _ = events.send(Event::LookWaits {
            look: place,
            delay_ms,
        });
        tokio::time::sleep(delay).await;
        attempts += 1;
    };
    Observation {
        probe: task.name.into(),
        label: task.label.clone(),
        key: task.id.clone(),
        started,
        duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        attempts,
        facts: sighting.facts,
        hindrance: sighting.hindrance,
        excerpts: sighting.excerpts,
        digest: String::new(),
    }
}

/// The clients for all attempts of a look: an active one is paced.
fn transport(task: &LookTask, input: &PlanInput) -> Arc<Transport> {
    match task.active {
        true => {
            let budget = task.probe.budget(&task.parameters);
            let target = input.target.clone();
            Arc::new(input.transport.for_active(&input.run, target, budget))
        }
        false => input.transport.clone(),
    }
}

async fn attempt(task: &LookTask, context: &Context) -> Sighting {
    let look =
        AssertUnwindSafe(task.probe.look(&task.parameters, &task.wanted, context)).catch_unwind();
    match tokio::time::timeout(task.timeout, look).await {
        Ok(Ok(sighting)) => sighting,
        Ok(Err(panic)) => Sighting::hindered(Hindrance::new(
            HindranceKind::Internal,
            format!("the {} probe failed: {}", task.name, said(panic.as_ref())),
        )),
        Err(_) => Sighting::hindered(Hindrance::new(
            HindranceKind::Timeout,
            format!("no answer within {} ms", task.timeout.as_millis()),
        )),
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
}

/// How long to wait before the next attempt; none when the peer asks for more than the look may take.
fn delay(transient: Transient, attempts: u32, timeout: Duration) -> Option<Duration> {
    match transient.retry_after {
        Some(asked) if asked > timeout => None,
        Some(asked) => Some(asked),
        None => {
            let backoff = FIRST_DELAY * 2u32.saturating_pow(attempts.saturating_sub(1).min(6));
            // Between half and all of it, so that many looks do not come back at once.
            Some(backoff.mul_f64(0.5 + fastrand::f64() / 2.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Facts, Level};
    use crate::probe::{Probe, ProbeSpec, Scratch, Wanted};
    use futures_util::future::BoxFuture;

    /// A probe with a fault of its own.
    struct Panics;

    impl Probe for Panics {
        fn spec(&self) -> ProbeSpec {
            unreachable!("the test makes the task itself")
        }
        fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
            Ok(vec![parameters.clone()])
        }
        fn label(&self, _: &Facts, _: &Context) -> String {
            String::new()
        }
        fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
            None
        }
        fn look<'a>(
            &'a self,
            _: &'a Facts,
            _: &'a Wanted,
            _: &'a Context,
        ) -> BoxFuture<'a, Sighting> {
            Box::pin(async { panic!("index out of bounds") })
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_hindrance_of_our_own() {
        let task = LookTask {
            id: "L1".into(),
            probe: &Panics,
            name: "panics",
            parameters: Facts::new(),
            label: "anything".into(),
            origin: None,
            exclusive: false,
            active: false,
            timeout: Duration::from_secs(5),
            wanted: Wanted::default(),
        };
        let input = PlanInput {
            target: None,
            root: ".".into(),
            application: Arc::default(),
            environment: Arc::default(),
            secrets: Arc::default(),
            transport: Arc::new(Transport::new(None).unwrap()),
            level: Level::Live,
            on_production: false,
            timeout: Duration::from_secs(5),
            run: String::new(),
            scratch: Scratch::default(),
        };
        let (events, _kept) = tokio::sync::mpsc::unbounded_channel();
        let observation = make(0, &task, &input, 2, &events).await;
        let hindrance = observation.hindrance.unwrap();
        assert_eq!(hindrance.kind, HindranceKind::Internal);
        assert!(
            hindrance.cause.contains("index out of bounds"),
            "{hindrance:?}"
        );
        assert_eq!(observation.attempts, 1);
    }
}
