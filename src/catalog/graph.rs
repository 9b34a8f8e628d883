//! Prerequisites: every one exists, and none leads back to itself.

use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::model::Check;
use std::collections::HashMap;
use std::ops::Range;

/// Reports unknown prerequisites and circles among them.
pub(super) fn verify(read: &[(Check, Source)], problems: &mut Vec<Diagnostic>) {
    let index: HashMap<&str, usize> = read
        .iter()
        .enumerate()
        .map(|(place, (check, _))| (check.id.as_str(), place))
        .collect();
    for (check, source) in read {
        for need in check
            .needs
            .iter()
            .filter(|need| !index.contains_key(need.as_str()))
        {
            let mut problem =
                Diagnostic::new(format!("{} needs '{need}', which is no check", check.id)).at(
                    source,
                    span_of_text(source, need.as_str()),
                    "no check has this id",
                );
            if let Some(near) = nearest(need.as_str(), index.keys().copied()) {
                problem = problem.help(format!("did you mean '{near}'?"));
            }
            problems.push(problem);
        }
    }
    let mut state = vec![State::Unseen; read.len()];
    for start in 0..read.len() {
        let mut way = Vec::new();
        visit(start, read, &index, &mut state, &mut way, problems);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Unseen,
    OnTheWay,
    Done,
}

fn visit(
    place: usize,
    read: &[(Check, Source)],
    index: &HashMap<&str, usize>,
    state: &mut [State],
    way: &mut Vec<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    match state[place] {
        State::Done => return,
        State::OnTheWay => {
            let from = way.iter().position(|one| *one == place).unwrap_or_default();
            let circle: Vec<_> = way[from..]
                .iter()
                .chain([&place])
                .map(|one| read[*one].0.id.as_str())
                .collect();
            let (_, source) = &read[place];
            problems.push(
                Diagnostic::new(format!(
                    "the prerequisites lead in a circle: {}",
                    circle.join(" → ")
                ))
                .at(source, span_of_text(source, "needs"), "part of the circle")
                .help("take one of them out of 'needs'"),
            );
            return;
        }
        State::Unseen => {}
    }
    state[place] = State::OnTheWay;
    way.push(place);
    for need in &read[place].0.needs {
        if let Some(next) = index.get(need.as_str()) {
            visit(*next, read, index, state, way, problems);
        }
    }
    way.pop();
    state[place] = State::Done;
}

/// The first place of a word in a file.
pub(super) fn span_of_text(source: &Source, word: &str) -> Range<usize> {
    let start = source.text.find(word).unwrap_or_default();
    start..(start + word.len()).min(source.text.len())
}
