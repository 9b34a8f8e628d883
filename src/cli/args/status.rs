//! The arguments of `status`, and the help that teaches it.

use super::gates::report;
use super::{ReportTarget, SubjectArguments};
use crate::diagnostic::parse_duration;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What the help of `status` ends with.
pub(super) const STATUS: &str = "\
Examples:
  holdpoint status                       what blocks, who must act, what is next
  holdpoint status --standup             what changed since yesterday, by team
  holdpoint status --standup --since 3d  the same of three days
  holdpoint status --governance          phases, risks, who must act, readiness
  holdpoint status --report markdown=status.md --report json=status.json

It shows what holdpoint gate decides, and looks at nothing. Targets and leaders stand in holdpoint.toml, \
by gate or team, and no sign-off rests on them:
  [plan.infrastructure]
  target = 2026-12-01
  leader = \"Ann\"
It ends as holdpoint gate does: with 0, and ships, where every gate is open, with 1 where something speaks \
against one, and with 3 where something was not seen, or nobody has signed yet.";

/// The arguments of `status`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct StatusArguments {
    /// What each team says in a minute: what changed, what blocks, what is next, whom it holds up
    #[arg(long, conflicts_with = "governance")]
    pub(in crate::cli) standup: bool,
    /// What is weighed once a week: phases, risks, who must act, readiness
    #[arg(long)]
    pub(in crate::cli) governance: bool,
    /// What counts as new in a standup: a time such as 3d, a day (UTC) or a moment such as 2026-11-25T09:00:00Z; 24h where nothing is said
    #[arg(long, value_name = "WHEN", requires = "standup", value_parser = since)]
    pub(in crate::cli) since: Option<Since>,
    /// The environment that is asked about; that of the newest evidence where none is given
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) environment: Option<String>,
    /// Write the board as terminal, json or markdown; repeatable; the path - is standard output
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub(in crate::cli) report: Vec<ReportTarget>,
    #[command(flatten)]
    pub(in crate::cli) subject: SubjectArguments,
}

/// From when on something is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Since {
    /// So long before now.
    Ago(SignedDuration),
    /// This moment.
    At(Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(ago) = parse_duration(text) {
        return match SignedDuration::try_from(ago) {
            Ok(ago) if !ago.is_zero() => Ok(Since::Ago(ago)),
            _ => Err("it must be longer than nothing".into()),
        };
    }
    let moment = text.parse::<Timestamp>().ok();
    let day = || {
        let day = (text.len() == 10).then(|| Date::strptime("%Y-%m-%d", text).ok())??;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    moment.or_else(day).map(Since::At).ok_or_else(|| {
        "write a time such as 3d, a day such as 2026-11-25, or a moment such as 2026-11-25T09:00:00Z"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_a_day_and_a_moment_are_understood_and_nothing_else() {
        let at = |text: &str| Ok(Since::At(text.parse().unwrap()));
        let day = Ok(Since::Ago(SignedDuration::from_hours(72)));
        assert_eq!(since("3d"), day);
        assert_eq!(since("2026-11-25"), at("2026-11-25T00:00:00Z"));
        assert_eq!(
            since("2026-11-25T10:00:00+01:00"),
            at("2026-11-25T09:00:00Z")
        );
        for wrong in [
            "",
            "0s",
            "3",
            "yesterday",
            "2026-13-01",
            "2026-11-25T09:00",
            "-3d",
            "2026-11-2",
        ] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
