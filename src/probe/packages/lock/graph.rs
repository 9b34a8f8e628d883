//! What is reached from the application, by which way, and whether in production.

use super::Draft;
use std::collections::VecDeque;

/// Says of each package by which other it is reached on the shortest way, and whether it is installed
/// in production. Where the lockfile says itself what is for development, that counts. A package that
/// nothing seems to need counts as one of production: something has put it there.
pub(super) fn settle(draft: &mut Draft) {
    spread_optional(draft);
    let count = draft.packages.len();
    let mut seen = vec![false; count];
    let mut production = vec![false; count];
    // Ways through production come first, so that the way shown is one that is installed there.
    for for_development in [false, true] {
        let mut queue = VecDeque::new();
        for &(root, development) in &draft.roots {
            if development == for_development && root < count {
                draft.packages[root].direct = true;
                if !std::mem::replace(&mut seen[root], true) {
                    queue.push_back(root);
                }
            }
        }
        while let Some(at) = queue.pop_front() {
            production[at] = !for_development;
            let needs = std::mem::take(&mut draft.packages[at].needs);
            for next in needs {
                if next < count && !std::mem::replace(&mut seen[next], true) {
                    // The application's own folders are no part of the way.
                    let own = draft.packages[at].own();
                    draft.packages[next].by = (!own).then_some(at);
                    draft.packages[next].direct |= own;
                    queue.push_back(next);
                }
            }
        }
    }
    for (at, package) in draft.packages.iter_mut().enumerate() {
        package.production = match package.development {
            Some(development) => !development,
            None => production[at] || !seen[at],
        };
    }
}

/// What only optional packages need may be left out together with them.
fn spread_optional(draft: &mut Draft) {
    let mut needed = vec![false; draft.packages.len()];
    let mut stack: Vec<usize> = draft.roots.iter().map(|(root, _)| *root).collect();
    let reached = !stack.is_empty();
    while let Some(at) = stack.pop() {
        let Some(package) = draft.packages.get(at) else {
            continue;
        };
        if !package.optional && !std::mem::replace(&mut needed[at], true) {
            stack.extend(&package.needs);
        }
    }
    // Where nothing is known of the application, nothing is known to be optional either.
    if reached {
        let behind = optional_needs(draft);
        for (at, package) in draft.packages.iter_mut().enumerate() {
            package.optional |= !needed[at] && behind[at];
        }
    }
}

/// What is reached from optional packages.
fn optional_needs(draft: &Draft) -> Vec<bool> {
    let mut behind = vec![false; draft.packages.len()];
    let optional = draft.packages.iter().enumerate();
    let mut stack: Vec<usize> = optional
        .filter(|(_, package)| package.optional)
        .map(|(at, _)| at)
        .collect();
    while let Some(at) = stack.pop() {
        let Some(package) = draft.packages.get(at) else {
            continue;
        };
        if !std::mem::replace(&mut behind[at], true) {
            stack.extend(&package.needs);
        }
    }
    behind
}
