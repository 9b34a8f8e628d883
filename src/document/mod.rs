//! Documents that holdpoint writes for people: what they may read, and the templates that say how.

mod bind;
mod cell;
mod comments;
pub mod escape;
mod fill;
mod guide;
mod judged;
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
mod slot;
pub mod store;
mod template;
mod update;
mod view;

pub use comments::with_comments;
pub use guide::{Domain, Item, Kind, Tally};
pub use judged::{ItemState, Judged, Standing};
pub use memory::{Known, Memory};
pub use remark::{Change, Remark, Subject};
pub use scan::scan;
pub use slot::{
    ADDRESS_DEPTH, ADDRESS_WORDS, Address, Context, Heading, ListItem, OptionMark, Scan, Slot,
    SlotKind, Wants, normal,
};
pub use update::{Options, Updated, restore, update};
pub use view::{
    CountView, DecisionView, EvidenceView, FaultView, FindingView, NoteView, SeverityView,
    SubjectView, View,
};

use crate::diagnostic::{Diagnostic, Source};

/// Where a user's own template of the security sign-off is looked for, below the application's root.
pub const SIGN_OFF_OVERRIDE: &str = ".holdpoint/templates/security-sign-off.md";

/// The shipped template of the security sign-off.
pub fn shipped_sign_off() -> Source {
    Source::new(
        "reports/security-sign-off/template.md",
        include_str!("../../reports/security-sign-off/template.md"),
    )
}

/// `SECURITY_SIGN_OFF.md`: the security guide's checks with what a run says about each, for people to
/// sign. The same view and template give the same bytes.
///
/// # Errors
/// Says what in the template is wrong, and where.
pub fn sign_off(template: &Source, view: &View<'_>) -> Result<String, Diagnostic> {
    template::render(template, view)
}

#[cfg(test)]
mod tests;
