//! `holdpoint generate`: the pages and tables that documentation holds, from the same data as the program.

use super::exit::Exit;
use super::output::Output;
use super::{explain, list};
use crate::catalog::Catalog;
use crate::probe;

pub(super) fn generate(what: &str, output: &Output) -> Exit {
    let text = match what {
        "checks" => match Catalog::shipped() {
            Ok(catalog) => list::catalogue(&catalog),
            Err(problems) => return output.diagnose(&problems),
        },
        "exit-statuses" => exit_statuses(),
        _ => match what.strip_prefix("probe:").and_then(probe::spec) {
            Some(spec) => explain::probe_page(spec),
            None => {
                output.remark("error: generate checks, exit-statuses or probe:NAME");
                return Exit::Usage;
            }
        },
    };
    output.print(&text);
    Exit::Go
}

fn exit_statuses() -> String {
    let rows = Exit::ALL
        .iter()
        .map(|(exit, meaning)| format!("| {} | {meaning} |\n", exit.code()));
    format!(
        "| status | meaning |\n|---|---|\n{}",
        rows.collect::<String>()
    )
}
