//! Planning and running: equal looks are made once, prerequisites are ordered, nothing outlives its time.

mod docket;
mod event;
mod interpolate;
mod look;
mod plan;
mod replay;
mod run;

pub use docket::{Case, Docket};
pub use event::Event;
pub use plan::{LookTask, Plan, PlanInput};
pub use replay::{recorded, replay};
pub use run::{CutShort, Limits, RunOutcome, run};
