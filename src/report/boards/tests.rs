//! Every format of every board says one state and the same counts, whatever the gates and the texts are.

use super::{BoardReport, View, json, markdown, terminal};
use crate::attest::Revoked;
use crate::catalog::Catalog;
use crate::document::escape::hides;
use crate::ledger::Ledger;
use crate::model::{Blocker, Counts, Gate, GateDecision, Level, Outcome, Place, Severity, Weighed};
use crate::release::board::{Board, Planned, governance, news};
use crate::release::{GateStanding, Ground, History, Hold, Withheld, deciding};
use crate::report::Style;
use crate::report::gates::{self, GateReport, known, state};
use crate::report::terminal::width_of;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::shipped().unwrap());

const HOSTILE: &[&str] = &[
    "",
    "it is not there",
    "\u{1b}[31mred\u{1b}[0m",
    "a\r\nb\n\n# GO",
    "\u{202e}oG\u{202c}",
    "| a | `b` | ``c``",
    "</details><script>alert(1)</script>",
    "[x](javascript:x) ![i](http://x) @all #1",
    "漢字 👩‍👩‍👧 e\u{301}",
    "OPEN  ship: gate release is open",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(HOSTILE).prop_map(String::from),
        "\\PC{0,60}",
        "[!-~]{90,300}",
        "[ -~]{200,500}",
    ]
}

#[derive(Debug, Clone)]
struct Drawn {
    upstream: u16,
    outcome: Outcome,
    held: bool,
    signed: usize,
    counts: [usize; 6],
    blockers: Vec<(String, Severity, String, String, Option<i64>)>,
    withheld: Vec<(String, i64)>,
    target: Option<i64>,
    leader: Option<String>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let what = prop_oneof![
        Just("shop.license".to_owned()),
        Just("evidence".to_owned()),
        text()
    ];
    let blocker = (
        what,
        select(Severity::ALL),
        text(),
        text(),
        proptest::option::of(0_i64..200),
    );
    let said = (
        any::<u16>(),
        select(Outcome::ALL),
        any::<bool>(),
        0_usize..4,
        [0_usize..3, 0..3, 0..3, 0..3, 0..3, 0..3],
    );
    let rest = (
        vec(blocker, 0..4),
        vec((text(), 0_i64..200), 0..2),
        proptest::option::of(-100_i64..100),
        proptest::option::of(text()),
    );
    (said, rest).prop_map(
        |((upstream, outcome, held, signed, counts), (blockers, withheld, target, leader))| Drawn {
            upstream,
            outcome,
            held,
            signed,
            counts,
            blockers,
            withheld,
            target,
            leader,
        },
    )
}

fn gate(place: usize, of: &Drawn) -> Gate {
    let before = (0..place).filter(|before| of.upstream >> before & 1 == 1);
    Gate {
        name: format!("gate{place}"),
        title: format!("the title {place}"),
        owner: format!("Team Name{place}"),
        suite: place.is_multiple_of(2).then(|| "security".to_owned()),
        upstream: before.map(|before| format!("gate{before}")).collect(),
        documents: Vec::new(),
        must_pass: None,
        level: Level::Static,
        criteria: Vec::new(),
        exempt: Vec::new(),
        waivers_by: Vec::new(),
        approvals: 3,
        evidence_lasts: SignedDuration::from_hours(168),
        sign_off_lasts: SignedDuration::from_hours(168),
        digest: "sha256:00".into(),
        place: Place::default(),
    }
}

fn standing<'a>(gate: &'a Gate, of: &Drawn, now: Timestamp) -> GateStanding<'a> {
    let ago = |hours: i64| now - SignedDuration::from_hours(hours);
    let hold = match (of.outcome.is_go() && !of.held, of.signed) {
        (false, _) => Hold::Held,
        (true, 3) => Hold::Open,
        (true, signed) => Hold::Ready { signed, needed: 3 },
    };
    let blockers = of
        .blockers
        .iter()
        .map(|(what, severity, reason, next, since)| Blocker {
            what: what.clone(),
            severity: *severity,
            reason: reason.clone(),
            owner: gate.owner.clone(),
            since: since.map(ago),
            next: next.clone(),
        });
    let [passed, failed, waived, attested, unknown, not_applicable] = of.counts;
    GateStanding {
        gate,
        decision: GateDecision {
            outcome: of.outcome,
            criteria: vec![Weighed {
                says: "it holds".into(),
                held: None,
                found: "nobody looked".into(),
                defined: None,
            }],
            counts: Counts {
                passed,
                failed,
                waived,
                attested,
                unknown,
                not_applicable,
            },
            blockers: match hold {
                Hold::Held => blockers.collect(),
                Hold::Open | Hold::Ready { .. } => Vec::new(),
            },
            warnings: Vec::new(),
        },
        hold,
        sign_offs: Vec::new(),
        findings: Vec::new(),
        evidence: Vec::new(),
        environment: None,
        must_pass: Severity::Medium,
        checks: vec!["shop.license".into()],
        checks_digest: "sha256:00".into(),
        withheld: of
            .withheld
            .iter()
            .map(|(how, at)| Withheld {
                by: "somebody".into(),
                how: how.clone(),
                at: ago(*at),
            })
            .collect(),
        faults: Vec::new(),
    }
}

/// What the formats say of these gates.
struct Said {
    teams: [String; 3],
    standup: [String; 3],
    governance: [String; 3],
    gates: [String; 3],
    each: Vec<[String; 3]>,
}

/// Acts on the standings of drawn gates, and on what is said of them.
fn say(drawn: &[Drawn], style: &Style, act: impl FnOnce(&[GateStanding<'_>], &Said)) {
    let now: Timestamp = "2026-11-26T03:00:00Z".parse().unwrap();
    let gates: Vec<Gate> = drawn
        .iter()
        .enumerate()
        .map(|(place, of)| gate(place, of))
        .collect();
    let standings: Vec<GateStanding<'_>> = gates
        .iter()
        .zip(drawn)
        .map(|(gate, of)| standing(gate, of, now))
        .collect();
    let today = jiff::civil::date(2026, 11, 26);
    let plan: BTreeMap<String, Planned> = gates
        .iter()
        .zip(drawn)
        .map(|(gate, of)| {
            let planned = Planned {
                target: of.target.map(|days| today + jiff::Span::new().days(days)),
                leader: of.leader.clone(),
                place: "holdpoint.toml:3".into(),
            };
            (gate.name.clone(), planned)
        })
        .collect();
    let nowhere = Path::new("/nonexistent/holdpoint");
    let (history, ledger) = (History::of(nowhere, &Arc::default()), Ledger::at(nowhere));
    let ground = Ground {
        root: nowhere,
        gates: &gates,
        catalog: &CATALOG,
        suites: &BTreeMap::new(),
        fail_on: Severity::Medium,
        history: &history,
        instead: None,
        environment: None,
        waivers: &[],
        attestations: &[],
        documents: &BTreeMap::new(),
        signers: None,
        revoked: &Revoked::default(),
        ledger: &ledger,
        own: &[],
        redact: &str::to_owned,
        now,
        compared: RefCell::default(),
    };
    let board = Board::of(&standings, &ground, &plan).unwrap();
    let since = now - SignedDuration::from_hours(24);
    let told = news(&board, &ground, since);
    let weighed = governance(&board, &ground);
    let three = |view: View<'_>| {
        let report = BoardReport {
            board: &board,
            project: "shop",
            view,
        };
        [terminal(&report, style), markdown(&report), json(&report)]
    };
    let chosen: Vec<&GateStanding<'_>> = standings.iter().collect();
    let of_gates = |told: &[&GateStanding<'_>]| {
        let report = GateReport {
            told,
            all: &standings,
            project: "shop",
            now,
            instead: None,
        };
        [
            gates::terminal(&report, style),
            gates::markdown(&report),
            gates::json(&report),
        ]
    };
    let said = Said {
        teams: three(View::Teams),
        standup: three(View::Standup { since, news: &told }),
        governance: three(View::Governance(&weighed)),
        gates: of_gates(&chosen),
        each: chosen.iter().map(|one| of_gates(&[one])).collect(),
    };
    act(&standings, &said);
}

/// The first line that begins so.
fn line<'t>(text: &'t str, begins: &str) -> &'t str {
    let found = text.lines().find(|line| line.starts_with(begins));
    found.unwrap_or_else(|| panic!("no line begins with '{begins}':\n{text}"))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

const WIDE: Style = Style {
    color: false,
    unicode: true,
    verbose: true,
    secrets: None,
    quiet: false,
    width: 1000,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_board_says_one_state_and_the_same_counts(drawn in vec(drawn(), 1..7)) {
        say(&drawn, &WIDE, |standings, said| {
            let of_gates = parsed(&said.gates[2]);
            let boards = [&said.teams, &said.standup, &said.governance].map(|said| parsed(&said[2]));
            for (place, one) in standings.iter().enumerate() {
                let (state, counts) = (state(one), known(&one.decision.counts).join(", "));
                let (team, phase) = (format!("Name{place}"), place + 1);
                let shown = match counts.is_empty() {
                    true => "nothing is known",
                    false => &counts,
                };
                // Programs.
                let gate = &of_gates["gates"][place];
                assert_eq!(gate["state"], *state);
                for board in &boards {
                    let row = &board["teams"][place];
                    assert_eq!(row["state"], *state);
                    assert_eq!(row["counts"], gate["counts"]);
                    assert_eq!(row["open"], gate["open"]);
                    assert_eq!(row["gate"], gate["gate"]);
                }
                // Pages.
                let row = line(&said.teams[1], &format!("| {team} | {phase} |"));
                assert!(row.starts_with(&format!("| {team} | {phase} | {state} |")), "{row}");
                let (_, own) = said.standup[1].split_once(&format!("## {team}\n\n")).unwrap();
                let row = own.lines().next().unwrap();
                assert!(row.starts_with(&format!("- **{state}**, target ")) && row.ends_with(shown), "{row}");
                let row = line(&said.governance[1], &format!("| {phase} |"));
                assert!(row.starts_with(&format!("| {phase} | {team} | {state} | {counts} |")), "{row}");
                assert!(said.each[place][1].contains(&format!("Known: {counts}.")));
                // The terminal.
                let row = line(&said.teams[0], &format!("{team} "));
                let cells: Vec<&str> = row.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect();
                assert_eq!(cells[1..3], [phase.to_string().as_str(), &state], "{row}");
                let row = line(&said.standup[0], &format!("{team}: "));
                assert!(row.starts_with(&format!("{team}: {state} · target ")) && row.ends_with(shown), "{row}");
                let row = line(&said.governance[0], &format!("  {phase} {team} {state}"));
                assert!(row.ends_with(&counts), "{row}");
                if standings.len() > 1 {
                    let row = line(&said.gates[0], &format!("gate{place} "));
                    assert!(row.ends_with(&state), "{row}");
                }
                let dotted = counts.replace(", ", " · ");
                assert!(counts.is_empty() || said.each[place][0].contains(&dotted), "{}", said.each[place][0]);
            }
            // Whether it ships is said by the gate that decides, in every board alike: it does where every gate is open.
            let all: Vec<_> = standings.iter().collect();
            let decides = all[deciding(&all).unwrap()];
            assert_eq!(decides.is_open(), all.iter().all(|one| one.is_open()));
            assert_eq!(decides.is_refused(), all.iter().any(|one| one.is_refused()));
            let word = match decides.is_open() {
                true => "ship: ",
                false => "do not ship: ",
            };
            let told = format!("{word}gate {} is {};", decides.gate.name, state(decides));
            for board in [&said.teams, &said.standup, &said.governance] {
                assert!(board[0].lines().any(|line| line.starts_with(&state(decides).to_uppercase()) && line.contains(&told)), "{}", board[0]);
                assert_eq!(parsed(&board[2])["release"]["ship"], decides.is_open());
                assert_eq!(parsed(&board[2])["release"]["state"], *state(decides));
            }
            assert!(said.teams[1].contains(&format!("**{told}")));
            assert!(said.governance[1].contains(&format!("**{told}")));
        });
    }

    #[test]
    fn hostile_texts_keep_to_the_screen_and_the_table(drawn in vec(drawn(), 1..7), width in select(&[40_usize, 60, 80][..]), unicode in any::<bool>()) {
        let style = Style { width, unicode, ..Style::default() };
        say(&drawn, &style, |standings, said| {
            for [screen, page, _] in [&said.teams, &said.standup, &said.governance] {
                for line in screen.lines() {
                    assert!(width_of(line) <= width, "{} columns: {line}", width_of(line));
                    assert!(!line.chars().any(hides), "{line:?}");
                    assert!(unicode || line.is_ascii(), "{line}");
                }
                assert!(!page.chars().any(|c| hides(c) && c != '\n'), "{page:?}");
            }
            let rows = said.teams[1].lines().skip_while(|line| !line.starts_with("| Team")).take(2 + standings.len());
            for row in rows {
                let pipes = row.replace("\\|", "").matches('|').count();
                assert_eq!(pipes, 7, "{row}");
            }
            if width >= 60 {
                for block in said.standup[0].split("\n\n").skip(1).take(standings.len()) {
                    assert!(block.lines().count() <= 5, "{block}");
                }
            }
        });
    }
}
