//! The plot of inferred limits: SVG with what passed and was refused over time, and the limit that was fitted.

use super::attempts::Attempts;
use super::{Report, Style};
use crate::document::escape::visible;
use crate::document::reading;
use std::fmt::Write as _;

pub(super) const WIDTH: f64 = 760.0;
/// One plot, with its heading and its axis.
pub(super) const HEIGHT: f64 = 250.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
/// Where the curve may be, counted from the top of its plot, and the rows of marks below it.
const CURVE: (f64, f64) = (66.0, 168.0);
const ADMITTED: f64 = 188.0;
const REFUSED: f64 = 206.0;
const AXIS: f64 = 218.0;

/// Both schemes of colours keep a contrast of at least 4.5 to 1; marks differ in shape and row too.
const STYLE: &str = "\
svg { background: #ffffff; color: #1a1a1a; font: 12px system-ui, sans-serif; }
text { fill: currentColor; }
.head { font-weight: 600; }
.axis { stroke: currentColor; stroke-width: 1; }
.passed { stroke: #00627a; stroke-width: 1.5; fill: none; }
.refused { stroke: #b3261e; stroke-width: 1.5; fill: none; }
.limit { stroke: currentColor; stroke-width: 1; stroke-dasharray: 6 4; }
@media (prefers-color-scheme: dark) {
  svg { background: #121212; color: #f0f0f0; }
  .passed { stroke: #6fd3ea; }
  .refused { stroke: #ff9a90; }
}";

pub(super) fn render(report: &Report<'_>, _: &Style<'_>) -> String {
    let ordered = reading::ordered(report.findings);
    let plots: Vec<_> = ordered.into_iter().flat_map(Attempts::of).collect();
    let height = HEIGHT * plots.len().max(1) as f64;
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"holdpoint-limits-title holdpoint-limits-text\">\n\
         <title id=\"holdpoint-limits-title\">Rate limits, as requests showed them</title>\n<desc id=\"holdpoint-limits-text\">{}</desc>\n<style>\n{STYLE}\n</style>\n",
        description(&plots)
    );
    if plots.is_empty() {
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"40\">{NOTHING}</text>");
    }
    for (place, one) in plots.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<g transform=\"translate(0 {})\">",
            place as f64 * HEIGHT
        );
        plot(&mut svg, one);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

const NOTHING: &str =
    "No limit was inferred in this run. To infer one: holdpoint run limits --infer --level active";

/// What the picture shows, for those who hear it.
fn description(plots: &[Attempts]) -> String {
    let each = plots.iter().map(|one| {
        format!(
            "{}: {} requests passed and {} were refused in {} seconds. Found: {}.",
            escaped(&one.label),
            one.admitted.len(),
            one.refused.len(),
            one.end() / 1000,
            escaped(&one.told)
        )
    });
    let text = each.collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        NOTHING.into()
    } else {
        text
    }
}

/// One plot, in the classes of the style: `head`, `axis`, `passed`, `refused` and `limit`.
pub(super) fn plot(svg: &mut String, one: &Attempts) {
    let end = one.end() as f64;
    let x = |time: u64| LEFT + time as f64 / end * (WIDTH - LEFT - RIGHT);
    let _ = writeln!(
        svg,
        "<text class=\"head\" x=\"{LEFT}\" y=\"16\">{}</text>",
        escaped(&one.label)
    );
    for (place, line) in lines(&one.told).iter().enumerate() {
        let y = 32 + place * 15;
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{y}\">{}</text>", escaped(line));
    }
    if let Some((limit, window)) = one.fitted {
        curve(svg, one, limit, window, &x);
    }
    for (times, row, class, name) in [
        (&one.admitted, ADMITTED, "passed", "passed"),
        (&one.refused, REFUSED, "refused", "refused"),
    ] {
        let _ = writeln!(svg, "<text x=\"4\" y=\"{}\">{name}</text>", row + 4.0);
        let marks = times.iter().map(|time| {
            let x = x(*time);
            // A stroke for what passed, a cross for what did not.
            match class {
                "passed" => format!("M{x:.1} {:.0}v8", row - 4.0),
                _ => format!("M{:.1} {:.0}l6 6m-6 0l6 -6", x - 3.0, row - 3.0),
            }
        });
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"{}\"/>",
            marks.collect::<String>()
        );
    }
    let _ = writeln!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} {AXIS}H{}\"/>",
        WIDTH - RIGHT
    );
    for part in 0..=4_u64 {
        let time = one.end() * part / 4;
        let anchor = if part == 4 { "end" } else { "middle" };
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{:.1} s</text>",
            x(time),
            AXIS + 16.0,
            time as f64 / 1000.0
        );
    }
}

/// What had passed within the window, as steps, and the limit as a line.
fn curve(svg: &mut String, one: &Attempts, limit: u64, window: u64, x: &dyn Fn(u64) -> f64) {
    let within = one.within(window);
    let most = within.iter().map(|(_, many)| *many).max().unwrap_or(1);
    let top = most.max(limit).max(1) as f64;
    let y = |many: u64| CURVE.1 - many as f64 / top * (CURVE.1 - CURVE.0);
    let mut path = format!("M{LEFT} {:.1}", y(0));
    for (time, many) in &within {
        let _ = write!(path, "H{:.1}V{:.1}", x(*time), y(*many));
    }
    let _ = write!(path, "H{:.1}", WIDTH - RIGHT);
    let _ = writeln!(
        svg,
        "<path class=\"passed\" d=\"{path}\"/>\n<path class=\"limit\" d=\"M{LEFT} {y:.1}H{end}\"/>\n\
         <text x=\"{before}\" y=\"{text:.1}\" text-anchor=\"end\">{limit}</text>\n\
         <text x=\"{end}\" y=\"{above:.1}\" text-anchor=\"end\">dashed: {limit} at once; solid: passed in the last {seconds} s</text>",
        y = y(limit),
        end = WIDTH - RIGHT,
        before = LEFT - 6.0,
        text = y(limit) + 4.0,
        above = y(limit) - 4.0,
        seconds = window as f64 / 1000.0
    );
}

/// A text in two lines that fit the plot's width; the description has all of a longer one.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full =
            |line: &String| !line.is_empty() && line.chars().count() + word.chars().count() > 104;
        if lines.last().is_some_and(full) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    if lines.len() > 2 {
        lines.truncate(2);
        if let Some(line) = lines.last_mut() {
            line.push_str(" …");
        }
    }
    lines
}

/// Fit for XML.
fn escaped(text: &str) -> String {
    let text = visible(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
