//! Documents that holdpoint writes for people: what they may read, and the templates that say how.

pub mod escape;
mod execution;
mod generated;
mod guide;
pub mod reading;
pub mod region;
mod scan;
mod slot;
mod template;
mod view;

pub use execution::{
    AreaGuide, CheckGuide, Chosen, EXECUTION_GUIDE, ExecutionGuide, LevelGuide, StatusGuide,
    VariableGuide,
};
pub use generated::{
    GENERATED, Generated, Part, PartView, RestsOn, Standing, Together, Unmet, VariableView,
};
pub use guide::{Domain, Item, Remaining, Tally};
pub use region::{Region, RegionFault};
pub use scan::scan;
pub use slot::{
    Address, Context, Heading, ListItem, OptionMark, Scan, Slot, SlotKind, Wants, normal,
};
pub use view::{
    CountView, DecisionView, EvidenceView, FaultView, FindingView, NoteView, SeverityView,
    SubjectView, View,
};

#[cfg(test)]
mod tests;
