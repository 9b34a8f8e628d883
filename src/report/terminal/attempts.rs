//! The attempts behind an inferred limit at a terminal: two rows of marks over time.

use super::screen::{Ink, Screen};
use crate::model::Finding;
use crate::report::attempts::Attempts;

/// From few to many in one column.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN: [char; 8] = ['.', '.', ':', ':', '+', '+', '#', '#'];
/// Columns before the marks, and the most that they take.
const BEFORE: usize = 16;
const MOST: usize = 60;

/// Below a finding that inferred a limit: what was found, and what passed and was refused when.
pub(super) fn attempts(screen: &mut Screen<'_>, finding: &Finding) {
    for one in Attempts::of(finding) {
        let told = screen.text(&one.told);
        screen.detail("limiter", Ink::Plain, &told);
        let columns = MOST.min(screen.width().saturating_sub(BEFORE));
        let marks = if screen.style.unicode { BLOCKS } else { PLAIN };
        let most = [&one.admitted, &one.refused]
            .into_iter()
            .flat_map(|times| counted(times, one.end(), columns))
            .max()
            .unwrap_or(1);
        for (label, ink, times) in [
            ("passed", Ink::Good, &one.admitted),
            ("refused", Ink::Bad, &one.refused),
        ] {
            let row: String = counted(times, one.end(), columns)
                .into_iter()
                .map(|many| mark(many, most, &marks))
                .collect();
            screen.detail(label, ink, &row);
        }
        let end = format!("{:.0}\u{a0}s", one.end() as f64 / 1000.0);
        let space = "\u{a0}".repeat(columns.saturating_sub(end.chars().count() + 1));
        screen.detail("seconds", Ink::Dim, &format!("0{space}{end}"));
    }
}

/// How many fall into each of so many columns.
fn counted(times: &[u64], end: u64, columns: usize) -> Vec<usize> {
    let mut counts = vec![0; columns];
    for time in times {
        let place = (*time as u128 * columns as u128 / (u128::from(end) + 1)) as usize;
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    counts
}

/// A no-break space for none, so that the row stays one word.
fn mark(many: usize, most: usize, marks: &[char; 8]) -> char {
    match many {
        0 => '\u{a0}',
        many => {
            let place = (many * marks.len())
                .div_ceil(most.max(1))
                .clamp(1, marks.len());
            marks[place - 1]
        }
    }
}
