//! The filters of findings: check boxes of the browser's own, which hide by style alone.

use super::escape::fit;
use super::findings::Told;
use crate::document::reading::area;
use crate::model::{Finding, Severity, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// So many areas have a box of their own; those with the fewest findings share one.
const AREAS: usize = 24;

/// The boxes, what they hide, and which findings belong to which of them.
pub(super) struct Filters<'a> {
    areas: BTreeMap<&'a str, usize>,
    /// The form.
    pub(super) form: String,
    /// Style that hides what is not ticked; never on paper.
    pub(super) rules: String,
}

impl Filters<'_> {
    /// The classes by which a finding is hidden.
    pub(super) fn classes(&self, finding: &Finding) -> String {
        let area = self.areas.get(area(finding)).copied().unwrap_or(AREAS);
        format!(
            "v{} s{} a{area}",
            finding.verdict as usize, finding.severity as usize
        )
    }
}

/// Boxes for what there is: the number of findings stands with each.
pub(super) fn of<'a>(told: &Told<'a>) -> Filters<'a> {
    let count = |has: &dyn Fn(&Finding) -> bool| told.all().filter(|one| has(one)).count();
    let verdicts = told
        .groups
        .iter()
        .map(|group| group.verdict)
        .collect::<Vec<_>>();
    let verdicts = Verdict::ALL
        .iter()
        .rev()
        .filter(|one| verdicts.contains(one));
    let verdicts = verdicts.map(|one| {
        let word = one.word().replace('-', " ");
        (
            format!("v{}", *one as usize),
            word,
            count(&|it| it.verdict == *one),
        )
    });
    let severities = Severity::ALL.iter().rev().map(|one| {
        let many = count(&|it| it.severity == *one);
        (format!("s{}", *one as usize), one.word().to_owned(), many)
    });

    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    told.all()
        .for_each(|one| *sizes.entry(area(one)).or_default() += 1);
    let mut largest: Vec<_> = sizes.into_iter().collect();
    largest.sort_by_key(|(_, many)| std::cmp::Reverse(*many));
    let rest: usize = largest.iter().skip(AREAS).map(|(_, many)| many).sum();
    largest.truncate(AREAS);
    largest.sort_unstable();
    let named = largest.iter().enumerate().map(|(place, (name, many))| {
        let name = match name.is_empty() {
            true => "no area".into(),
            false => fit(name, 60),
        };
        (format!("a{place}"), name, *many)
    });
    let others = (format!("a{AREAS}"), "others".to_owned(), rest);

    let mut rules = String::from("@media screen {\n");
    let mut form = String::from(
        "<form class=\"filters\" method=\"dialog\" autocomplete=\"off\" aria-label=\"Which findings are shown\">\n",
    );
    fieldset(&mut form, &mut rules, "Verdict", verdicts);
    fieldset(&mut form, &mut rules, "Severity", severities);
    fieldset(&mut form, &mut rules, "Area", named.chain([others]));
    form += "<p><button type=\"reset\">Show all</button> \
             <span class=\"told some\">Some findings are hidden by what is not ticked.</span>\
             <span class=\"told nothing\">Nothing is shown: a whole row has no tick.</span></p>\n</form>\n";
    rules += "}\n";
    let areas = largest
        .iter()
        .enumerate()
        .map(|(place, (name, _))| (*name, place));
    Filters {
        areas: areas.collect(),
        form,
        rules,
    }
}

/// A row of boxes, all ticked: of each its class, its word and how many findings it has.
fn fieldset(
    form: &mut String,
    rules: &mut String,
    legend: &str,
    boxes: impl Iterator<Item = (String, String, usize)>,
) {
    // Writing to a string does not fail.
    let _ = writeln!(form, "<fieldset><legend>{legend}</legend><div>");
    for (class, word, many) in boxes.filter(|(_, _, many)| *many > 0) {
        let _ = writeln!(
            form,
            "<label><input type=\"checkbox\" id=\"show-{class}\" checked>{word} <span class=\"soft\">{many}</span></label>"
        );
        let _ = writeln!(
            rules,
            ".filters:has(#show-{class}:not(:checked)) + .all .{class} {{ display: none; }}"
        );
    }
    form.push_str("</div></fieldset>\n");
}
