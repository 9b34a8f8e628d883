//! Tables at the terminal: columns as wide as what they hold, the widest wrapped where the screen is too narrow.

use super::screen::{Ink, Screen, columns, fitting};

/// Between two columns.
const GAP: usize = 2;
/// No column becomes narrower, whatever is asked for.
const LEAST: usize = 8;
/// A cell takes no more lines.
const LINES: usize = 4;

/// Writes a table. Its cells must have been made safe. A head comes with the width that its column keeps while another
/// can give way.
pub(super) fn table(screen: &mut Screen<'_>, heads: &[(&str, usize)], rows: &[Vec<(Ink, String)>]) {
    let longest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|(_, text)| columns(text));
        cells.chain([columns(heads[column].0)]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..heads.len()).map(longest).collect();
    let room = screen
        .width()
        .saturating_sub(GAP * heads.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let ample = widths.iter_mut().zip(heads);
        let ample = ample.filter(|(width, (_, keeps))| **width > *keeps);
        let widest = match ample.map(|(width, _)| width).max() {
            Some(widest) => Some(widest),
            None => widths.iter_mut().max().filter(|widest| **widest > LEAST),
        };
        match widest {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    let heads: Vec<(Ink, String)> = heads
        .iter()
        .map(|(head, _)| (Ink::Dim, (*head).to_owned()))
        .collect();
    row(screen, &widths, &heads);
    rows.iter().for_each(|cells| row(screen, &widths, cells));
}

fn row(screen: &mut Screen<'_>, widths: &[usize], cells: &[(Ink, String)]) {
    let wrapped: Vec<Vec<String>> = cells
        .iter()
        .zip(widths)
        .map(|((_, text), width)| wrap(screen, text, *width))
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let (mut out, mut column, mut start) = (String::new(), 0, 0);
        for ((lines, width), (ink, _)) in wrapped.iter().zip(widths).zip(cells) {
            if let Some(text) = lines.get(line).filter(|text| !text.is_empty()) {
                out.push_str(&" ".repeat(start - column));
                out.push_str(&screen.paint(*ink, text));
                column = start + columns(text);
            }
            start += width + GAP;
        }
        screen.line(&out);
    }
}

/// The text in lines of so many columns, broken at spaces where it has some; what is too long is cut.
fn wrap(screen: &Screen<'_>, text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_ascii_whitespace() {
        let mut word = word;
        while !word.is_empty() {
            let line = lines.last_mut().map_or(0, |line| columns(line));
            let space = usize::from(line > 0);
            if line + space + columns(word) <= width {
                if let Some(line) = lines.last_mut() {
                    line.push_str(&" ".repeat(space));
                    line.push_str(word);
                }
                break;
            }
            if line > 0 {
                lines.push(String::new());
                continue;
            }
            let end = fitting(word, width);
            if let Some(line) = lines.last_mut() {
                line.push_str(&word[..end]);
            }
            word = &word[end..];
            if !word.is_empty() {
                lines.push(String::new());
            }
        }
    }
    if lines.len() > LINES && !screen.style.verbose {
        lines.truncate(LINES);
        if let Some(last) = lines.last_mut() {
            *last = screen.clipped(&format!("{last}{}", " ".repeat(width)), width);
        }
    }
    lines
}
