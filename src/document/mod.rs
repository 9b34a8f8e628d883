//! Documents that holdpoint writes for people: what they may read, and the templates that say how.

mod bind;
mod cell;
mod comments;
mod digest;
pub mod escape;
mod execution;
mod fill;
mod generated;
mod guide;
mod index;
mod judged;
mod lines;
mod memory;
mod notes;
mod outline;
pub mod reading;
pub mod recall;
pub mod region;
mod remark;
mod roster;
mod scan;
mod sheet;
mod signing;
mod slot;
pub mod store;
mod template;
mod update;
mod view;

pub use comments::with_comments;
pub use digest::{Difference, Digests, digests};
pub use execution::{
    AreaGuide, CheckGuide, Chosen, EXECUTION_GUIDE, ExecutionGuide, LevelGuide, StatusGuide,
    VariableGuide,
};
pub use generated::{
    GENERATED, Generated, Part, PartView, RestsOn, Standing as Summary, Together, Unmet,
    VariableView,
};
pub use guide::{Domain, Item, Remaining, Tally};
pub use judged::{ItemState, Judged, Standing};
pub use lines::asked_for;
pub use memory::{Known, Memory};
pub use region::{Region, RegionFault};
pub use remark::{Change, Remark, Subject};
pub use scan::scan;
pub use slot::{
    ADDRESS_DEPTH, ADDRESS_WORDS, Address, Context, Heading, ListItem, OptionMark, Scan, Slot,
    SlotKind, Wants, normal,
};
pub use update::{Options, Updated, restore, update};
pub use view::{
    CountView, DecisionView, EvidenceView, FaultView, FindingView, NoteView, SeverityView,
    SignatureView, SubjectView, View,
};

#[cfg(test)]
mod tests;
