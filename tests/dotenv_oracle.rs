//! Compares the loading of environment files with `@next/env` itself, on written and on random files.
//!
//! Set `HOLDPOINT_PEERS` to a folder in which `next-env/` holds an installed copy of
//! `tests/peers/next-env`, and `HOLDPOINT_REQUIRE_PEERS=1` to fail where it is missing.

use holdpoint::settings::dotenv::{load, read_detected};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files, process environment, mode.
struct Case {
    files: Vec<(&'static str, String)>,
    process: BTreeMap<String, String>,
    mode: &'static str,
}

const MODES: [&str; 3] = ["production", "development", "test"];
const RANDOM_CASES: usize = 350;

/// Lines whose reading is easy to get wrong.
const WRITTEN: &[&str] = &[
    "A=1\nB=\"two\"\nC='three'\nD=`four`\n",
    "export A=1\nexport  B = 2\n  export\tC: 3\nexportD=4\n",
    "A = b # c\nB=b#c\nC='b#c'#d\nD=\"b # c\" # d\nE=# nothing\nF= # nothing\n",
    "A=\"x\\ny\\rz\"\nB='x\\ny'\nC=x\\ny\nD=`x\\ny`\nE=\"\\\\n\"\n",
    "A=\"one\ntwo\"\nB='three\nfour'\nC=`five\n\nsix`\nD=7\n",
    "A=\"not closed\nB=2\nC='x\nD=\"y\"\n",
    "A=a\"b\"c\nB=\"a\" b \"c\"\nC='it''s'\nD=\"a\\\"b\"\nE='a\\'b'\n",
    "\u{feff}A=1\r\nB=2\r\n\r\nC=\"x\r\ny\"\r\nD=4\rE=5\r",
    "A\nB=\n=c\nD =\nE\t=\tf\n1=2\n A.B-C=d\nÄ=1\nF==g\n",
    "A: 1\nB:2\nC : 3\nD:  4\nE:=5\n",
    "A=1\nA=2\nB=$A\nA=3\n",
    "PRICE=5$\nA=\\$B\nB=x\nC=$A\nD=\\\\$B\nE='$B'\nF=\"\\$B $B\"\n",
    "A=$B-${B}-${B:-d}\nB=${C:-x y}\nC=\nD=$NONE:-z}\nE=${B\nF=$B}\nG=${}\nH=$\nI=${-x}\n",
    "A=$A\nB=1\n",
    "A=$B\nB=$C\nC=$A\nD=1\n",
    "A=x$$B\nB=y\nC=$$\nD=$B$&\nE=$F\nF=\\$& \\$' \\$` $$\n",
    "OLD=$P\nP=file\nNEW=$P\nQ=${EMPTY:-empty}\nEMPTY=file\n",
    "10=a\n2=b\n02=c\nA=$10 $2 $02\n2=$10\n",
    "A=\u{a0}x\u{a0}\nB=\u{3000}'y'\nC=\u{85}z\nD=\u{feff}w\n",
    "URL=mongodb+srv://u:p%40ss$word@host/db?a=b&c=d\nJSON={\"a\":\"b\"}\n",
    "#A=1\n # B=2\nC=3 #\n#\nD=\"#\"#\"\n",
    "__proto__=1\nA=1\n",
    "A=\"x\" B=y\nC='x' # y 'z'\nD='x # y' z'\n",
];

#[test]
#[expect(clippy::print_stdout, reason = "a test says what it compared")]
fn environment_files_are_read_as_next_reads_them() {
    let Some(package) = peer() else { return };
    let folder = tempfile::tempdir().expect("a folder for the cases");
    let cases = cases();
    let mut listed = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let place = folder.path().join(number.to_string());
        std::fs::create_dir(&place).expect("a folder for the case");
        for (name, text) in &case.files {
            std::fs::write(place.join(name), text).expect("a file of the case");
        }
        listed.push(json!({ "folder": place, "mode": case.mode, "process": case.process }));
    }
    let list = folder.path().join("cases.json");
    std::fs::write(&list, Value::from(listed).to_string()).expect("the list of cases");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/next-env/oracle.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(package)
        .arg(&list)
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers: Vec<BTreeMap<String, String>> =
        serde_json::from_slice(&output.stdout).expect("the oracle prints a list of variables");
    assert_eq!(answers.len(), cases.len());
    let mut differences = Vec::new();
    for (number, (case, theirs)) in cases.iter().zip(answers).enumerate() {
        let files = read_detected(&folder.path().join(number.to_string()), case.mode)
            .expect("readable files");
        let mut process = case.process.clone();
        if case.mode == "test" {
            process.insert("NODE_ENV".into(), "test".into());
        }
        let loaded = load(&files, &process).environment;
        let ours: BTreeMap<String, String> = loaded
            .variables
            .into_iter()
            .map(|variable| (variable.name, variable.value))
            .collect();
        if ours != theirs {
            differences.push(format!(
                "{:?}\n{:?}\n  ours   {ours:?}\n  theirs {theirs:?}",
                case.files, case.process
            ));
        }
    }
    let count = differences.len();
    differences.truncate(5);
    assert!(
        count == 0,
        "{count} of {} cases differ\n{}",
        cases.len(),
        differences.join("\n")
    );
    println!("{} cases agree with @next/env", cases.len());
}

/// The folder of the installed package.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test is told by variables where its peers are, and says when it was not"
)]
fn peer() -> Option<PathBuf> {
    let package = std::env::var_os("HOLDPOINT_PEERS")
        .map(|peers| Path::new(&peers).join("next-env/node_modules/@next/env"))
        .filter(|package| package.is_dir());
    if package.is_none() {
        assert!(
            std::env::var_os("HOLDPOINT_REQUIRE_PEERS").is_none_or(|value| value != "1"),
            "next-env is required and not installed: run npm install in a copy of tests/peers/next-env below HOLDPOINT_PEERS"
        );
        println!("skipped: next-env is not installed");
    }
    package
}

fn cases() -> Vec<Case> {
    let mut random = fastrand::Rng::with_seed(20_26);
    let process = BTreeMap::from(
        [
            ("P", "process$A"),
            ("EMPTY", ""),
            ("B", "process-b"),
            ("ESC", "a\\$b"),
        ]
        .map(|(a, b)| (a.into(), b.into())),
    );
    let mut cases = Vec::new();
    for text in WRITTEN {
        for process in [BTreeMap::new(), process.clone()] {
            cases.push(Case {
                files: vec![(".env", (*text).into())],
                process,
                mode: "production",
            });
        }
    }
    for _ in 0..RANDOM_CASES {
        let mode = MODES[random.usize(..MODES.len())];
        let mut files = Vec::new();
        let names = [
            ".env",
            ".env.local",
            ".env.production",
            ".env.development",
            ".env.test",
            ".env.test.local",
            ".env.production.local",
            ".env.development.local",
        ];
        for name in names {
            if name == ".env" || random.u8(..3) == 0 {
                files.push((name, text(&mut random)));
            }
        }
        let process = if random.bool() {
            process.clone()
        } else {
            BTreeMap::new()
        };
        cases.push(Case {
            files,
            process,
            mode,
        });
    }
    cases
}

/// A file of random assignments, with now and then a line of random pieces.
fn text(random: &mut fastrand::Rng) -> String {
    const PIECES: &[&str] = &[
        "A",
        "B",
        "C",
        "P",
        "EMPTY",
        "7",
        "a b",
        "x",
        "=",
        " = ",
        ": ",
        ":",
        "'",
        "\"",
        "`",
        "#",
        " #",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\\n",
        "\\r",
        "\\",
        "\\\\",
        "\\$",
        "$",
        "$A",
        "$B",
        "${C}",
        "${D:-e f}",
        "${EMPTY:-$B}",
        "$P",
        "${",
        "}",
        ":-",
        "$$",
        "$&",
        "export ",
        "\u{a0}",
        "\u{feff}",
        "é",
        "😀",
        ".",
        "-",
        "%40",
        "//",
        "ESC",
    ];
    const NAMES: &[&str] = &["A", "B", "C", "D", "P", "EMPTY", "ESC", "A.B", "1", "x_y"];
    let pick = |random: &mut fastrand::Rng, most: usize| -> String {
        (0..random.usize(..=most))
            .map(|_| PIECES[random.usize(..PIECES.len())])
            .collect()
    };
    let mut text = String::new();
    for _ in 0..random.usize(1..7) {
        if random.u8(..8) == 0 {
            text += &pick(random, 12);
        } else {
            let quote = ["", "", "'", "\"", "`"][random.usize(..5)];
            let name = NAMES[random.usize(..NAMES.len())];
            text += &format!("{name}={quote}{}{quote}", pick(random, 5));
        }
        text += ["\n", "\n", "\r\n", " # c\n"][random.usize(..4)];
    }
    text
}
