//! Running a plan: limits, deadlines, and what was observed kept whatever happens.

use super::docket::{Observations, clears, without_secrets};
use super::event::Event;
use super::look;
use super::plan::Plan;
use crate::evidence::{RecordWriter, WriteFault, seal};
use crate::model::{Finding, Hindrance, HindranceKind, Leftover, Observation};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OnceCell, Semaphore, watch};
use tokio::task::JoinSet;

/// How much at once, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The time allowed for the whole run.
    pub deadline: Option<Duration>,
    /// Looks at once.
    pub concurrency: usize,
    /// Looks at once at one origin.
    pub per_host: usize,
    /// Further attempts after a passing fault.
    pub retries: u32,
}

/// Why a run ended before everything was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutShort {
    /// Its deadline passed.
    Deadline,
    /// The user interrupted it.
    Interrupted,
}

impl CutShort {
    /// The word in the record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
        }
    }

    /// What it means for a check that was not looked at.
    pub fn cause(word: &str) -> String {
        match word {
            "deadline" => "the run's deadline passed before this was looked at".into(),
            "interrupted" => "the run was interrupted before this was looked at".into(),
            other => format!("the run ended early ({other}) before this was looked at"),
        }
    }
}

/// How long the end of a run waits for a look that does not give way, and for a disk that does not answer.
const GRACE: Duration = Duration::from_millis(250);
/// How long the end of a run waits for services to give up what looks created and could not remove
/// in their time: little where a person waits, longer where the run came to its end.
const REMOVAL: Duration = Duration::from_secs(11);
const HURRIED_REMOVAL: Duration = Duration::from_millis(400);

/// What a run came to.
#[derive(Debug)]
pub struct RunOutcome {
    /// A finding for every check, in the order of the plan.
    pub findings: Vec<Finding>,
    /// Why it ended early.
    pub cut_short: Option<CutShort>,
    /// An observation that could not be recorded, and therefore did not count.
    pub fault: Option<WriteFault>,
    /// What looks created in services and could not remove, with why.
    pub left: Vec<(Leftover, String)>,
}

struct Shared {
    plan: Plan,
    limits: Limits,
    cells: Vec<OnceCell<Arc<Observation>>>,
    everywhere: Semaphore,
    origins: HashMap<String, Semaphore>,
    /// One turn for each origin: two active looks never overlap there.
    active: HashMap<String, Semaphore>,
    record: Arc<RecordWriter>,
    /// What was handed to the record, by the place of its look.
    handed: Mutex<Vec<(usize, Arc<Observation>)>>,
    events: UnboundedSender<Event>,
    fault: Mutex<Option<WriteFault>>,
}

/// Runs a plan to its end, to its deadline, or until `stop` says so; whichever comes first.
pub async fn run(
    plan: Plan,
    limits: Limits,
    record: Arc<RecordWriter>,
    events: UnboundedSender<Event>,
    mut stop: watch::Receiver<bool>,
) -> RunOutcome {
    let per_host = limits.per_host.max(1);
    let origins = plan.looks.iter().filter_map(|look| look.origin.clone());
    let active = plan.looks.iter().filter(|look| look.active);
    let active = active.filter_map(|look| Some((look.origin.clone()?, Semaphore::new(1))));
    let shared = Arc::new(Shared {
        cells: plan.looks.iter().map(|_| OnceCell::new()).collect(),
        everywhere: Semaphore::new(limits.concurrency.max(1)),
        origins: origins
            .map(|origin| (origin, Semaphore::new(per_host)))
            .collect(),
        active: active.collect(),
        plan,
        limits,
        record,
        handed: Mutex::default(),
        events,
        fault: Mutex::new(None),
    });
    let (mut tasks, told) = start(&shared);
    let deadline = async {
        match limits.deadline {
            Some(deadline) => tokio::time::sleep(deadline).await,
            None => std::future::pending().await,
        }
    };
    let finished = async { while tasks.join_next().await.is_some() {} };
    let cut_short = tokio::select! {
        // A run that is through was not cut short.
        biased;
        () = finished => None,
        () = deadline => Some(CutShort::Deadline),
        // A closed channel means that nobody can stop the run; then it goes on.
        Ok(_) = stop.wait_for(|stopped| *stopped) => Some(CutShort::Interrupted),
    };
    // A look that holds its thread is left behind.
    let _ = tokio::time::timeout(GRACE, tasks.shutdown()).await;
    let patience = cut_short.map_or(REMOVAL, |_| HURRIED_REMOVAL);
    let left = shared.plan.input.scratch.settle(patience).await;
    let mut observations: Observations = shared
        .cells
        .iter()
        .zip(&shared.plan.looks)
        .filter_map(|(cell, look)| Some((look.id.clone(), cell.get()?.clone())))
        .collect();
    if cut_short.is_some() {
        shared.add_handed(&mut observations).await;
    }
    let findings = match cut_short {
        // What was told on the way is what a replay will find.
        None => concluded(&told),
        Some(_) => None,
    };
    let findings = findings.unwrap_or_else(|| {
        let cause = cut_short.map(|cut| CutShort::cause(cut.word()));
        shared.plan.docket.findings(&observations, cause.as_deref())
    });
    let findings = without_secrets(findings, &shared.plan.input.secrets);
    let fault = shared
        .fault
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    RunOutcome {
        findings,
        cut_short,
        fault,
        left,
    }
}

/// Tells what a check concluded, once it has.
type Told = watch::Receiver<Option<Arc<Finding>>>;

/// Every finding, if every check came to one.
fn concluded(told: &[Told]) -> Option<Vec<Finding>> {
    told.iter()
        .map(|finding| finding.borrow().as_deref().cloned())
        .collect()
}

/// One task for each check; it waits for its prerequisites, then for its looks.
fn start(shared: &Arc<Shared>) -> (JoinSet<()>, Vec<Told>) {
    let count = shared.plan.docket.cases.len();
    let (tell, told): (Vec<_>, Vec<_>) = (0..count)
        .map(|_| watch::channel(None::<Arc<Finding>>))
        .unzip();
    let mut tasks = JoinSet::new();
    for (place, tell) in tell.into_iter().enumerate() {
        let shared = shared.clone();
        let mut needs: Vec<_> = shared.plan.docket.cases[place]
            .needs
            .iter()
            .map(|need| told[*need].clone())
            .collect();
        tasks.spawn(async move {
            let mut cleared = Vec::with_capacity(needs.len());
            for need in &mut needs {
                // A prerequisite that ended without a finding was itself cut short.
                let Ok(known) = need.wait_for(Option::is_some).await else {
                    return;
                };
                cleared.extend(known.clone());
            }
            let mut observations = Observations::new();
            if cleared.iter().all(|need| clears(need)) {
                observations = shared.observe(place).await;
            }
            let needs = cleared.iter().map(AsRef::as_ref);
            let finding = shared
                .plan
                .docket
                .finding(place, needs, &observations, None);
            let _ = shared
                .events
                .send(Event::Concluded(Box::new(finding.clone())));
            // Dependants may all have gone.
            let _ = tell.send(Some(Arc::new(finding)));
        });
    }
    (tasks, told)
}

impl Shared {
    /// Adds what was on its way to the disk when the run was cut short: a replay will see it too.
    async fn add_handed(&self, observations: &mut Observations) {
        let flushed = tokio::time::timeout(GRACE, self.record.flush()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            return;
        }
        let handed =
            std::mem::take(&mut *self.handed.lock().unwrap_or_else(PoisonError::into_inner));
        for (place, seen) in handed {
            let id = self.plan.looks[place].id.clone();
            observations.entry(id).or_insert(seen);
        }
    }

    /// Makes the looks of a case, all at once as far as the limits allow.
    async fn observe(&self, place: usize) -> Observations {
        let ids = &self.plan.docket.cases[place].looks;
        let looks = self
            .plan
            .looks
            .iter()
            .enumerate()
            .filter(|(_, look)| ids.contains(&look.id));
        let all =
            looks.map(|(place, look)| async move { (look.id.clone(), self.look(place).await) });
        futures_util::future::join_all(all)
            .await
            .into_iter()
            .collect()
    }

    /// The observation of a look, made now or already.
    async fn look(&self, place: usize) -> Arc<Observation> {
        self.cells[place]
            .get_or_init(|| self.make(place))
            .await
            .clone()
    }

    async fn make(&self, place: usize) -> Arc<Observation> {
        let task = &self.plan.looks[place];
        let turns = if task.exclusive {
            self.limits.per_host.max(1)
        } else {
            1
        };
        let turns = u32::try_from(turns).unwrap_or(u32::MAX);
        let origin = task.origin.as_ref();
        let alone = match origin.and_then(|origin| self.active.get(origin)) {
            Some(turn) if task.active => turn.acquire().await.ok(),
            _ => None,
        };
        // The turn at the origin comes first: a slow origin must not hold places that others could use.
        let origin = match origin.and_then(|origin| self.origins.get(origin)) {
            Some(origin) => origin.acquire_many(turns).await.ok(),
            None => None,
        };
        let everywhere = self.everywhere.acquire().await.ok();
        let seen = look::make(
            place,
            task,
            &self.plan.input,
            self.limits.retries,
            &self.events,
        )
        .await;
        drop((alone, origin, everywhere));
        let (sealed, line) = seal(seen, &self.plan.input.secrets);
        let sealed = Arc::new(sealed);
        let handed = self.record.append(line);
        self.handed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((place, sealed.clone()));
        let kept = match handed.written().await {
            Ok(()) => sealed,
            Err(fault) => {
                let cause = fault.to_string();
                self.fault
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(fault);
                let hindrance = Some(Hindrance::new(HindranceKind::Internal, cause));
                Arc::new(Observation {
                    facts: serde_json::Map::new(),
                    hindrance,
                    ..sealed.as_ref().clone()
                })
            }
        };
        let _ = self.events.send(Event::LookEnded { look: place });
        kept
    }
}

#[cfg(test)]
mod tests;
