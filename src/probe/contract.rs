//! What every probe promises: it declares its parameters and facts, looks once, and never judges.

use crate::model::{
    Application, Environment, Excerpt, FactKind, FactSpec, Facts, Hindrance, Level, Target,
};
use crate::secret::Book;
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A way to look at one kind of thing. The only code that touches the world.
///
/// A probe returns facts or says what kept it from looking. It never judges, never prints, never
/// reads the clock or the process environment but through its context, and may panic: the engine
/// turns that into an inconclusive verdict.
pub trait Probe: Send + Sync {
    /// The declaration: name, parameters, facts.
    fn spec(&self) -> ProbeSpec;

    /// Splits parameters that name several things (`paths = [...]`) into one set for each look,
    /// each with every default written out, so that equal looks have equal parameters.
    ///
    /// # Errors
    /// Says which parameter is wrong and how to mend it; the catalogue adds the place.
    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String>;

    /// What one look is called: `GET /api/health`.
    fn label(&self, parameters: &Facts, context: &Context) -> String;

    /// The origin that the look speaks to, such as `https://host:443`; none for local looks.
    /// Looks at one origin share its limit.
    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String>;

    /// The level that a look with these parameters needs: what the declaration says, more for the active looks
    /// of a probe that mostly reads, or less where a parameter has it read files in place of asking somebody.
    fn level(&self, _parameters: &Facts) -> Level {
        self.spec().level
    }

    /// What an active look with these parameters may send.
    fn budget(&self, _parameters: &Facts) -> Budget {
        Budget::default()
    }

    /// Looks once. The engine holds the deadline, retries transient hindrances and records.
    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        wanted: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting>;
}

/// The declaration of a probe: what check files may write and expectations may read.
#[derive(Debug, Clone)]
pub struct ProbeSpec {
    /// The name, as check files write it.
    pub name: &'static str,
    /// Raised when the meaning of a fact changes; part of every observation.
    pub version: u32,
    /// What it looks at and what it never does, in a sentence or two.
    pub summary: &'static str,
    /// The least level of a check that uses it.
    pub level: Level,
    /// No other look may speak to the same origin at the same time.
    pub exclusive: bool,
    /// It looks at the target, so it cannot look where none is given.
    pub needs_target: bool,
    /// The parameters.
    pub parameters: Vec<ParameterSpec>,
    /// The facts.
    pub facts: Vec<FactSpec>,
}

/// What one active look may send. The transport holds it to that. A connection to a mail server or a mailbox counts
/// as one request with all that is said over it, and so does a run of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The most requests, over all attempts.
    pub requests: u32,
    /// It measures by sending as fast as it is answered, and so is not held to a rate. Such a look ends its
    /// bursts itself, and takes a 503 after healthy answers for what a limiter says.
    pub bursts: bool,
}

impl Default for Budget {
    /// 200 requests at the common rate: more than any look needs that walks through a sign-in.
    fn default() -> Self {
        Self {
            requests: 200,
            bursts: false,
        }
    }
}

/// The declaration of one parameter.
#[derive(Debug, Clone)]
pub struct ParameterSpec {
    /// The key in the `[look]` table.
    pub name: &'static str,
    /// The type.
    pub kind: FactKind,
    /// Must it be given?
    pub required: bool,
    /// Words that are allowed, where only some are.
    pub choices: &'static [&'static str],
    /// One line: what it does, with its default.
    pub meaning: &'static str,
}

/// What one look saw.
#[derive(Debug, Clone, Default)]
pub struct Sighting {
    /// The facts, with every declared fact present unless a hindrance is given.
    pub facts: Facts,
    /// What kept the probe from looking. Facts may be partial then and are not judged.
    pub hindrance: Option<Hindrance>,
    /// The hindrance is of a kind that another attempt may not meet: a failed connection, 502, 503,
    /// 504, or 429 with Retry-After. Set on facts too: a 503 is judged only when retries are spent.
    pub transient: Option<Transient>,
    /// Raw material to keep, cut to what may be kept.
    pub excerpts: Vec<Excerpt>,
}

/// A passing fault that is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transient {
    /// How long the peer asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl Sighting {
    /// Facts, with nothing in the way.
    pub fn of(facts: Facts) -> Self {
        Self {
            facts,
            ..Self::default()
        }
    }

    /// No facts, because of this.
    pub fn hindered(hindrance: Hindrance) -> Self {
        Self {
            hindrance: Some(hindrance),
            ..Self::default()
        }
    }
}

/// The open-ended facts that some expectation reads, so that a probe records no more than those.
///
/// Paths are lists of keys: `["headers", "x-request-id"]`, `["json", "status"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The paths; an empty tail means the whole fact is read.
    pub paths: BTreeSet<Vec<String>>,
}

impl Wanted {
    /// The paths below a fact: for `json`, each path that an expectation reads inside it.
    pub fn below<'a>(&'a self, fact: &'a str) -> impl Iterator<Item = &'a [String]> {
        self.paths
            .iter()
            .filter(move |path| path.first().is_some_and(|first| first == fact))
            .map(|path| &path[1..])
    }
}

/// What a probe may use of the world: nothing that is not here.
#[derive(Debug, Clone)]
pub struct Context {
    /// The running application, where one was given.
    pub target: Option<Arc<Target>>,
    /// The application's repository.
    pub root: PathBuf,
    /// What the repository says about the application.
    pub application: Arc<Application>,
    /// The variables that are set.
    pub environment: Arc<Environment>,
    /// Everything that must not be written down; probes add what they come upon.
    pub secrets: Arc<Book>,
    /// Clients that are shared by all looks.
    pub transport: Arc<super::transport::Transport>,
    /// The time allowed for this look; the engine also enforces it from outside.
    pub timeout: Duration,
    /// When this look must have ended.
    pub until: Instant,
    /// The present moment in seconds since 1970, for ages.
    pub now: i64,
    /// The run's id, which is part of the name of everything that a probe creates.
    pub run: String,
    /// What takes away again what a probe creates in a service.
    pub scratch: super::Scratch,
}

/// What keeps a look from ending at the very moment at which it is ended.
const MARGIN: Duration = Duration::from_millis(400);

impl Context {
    /// When a look that gives facts even where its time runs out must have them together.
    pub(super) fn deadline(&self) -> Instant {
        let margin = MARGIN.min(self.timeout / 10);
        self.until.checked_sub(margin).unwrap_or(self.until)
    }
}

impl ParameterSpec {
    /// A parameter that need not be given.
    pub fn optional(name: &'static str, kind: FactKind, meaning: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            choices: &[],
            meaning,
        }
    }

    /// A parameter that must be given.
    pub fn required(name: &'static str, kind: FactKind, meaning: &'static str) -> Self {
        Self {
            name,
            kind,
            required: true,
            choices: &[],
            meaning,
        }
    }

    /// The same, limited to some words.
    pub fn one_of(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }
}
