//! The history probe on repositories that git itself makes, whole, cut off and broken, with git as the judge of what
//! there is to read.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, HindranceKind, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Sighting, Wanted, find};
use holdpoint::secret::Book;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::forms::{every_file, forms};
use support::holdpoint;
use tempfile::TempDir;

/// What must be found, and never be said.
const SECRET: &str = "q7Rk+Zw/93xLpT2mVn5Ys8Bd==1";
const PASSWORD: &str = "pW9vTzR2mWnB7yHc4D";

/// A repository in a temporary folder.
struct Repo(TempDir);

impl Repo {
    fn new() -> Self {
        let repo = Self(TempDir::new().unwrap());
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "--short=12", "HEAD"])
    }

    fn commit_file(&self, path: &str, content: impl AsRef<[u8]>) -> String {
        self.write(path, content);
        self.commit("a change")
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let outcome = support::git::git(folder)
        .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"])
        .args(arguments)
        .envs([
            ("GIT_AUTHOR_DATE", "1700000000 +0000"),
            ("GIT_COMMITTER_DATE", "1700000000 +0000"),
        ])
        .output()
        .unwrap();
    assert!(
        outcome.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    String::from_utf8(outcome.stdout).unwrap().trim().to_owned()
}

fn context(root: &Path) -> Context {
    let variable = |name: &str, value: String| Variable {
        name: name.into(),
        raw: value.clone(),
        value,
        origin: VariableOrigin::Process,
        secret: true,
        shadowed: Vec::new(),
    };
    let variables = vec![
        variable("AUTH_SECRET", SECRET.into()),
        variable(
            "MONGODB_URI",
            format!("mongodb+srv://app:{PASSWORD}@db.shop.internal/tasks"),
        ),
        variable("NEXTAUTH_SECRET", SECRET.into()),
        variable("SHORT_KEY", "abc12".into()),
    ];
    Context {
        target: None,
        root: root.to_owned(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment {
            variables,
            ..Environment::default()
        }),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout: Duration::from_secs(60),
        until: clock::tick() + Duration::from_secs(60),
        now: 1_760_000_000,
        run: "r".into(),
        scratch: Scratch::default(),
    }
}

async fn sight(root: &Path) -> Sighting {
    let context = context(root);
    let probe = find("history").unwrap();
    let looks = probe.looks(&Facts::new(), &context).unwrap();
    let sighting = probe.look(&looks[0], &Wanted::default(), &context).await;
    let said = format!("{:?}", sighting);
    assert!(!said.contains(SECRET) && !said.contains(PASSWORD), "{said}");
    if sighting.hindrance.is_none() {
        let declared: Vec<_> = probe
            .spec()
            .facts
            .into_iter()
            .map(|fact| fact.name.into_owned())
            .collect();
        assert_eq!(sighting.facts.keys().cloned().collect::<Vec<_>>(), declared);
    }
    sighting
}

async fn facts(root: &Path) -> Facts {
    let sighting = sight(root).await;
    assert_eq!(sighting.hindrance, None);
    sighting.facts
}

/// What was found: the first variable, path, line, in the tip.
fn found(facts: &Facts) -> Vec<(String, String, u64, bool)> {
    let told = facts["secrets"].as_array().unwrap();
    told.iter()
        .map(|one| {
            (
                one["variables"][0].as_str().unwrap().to_owned(),
                one["path"].as_str().unwrap_or("-").to_owned(),
                one["line"].as_u64().unwrap_or_default(),
                one["in_tip"].as_bool().unwrap(),
            )
        })
        .collect()
}

fn one(path: &str, line: u64, in_tip: bool) -> Vec<(String, String, u64, bool)> {
    vec![("AUTH_SECRET".into(), path.into(), line, in_tip)]
}

/// The objects that git reaches are the objects that the probe reached, and all were read.
fn agrees(repo: &Path, facts: &Facts) {
    let reached: BTreeSet<String> = git(
        repo,
        &["rev-list", "--objects", "--all", "--no-object-names"],
    )
    .lines()
    .map(str::to_owned)
    .collect();
    assert_eq!(facts["objects"], reached.len(), "{facts:?}");
    let commits = git(repo, &["rev-list", "--all"]).lines().count();
    assert_eq!(facts["commits"], commits);
    assert_eq!(
        (&facts["complete"], &facts["incomplete"]),
        (&Value::Bool(true), &serde_json::json!([]))
    );
    let all = git(
        repo,
        &[
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objectsize)",
        ],
    );
    let bytes: u64 = all.lines().map(|size| size.parse::<u64>().unwrap()).sum();
    assert_eq!(facts["bytes"], bytes);
}

fn lines(number: usize) -> String {
    (0..number)
        .map(|line| format!("line {line} of a file that is long enough for differences\n"))
        .collect()
}

#[tokio::test]
async fn an_old_commit_is_found_loose_and_packed() {
    let repo = Repo::new();
    repo.commit_file("README.md", "hello\n");
    let bad = repo.commit_file(
        "src/config.ts",
        format!("// one\nconst a = \"{SECRET}\";\n"),
    );
    repo.commit_file(
        "src/config.ts",
        "// one\nconst a = process.env.AUTH_SECRET;\n",
    );
    for packed in [false, true] {
        if packed {
            repo.git(&["gc", "-q", "--aggressive"]);
        }
        let facts = facts(repo.path()).await;
        assert_eq!(found(&facts), one("src/config.ts", 2, false));
        let told = &facts["secrets"][0];
        assert_eq!(told["commit"], bad);
        assert_eq!(
            told["variables"],
            serde_json::json!(["AUTH_SECRET", "NEXTAUTH_SECRET"])
        );
        assert_eq!(
            (&told["date"], &told["in"], &told["ref"]),
            (
                &"2023-11-14".into(),
                &"file".into(),
                &"refs/heads/main".into()
            )
        );
        assert_eq!(told["at"], format!("{bad} src/config.ts:2"));
        assert_eq!(
            (&told["as_written"], &told["versions"]),
            (&true.into(), &1.into())
        );
        assert_eq!(facts["secrets_count"], 1);
        assert_eq!(facts["not_searched"][0]["name"], "SHORT_KEY");
        agrees(repo.path(), &facts);
    }
}

#[tokio::test]
async fn a_difference_in_a_pack_is_put_together() {
    let repo = Repo::new();
    for version in 0..12 {
        let mut text = lines(300 + version);
        if version == 3 {
            text.insert_str(text.find("line 200 ").unwrap(), &format!("{SECRET}\n"));
        }
        repo.commit_file("data/big.txt", text);
    }
    repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
    let verified = repo.git(&["verify-pack", "-v", &pack_of(&repo, "idx")]);
    assert!(verified.contains("chain length = "), "{verified}");
    let facts = facts(repo.path()).await;
    assert_eq!(found(&facts), one("data/big.txt", 201, false));
    agrees(repo.path(), &facts);
}

fn pack_of(repo: &Repo, end: &str) -> String {
    let folder = repo.path().join(".git/objects/pack");
    let mut files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let file = files
        .find(|path| path.extension().is_some_and(|one| one == end))
        .unwrap();
    file.display().to_string()
}

#[tokio::test]
async fn references_by_name_and_several_packs() {
    let repo = Repo::new();
    for version in 0..5 {
        repo.commit_file(
            "a.txt",
            lines(100 + version) + &format!("{version} {SECRET}\n"),
        );
    }
    repo.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"]);
    repo.commit_file("b.txt", "more");
    repo.git(&["repack", "-q"]);
    repo.commit_file("c.txt", "loose");
    let facts = facts(repo.path()).await;
    assert_eq!(found(&facts), one("a.txt", 101, true));
    assert_eq!(facts["secrets"][0]["versions"], 5);
    agrees(repo.path(), &facts);
}

#[tokio::test]
async fn what_only_a_tag_a_stash_a_note_or_a_merge_keeps() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "a\n");
    // A deleted branch that a tag still reaches.
    repo.git(&["checkout", "-q", "-b", "gone"]);
    repo.commit_file("by-tag.txt", format!("\n\n{SECRET}"));
    repo.git(&["tag", "-a", "v1", "-m", "the first"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "gone"]);
    // A merge commit that brings in what neither side has.
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.commit_file("side.txt", "side");
    repo.git(&["checkout", "-q", "main"]);
    repo.commit_file("main.txt", "main");
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.write("merged.txt", SECRET);
    repo.commit("merge");
    repo.git(&["rm", "-q", "merged.txt"]);
    repo.commit("clean");
    // Two stashes; git's log keeps the older one.
    for number in 0..2 {
        repo.write("a.txt", format!("{SECRET} {number}\n"));
        repo.git(&["stash", "-q"]);
    }
    repo.git(&["notes", "add", "-m", &format!("note {SECRET}"), "HEAD"]);
    repo.git(&["tag", "-a", "v2", "-m", &format!("about\n\nit is {SECRET}")]);
    let told = facts(repo.path()).await;
    let mut paths: Vec<_> = found(&told)
        .into_iter()
        .map(|(_, path, line, _)| (path, line))
        .collect();
    paths.sort();
    let note = paths.iter().position(|(path, _)| path.len() == 40).unwrap();
    paths.remove(note);
    assert_eq!(
        paths,
        [
            ("-".into(), 8),
            ("a.txt".into(), 1),
            ("by-tag.txt".into(), 3),
            ("merged.txt".into(), 1)
        ]
    );
    let by = |path: &str| {
        let told = told["secrets"].as_array().unwrap();
        told.iter().find(|one| one["path"] == path).unwrap().clone()
    };
    assert_eq!(by("by-tag.txt")["ref"], "refs/tags/v1");
    assert_eq!(by("a.txt")["versions"], 2);
    assert_eq!(by("merged.txt")["in_tip"], false);
    assert_eq!(
        (&told["complete"], &told["reflog_secrets"]),
        (&true.into(), &serde_json::json!([]))
    );
    // With one stash fewer, git reaches the same.
    repo.git(&["stash", "drop", "-q"]);
    let told = facts(repo.path()).await;
    assert_eq!(
        told["objects"],
        repo.git(&["rev-list", "--objects", "--all"])
            .lines()
            .count()
    );
}

#[tokio::test]
async fn what_only_logs_remember_is_told_apart() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "a\n");
    repo.commit_file("b.txt", SECRET);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let told = facts(repo.path()).await;
    assert_eq!((found(&told), &told["reflog_only"]), (vec![], &3.into()));
    assert_eq!(
        told["reflog_secrets"],
        serde_json::json!(["AUTH_SECRET", "NEXTAUTH_SECRET"])
    );
    fs::remove_dir_all(repo.path().join(".git/logs")).unwrap();
    let _ = fs::remove_file(repo.path().join(".git/ORIG_HEAD"));
    let told = facts(repo.path()).await;
    assert_eq!(
        (&told["reflog_only"], &told["unreachable"]),
        (&0.into(), &3.into())
    );
    assert_eq!(
        told["unreachable_secrets"],
        serde_json::json!(["AUTH_SECRET", "NEXTAUTH_SECRET"])
    );
    assert_eq!(
        (&told["reflog_secrets"], &told["complete"]),
        (&serde_json::json!([]), &true.into())
    );
}

#[tokio::test]
async fn messages_names_and_renamed_files() {
    let repo = Repo::new();
    repo.commit_file("old.txt", format!("x\r\ny = {SECRET}\r\n"));
    repo.git(&["mv", "old.txt", "new.txt"]);
    repo.commit("renamed");
    repo.git(&[
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        &format!("uses\n\n{PASSWORD}"),
    ]);
    repo.write(&format!("dump/{PASSWORD}.txt"), "x");
    let bad = repo.commit("a name");
    let facts = facts(repo.path()).await;
    let told = found(&facts);
    // The file under its first name, the message, the name.
    assert!(
        told.contains(&("AUTH_SECRET".into(), "old.txt".into(), 2, true)),
        "{told:?}"
    );
    assert_eq!(told.len(), 3, "{told:?}");
    let secrets = facts["secrets"].as_array().unwrap();
    let message = secrets
        .iter()
        .find(|one| one["in"] == "commit message")
        .unwrap();
    assert_eq!(
        (&message["variables"][0], &message["as_written"]),
        (&"MONGODB_URI".into(), &false.into())
    );
    let name = secrets.iter().find(|one| one["in"] == "file name").unwrap();
    assert_eq!(name["at"], format!("{bad} a name in /dump"));
    agrees(repo.path(), &facts);
}

#[tokio::test]
async fn forms_of_a_value() {
    let utf16 = |big: bool, mark: bool| -> Vec<u8> {
        let text = format!("first line\nkey = {SECRET}\n");
        let units = mark
            .then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    let percent: String = SECRET
        .bytes()
        .map(|byte| match byte {
            b'+' | b'/' | b'=' => format!("%{byte:02X}"),
            byte => char::from(byte).to_string(),
        })
        .collect();
    let broken = format!("{}\n{}", &SECRET[..12], &SECRET[12..]);
    let off_by_one = SECRET.replace('Z', "z");
    for (what, content, line) in [
        ("plain", SECRET.as_bytes().to_vec(), Some(1)),
        (
            "CRLF",
            format!("a\r\nb\r\n{SECRET}\r\n").into_bytes(),
            Some(3),
        ),
        (
            "base64",
            format!("a\n{}", STANDARD.encode(SECRET)).into_bytes(),
            Some(2),
        ),
        (
            "base64 within",
            STANDARD.encode(format!("user:{SECRET}@")).into_bytes(),
            Some(1),
        ),
        (
            "percent",
            format!("https://x.test/?a={percent}").into_bytes(),
            Some(1),
        ),
        ("UTF-16 with a mark", utf16(false, true), Some(2)),
        ("UTF-16 without", utf16(false, false), Some(2)),
        ("UTF-16, big end first", utf16(true, true), Some(2)),
        (
            "binary",
            [&[0, 1, 2, 255, 0][..], SECRET.as_bytes(), &[0; 9]].concat(),
            Some(1),
        ),
        // Not seen through, as the declaration says.
        ("over two lines", broken.into_bytes(), None),
        ("another value", off_by_one.into_bytes(), None),
        (
            "a part",
            SECRET.as_bytes()[..SECRET.len() - 1].to_vec(),
            None,
        ),
    ] {
        let repo = Repo::new();
        repo.commit_file("f", content);
        let wanted = line.map_or(vec![], |line| one("f", line, true));
        assert_eq!(found(&facts(repo.path()).await), wanted, "{what}");
    }
}

/// However often one secret stands in a file, or in how many files, another is found beside it.
#[tokio::test]
async fn many_findings_hide_no_other() {
    let repo = Repo::new();
    let many = format!("{SECRET}\n").repeat(500);
    repo.write("a.txt", format!("{many}{PASSWORD}\n"));
    for number in 0..250 {
        repo.write(&format!("f/{number}.txt"), format!("{number} {SECRET}\n"));
    }
    repo.commit("much");
    let told = facts(repo.path()).await;
    assert_eq!(told["secrets_count"], 252);
    assert_eq!(told["secrets"].as_array().unwrap().len(), 200);
    let database = &told["kinds"]["database"]["found"];
    assert!(
        database[0]
            .as_str()
            .unwrap()
            .ends_with("a.txt:501 (2023-11-14, there today)"),
        "{database}"
    );
    assert_eq!(
        told["kinds"]["session"]["found"].as_array().unwrap().len(),
        100
    );
}

#[tokio::test]
async fn shapes_are_told_without_their_text() {
    let repo = Repo::new();
    let key = "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";
    repo.commit_file(
        "a.env",
        format!("# x\nG={key}\nH=GOCSPX-your-client-secret-goes-here\n"),
    );
    repo.commit_file("a.env", "# x\n");
    let facts = facts(repo.path()).await;
    assert_eq!(facts["shapes_count"], 1, "{facts:?}");
    let told = &facts["shapes"][0];
    assert_eq!(
        (&told["shape"], &told["line"], &told["in_tip"]),
        (
            &"a client secret of Google".into(),
            &2.into(),
            &false.into()
        )
    );
    assert!(!format!("{facts:?}").contains(key));
    assert_eq!(facts["secrets_count"], 0);
}

#[tokio::test]
async fn shallow_and_partial_clones_say_so() {
    let repo = Repo::new();
    repo.commit_file("a.txt", SECRET);
    repo.commit_file("a.txt", "clean\n");
    let address = format!("file://{}", repo.path().display());
    let folder = TempDir::new().unwrap();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    git(
        folder.path(),
        &["clone", "-q", "--depth=1", &address, "shallow"],
    );
    let told = facts(&folder.path().join("shallow")).await;
    assert_eq!((&told["complete"], found(&told)), (&false.into(), vec![]));
    assert!(
        told["incomplete"][0].as_str().unwrap().contains("shallow"),
        "{told:?}"
    );
    assert_eq!(told["remotes"], serde_json::json!(["origin"]));
    git(
        folder.path(),
        &["clone", "-q", "--filter=blob:none", &address, "partial"],
    );
    let told = facts(&folder.path().join("partial")).await;
    assert_eq!((&told["complete"], found(&told)), (&false.into(), vec![]));
    assert!(
        told["incomplete"][0].as_str().unwrap().contains("partial"),
        "{told:?}"
    );
    // A clone that borrows objects has them all.
    git(
        folder.path(),
        &[
            "clone",
            "-q",
            "--shared",
            &repo.path().display().to_string(),
            "shared",
        ],
    );
    let told = facts(&folder.path().join("shared")).await;
    assert_eq!(found(&told), one("a.txt", 1, false));
    assert_eq!(told["complete"], true);
    let objects = fs::read_dir(folder.path().join("shared/.git/objects"))
        .unwrap()
        .count();
    assert_eq!(objects, 2, "the clone has objects of its own");
}

#[tokio::test]
async fn missing_and_broken_objects_leave_it_open() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "a\n");
    repo.commit_file("b.txt", SECRET);
    let blob = repo.git(&["rev-parse", "HEAD~1:a.txt"]);
    let file = repo
        .path()
        .join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]));
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let told = facts(repo.path()).await;
    assert_eq!(
        (&told["complete"], found(&told)),
        (&false.into(), one("b.txt", 1, true))
    );
    assert!(
        told["incomplete"][0]
            .as_str()
            .unwrap()
            .starts_with("1 objects that references reach are not here"),
        "{told:?}"
    );
    fs::write(&file, &bytes[..bytes.len() - 6]).unwrap();
    let told = facts(repo.path()).await;
    assert!(
        told["incomplete"][0]
            .as_str()
            .unwrap()
            .contains("could not be read"),
        "{told:?}"
    );
    fs::write(&file, &bytes).unwrap();
    assert_eq!(facts(repo.path()).await["complete"], true);
    // A broken pack: every byte in turn may be wrong, and nothing passes for whole that is not, and nothing panics.
    repo.git(&["repack", "-adq"]);
    let pack = pack_of(&repo, "pack");
    let whole = fs::read(&pack).unwrap();
    let mut permissions = fs::metadata(&pack).unwrap().permissions();
    #[allow(
        clippy::permissions_set_readonly_false,
        reason = "a file of this test's own"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(&pack, permissions).unwrap();
    for at in (12..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&pack, bytes).unwrap();
        let told = facts(repo.path()).await;
        assert_eq!(told["complete"], false, "byte {at}: {told:?}");
    }
    fs::write(&pack, &whole[..whole.len() / 2]).unwrap();
    let told = facts(repo.path()).await;
    assert_eq!((&told["complete"], found(&told)), (&false.into(), vec![]));
}

#[tokio::test]
async fn other_working_trees_and_submodules() {
    let repo = Repo::new();
    repo.commit_file("a.txt", "a\n");
    let folder = TempDir::new().unwrap();
    let tree = folder.path().join("tree");
    repo.git(&[
        "worktree",
        "add",
        "-q",
        "--detach",
        &tree.display().to_string(),
    ]);
    fs::write(tree.join("w.txt"), SECRET).unwrap();
    git(&tree, &["add", "-A"]);
    git(&tree, &["commit", "-q", "-m", "in the other tree"]);
    for place in [repo.path(), &tree] {
        let told = facts(place).await;
        assert_eq!(found(&told), one("w.txt", 1, true), "{}", place.display());
        assert_eq!(told["complete"], true);
    }
    // A submodule is a repository of its own: counted, not searched.
    let inner = Repo::new();
    inner.commit_file("s.txt", SECRET);
    let outer = Repo::new();
    outer.git(&[
        "submodule",
        "--quiet",
        "add",
        &inner.path().display().to_string(),
        "sub",
    ]);
    outer.commit("with a submodule");
    let told = facts(outer.path()).await;
    assert_eq!(
        (found(&told), &told["submodules"], &told["complete"]),
        (vec![], &1.into(), &true.into())
    );
    agrees(outer.path(), &told);
    assert_eq!(
        found(&facts(&outer.path().join("sub")).await),
        one("s.txt", 1, true)
    );
}

#[tokio::test]
async fn empty_none_and_other_kinds_of_repositories() {
    let empty = Repo::new();
    let told = facts(empty.path()).await;
    assert_eq!(
        (&told["objects"], &told["complete"]),
        (&0.into(), &true.into())
    );
    let none = TempDir::new().unwrap();
    assert_eq!(
        sight(none.path()).await.hindrance.unwrap().kind,
        HindranceKind::Absent
    );
    let other = TempDir::new().unwrap();
    git(other.path(), &["init", "-q", "--object-format=sha256"]);
    let hindrance = sight(other.path()).await.hindrance.unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Denied);
    assert!(hindrance.cause.contains("sha256"));
    fs::remove_dir_all(other.path().join(".git")).unwrap();
    fs::write(other.path().join(".git"), "gitdir: nowhere").unwrap();
    assert_eq!(
        sight(other.path()).await.hindrance.unwrap().kind,
        HindranceKind::Denied
    );
}

#[tokio::test]
async fn a_large_file_is_searched_in_pieces() {
    let repo = Repo::new();
    let mut text = "a line of a large file, the same over and over\n"
        .repeat(1_500_000)
        .into_bytes();
    // Across the border of a window, and at the very end.
    let place = (4 << 20) - 10;
    text[place..place + SECRET.len()].copy_from_slice(SECRET.as_bytes());
    text.extend_from_slice(SECRET.as_bytes());
    let line = 1 + text[..place].iter().filter(|byte| **byte == b'\n').count() as u64;
    assert!(text.len() > 64 << 20);
    repo.commit_file("large.txt", text);
    for packed in [false, true] {
        if packed {
            repo.git(&["gc", "-q"]);
        }
        let told = facts(repo.path()).await;
        assert_eq!(found(&told), one("large.txt", line, true));
        agrees(repo.path(), &told);
    }
}

/// The whole program over a repository that is full of secrets: it fails, and says none of them.
#[test]
fn the_program_never_says_a_value() {
    let shaped = "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";
    let repo = Repo::new();
    repo.write(
        ".gitignore",
        ".env.local\n.holdpoint\n*.txt\n*.json\n!package.json\n*.xml\n*.md\n",
    );
    repo.write("package.json", r#"{ "name": "shop" }"#);
    repo.write(
        ".env.local",
        format!("AUTH_SECRET='{SECRET}'\nMONGODB_URI=mongodb+srv://app:{PASSWORD}@db.shop.internal/tasks\n"),
    );
    repo.write(
        "a.ts",
        format!("const a = '{SECRET}', b = '{PASSWORD}', c = '{shaped}'\n"),
    );
    repo.write(&format!("{PASSWORD}/{shaped}.ts"), format!("{SECRET}\n"));
    repo.commit(&format!("{SECRET} and {PASSWORD} and {shaped}"));
    repo.git(&["branch", &format!("to-{PASSWORD}")]);
    repo.git(&["checkout", "-q", "--detach"]);
    repo.git(&["branch", "-q", "-D", "main"]);
    let formats = [
        "terminal=t.txt",
        "json=r.json",
        "junit=j.xml",
        "sarif=s.sarif",
        "markdown=m.md",
        "sign-off=s.md",
    ];
    let reports: Vec<&str> = formats
        .iter()
        .flat_map(|format| ["--report", format])
        .collect();
    for call in [
        [vec!["run", "history.*", "-v"], reports.clone()].concat(),
        [vec!["report", "--from", "latest", "-v"], reports].concat(),
    ] {
        let outcome = holdpoint(&call).within(repo.path()).run();
        assert_eq!(outcome.code(), 1, "{}{}", outcome.stdout, outcome.stderr);
        for check in [
            "no-database-password",
            "no-session-secret",
            "no-oauth-secret",
        ] {
            assert!(
                outcome.stdout.contains(&format!("✗ history.{check}")),
                "{}",
                outcome.stdout
            );
        }
        expect_clean("the output", &(outcome.stdout + &outcome.stderr), shaped);
    }
    let mut files = Vec::new();
    for folder in [repo.path().join(".holdpoint"), repo.path().to_owned()] {
        every_file(&folder, &mut files);
    }
    let written = files.iter().filter(|file| {
        let name = file.file_name().unwrap().to_string_lossy();
        name.ends_with(".jsonl") || ["t.txt", "r.json", "j.xml", "m.md", "s.md"].contains(&&*name)
    });
    let mut count = 0;
    for file in written {
        count += 1;
        expect_clean(
            &file.display().to_string(),
            &fs::read_to_string(file).unwrap(),
            shaped,
        );
    }
    assert!(count >= 6, "{files:?}");
}

fn expect_clean(what: &str, text: &str, shaped: &str) {
    for secret in [SECRET, PASSWORD, shaped] {
        for form in forms(secret) {
            assert!(!text.contains(&form), "{what} holds {form}:\n{text}");
        }
    }
}
