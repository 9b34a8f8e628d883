//! What is shown while a run goes on: a line that is drawn over, on standard error of a terminal.

use super::output::Output;
use crate::engine::{Event, Plan};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// A look that takes longer than this is named.
const SLOW: Duration = Duration::from_secs(3);

/// The labels of a plan's looks, kept for showing; the bar writes to the terminal by itself.
pub(super) fn labels(plan: &Plan, output: &Output) -> Vec<String> {
    plan.looks
        .iter()
        .map(|look| output.redact(&look.label))
        .collect()
}

/// Shows events until there are no more.
pub(super) async fn show(
    output: Output,
    labels: Vec<String>,
    mut events: UnboundedReceiver<Event>,
) {
    if !output.draws_progress() {
        while events.recv().await.is_some() {}
        return;
    }
    let bar = ProgressBar::new(labels.len() as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {pos} of {len} looks · {elapsed} {wide_msg}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let mut open: BTreeSet<usize> = BTreeSet::new();
    loop {
        match tokio::time::timeout(SLOW, events.recv()).await {
            Ok(Some(Event::LookBegan { look })) => {
                open.insert(look);
            }
            Ok(Some(Event::LookWaits { look, delay_ms })) => {
                let label = labels.get(look).map(String::as_str).unwrap_or_default();
                bar.set_message(format!("· again in {delay_ms} ms: {label}"));
            }
            Ok(Some(Event::LookEnded { look })) => {
                open.remove(&look);
                bar.inc(1);
                bar.set_message("");
            }
            Ok(Some(Event::Concluded(_))) => {}
            Ok(None) => break,
            Err(_) => {
                let waiting = open.first().and_then(|look| labels.get(*look));
                let more = open.len().saturating_sub(1);
                if let Some(label) = waiting {
                    let tail = if more > 0 {
                        format!(" and {more} more")
                    } else {
                        String::new()
                    };
                    bar.set_message(format!("· waiting for {label}{tail}"));
                }
            }
        }
    }
    bar.finish_and_clear();
}
