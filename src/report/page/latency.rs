//! How long the looks took: a strip for each probe, the same in numbers, and the slowest.

use super::escape::{fit, text};
use super::{many, scrolling};
use crate::document::reading::duration;
use crate::model::Timing;
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// So many probes and slow looks are shown.
const PROBES: usize = 40;
const SLOWEST: usize = 10;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 24.0;
/// The height of a probe's strip, and of what stands above and below all strips.
const ROW: f64 = 26.0;
const ABOVE: f64 = 8.0;
const BELOW: f64 = 26.0;

/// The looks of one probe, the quickest first.
struct Strip<'a> {
    probe: &'a str,
    times: Vec<u64>,
    retried: usize,
    hindered: usize,
}

impl Strip<'_> {
    /// The shortest time that so many of a hundred looks did not exceed.
    fn within(&self, percent: usize) -> u64 {
        let place = (self.times.len() * percent).div_ceil(100).max(1) - 1;
        self.times.get(place).copied().unwrap_or(0)
    }

    fn longest(&self) -> u64 {
        self.times.last().copied().unwrap_or(0)
    }
}

pub(super) fn section(report: &Report<'_>) -> Option<String> {
    let timings = report.beside.timings;
    if timings.is_empty() {
        return None;
    }
    let mut strips = strips(timings);
    let probes = strips.len();
    strips.truncate(PROBES);
    let mut out = format!(
        "<p class=\"intro\">{} by {}, all attempts of a look together. \
         A stroke is a look, the filled mark the median, the open one the 95th percentile. The scale is logarithmic.</p>\n",
        many(timings.len(), "look"),
        many(probes, "probe"),
    );
    out += &scrolling(
        "Durations of looks, drawn",
        &format!("<figure>{}</figure>", plot(&strips)),
    );
    out += &scrolling("Durations of looks, in numbers", &table(&strips));
    if let Some(more @ 1..) = probes.checked_sub(PROBES) {
        out += &format!("<p>and {} that took less</p>\n", many(more, "probe"));
    }
    out += &scrolling("Slowest looks", &slowest(timings));
    Some(out)
}

/// A strip for each probe, that with the longest look first.
fn strips(timings: &[Timing]) -> Vec<Strip<'_>> {
    let mut probes: BTreeMap<&str, Vec<&Timing>> = BTreeMap::new();
    for one in timings {
        probes.entry(&one.probe).or_default().push(one);
    }
    let each = probes.into_iter().map(|(probe, looks)| {
        let mut times: Vec<u64> = looks.iter().map(|one| one.duration_ms).collect();
        times.sort_unstable();
        Strip {
            probe,
            times,
            retried: looks.iter().filter(|one| one.attempts > 1).count(),
            hindered: looks.iter().filter(|one| one.hindrance.is_some()).count(),
        }
    });
    let mut strips: Vec<Strip<'_>> = each.collect();
    strips.sort_by_key(|one| std::cmp::Reverse(one.longest()));
    strips
}

fn plot(strips: &[Strip<'_>]) -> String {
    let longest = strips.iter().map(Strip::longest).max().unwrap_or(1);
    // Whole powers of ten, of which there is one at least.
    let mut decades = 1;
    while decades < 19 && 10_u64.pow(decades) < longest {
        decades += 1;
    }
    let across = WIDTH - LEFT - RIGHT;
    let x = |ms: u64| {
        LEFT + (ms.max(1) as f64).log10().min(decades.into()) / f64::from(decades) * across
    };
    let bottom = ABOVE + ROW * strips.len() as f64;
    let height = bottom + BELOW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Durations of looks, a strip for each probe; the table below has the numbers\">\n"
    );
    for power in 0..=decades {
        let ms = 10_u64.pow(power);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} {ABOVE}V{bottom}\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 18.0,
            tick(ms),
            x = x(ms),
        );
    }
    for (place, strip) in strips.iter().enumerate() {
        let middle = ABOVE + ROW * (place as f64 + 0.5);
        // Looks that fall on the same half point are one stroke.
        let strokes: BTreeSet<i64> = strip
            .times
            .iter()
            .map(|ms| (x(*ms) * 2.0).round() as i64)
            .collect();
        let strokes: String = strokes
            .iter()
            .map(|at| format!("M{} {}v12", *at as f64 / 2.0, middle - 6.0))
            .collect();
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><path class=\"looks\" d=\"{strokes}\"/>\
             <circle class=\"late\" cx=\"{:.1}\" cy=\"{middle}\" r=\"4.5\"/><circle class=\"median\" cx=\"{:.1}\" cy=\"{middle}\" r=\"4.5\"/>",
            LEFT - 10.0,
            middle + 4.0,
            fit(strip.probe, 18),
            x(strip.within(95)),
            x(strip.within(50)),
        );
    }
    svg + "</svg>"
}

fn tick(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        _ => format!("{} s", ms / 1_000),
    }
}

fn table(strips: &[Strip<'_>]) -> String {
    let rows: String = strips
        .iter()
        .map(|one| {
            format!(
                "<tr><th scope=\"row\">{}</th>{}</tr>\n",
                fit(one.probe, 80),
                [
                    one.times.len().to_string(),
                    duration(one.within(50)),
                    duration(one.within(95)),
                    duration(one.longest()),
                    one.retried.to_string(),
                    one.hindered.to_string(),
                ]
                .map(|cell| format!("<td class=\"number\">{cell}</td>"))
                .concat()
            )
        })
        .collect();
    let heads = [
        "Looks",
        "Median",
        "95th percentile",
        "Longest",
        "Tried again",
        "Could not look",
    ]
    .map(|head| format!("<th scope=\"col\" class=\"number\">{head}</th>"))
    .concat();
    format!(
        "<table><caption>Durations by probe</caption><thead><tr><th scope=\"col\">Probe</th>{heads}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table>"
    )
}

fn slowest(timings: &[Timing]) -> String {
    let mut slowest: Vec<&Timing> = timings.iter().collect();
    slowest.sort_by(|a, b| (b.duration_ms, &a.label).cmp(&(a.duration_ms, &b.label)));
    let rows: String = slowest
        .iter()
        .take(SLOWEST)
        .map(|one| {
            format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>\n",
                fit(&one.label, 160),
                fit(&one.probe, 80),
                duration(one.duration_ms),
                one.attempts,
                text(one.hindrance.as_deref().unwrap_or("looked")),
            )
        })
        .collect();
    format!(
        "<table><caption>The slowest looks</caption><thead><tr><th scope=\"col\">Look</th><th scope=\"col\">Probe</th>\
         <th scope=\"col\" class=\"number\">Took</th><th scope=\"col\" class=\"number\">Attempts</th><th scope=\"col\">Outcome</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_looks_that_were_made() {
        let strip = |times: Vec<u64>| Strip {
            probe: "http",
            times,
            retried: 0,
            hindered: 0,
        };
        let hundred = strip((1..=100).collect());
        assert_eq!(
            [50, 95, 100].map(|percent| hundred.within(percent)),
            [50, 95, 100]
        );
        let one = strip(vec![7]);
        assert_eq!([50, 95].map(|percent| one.within(percent)), [7, 7]);
        let two = strip(vec![1, 9]);
        assert_eq!([50, 95].map(|percent| two.within(percent)), [1, 9]);
    }
}
