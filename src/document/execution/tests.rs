//! Tests of the execution guide: its order, its variables, and that it stays Markdown.

use super::*;
use crate::catalog::{Catalog, parse_check};
use crate::model::Origin;
use pulldown_cmark::{Event, Options, Parser, Tag};

fn guide(asked: &[String], checks: &[Check], along: &[&str]) -> String {
    let guide = ExecutionGuide::new(&Chosen {
        project: "shop",
        asked,
        checks: checks.iter().collect(),
        along: along.iter().copied().collect(),
        catalogue: checks,
        statuses: vec![(0, "go"), (1, "no-go")],
    });
    guide.render(&ExecutionGuide::shipped()).unwrap()
}

fn check(id: &str, level: &str, rest: &str) -> Check {
    let text = format!(
        "id = \"{id}\"\ntitle = \"{id} holds\"\nwhy = \"else not\"\nseverity = \"high\"\nlevel = \"{level}\"\nsuites = [\"security\"]\n{rest}"
    );
    parse_check(&Source::new("c.toml", text), Origin::User).unwrap()
}

fn looking(id: &str, needs: &str) -> Check {
    check(
        id,
        "live",
        &format!(
            "needs = [{needs}]\n[look]\nprobe = \"http\"\npath = \"/\"\n[[expect]]\nthat = \"status == 200\"\notherwise = \"no\"\n[remedy]\ntext = \"mend {{status}} in <b>two</b>\"\n"
        ),
    )
}

#[test]
fn prerequisites_come_first() {
    let checks = [
        looking("alpha.one", "\"beta.z\""),
        looking("beta.a", "\"beta.z\""),
        looking("beta.z", ""),
        looking("gamma.x", "\"alpha.one\""),
    ];
    let text = guide(&[], &checks, &["beta.z"]);
    let order: Vec<_> = ["beta.z", "beta.a", "alpha.one", "gamma.x"]
        .iter()
        .map(|id| text.find(&format!("- **{id}**")).unwrap())
        .collect();
    assert!(order.is_sorted(), "{text}");
    assert!(
        text.contains("1. [beta](#beta): 2 live\n2. [alpha](#alpha)"),
        "{text}"
    );
    assert!(text.contains("Prove first: beta."), "{text}");
    assert!(
        text.contains("**beta.z** (high, live, needed by others)"),
        "{text}"
    );
    assert!(text.contains("# Execution guide: every check"), "{text}");
    // A placeholder is no text to copy, and HTML of a check is text.
    assert!(
        text.contains("Mend: mend ‹status› in \\<b\\>two\\</b\\>"),
        "{text}"
    );
    assert!(text.contains("`--target URL`"), "{text}");
}

#[test]
fn areas_that_need_each_other_are_no_riddle() {
    let checks = [
        looking("alpha.one", "\"beta.one\""),
        looking("beta.one", ""),
        looking("beta.two", "\"alpha.two\""),
        looking("alpha.two", ""),
    ];
    let text = guide(&["alpha".into(), "beta".into()], &checks, &[]);
    assert_eq!(text.matches("- **").count(), 4, "{text}");
    assert!(
        text.starts_with("# Execution guide: alpha, beta\n"),
        "{text}"
    );
    assert!(
        text.contains("All at once: `holdpoint run alpha beta`"),
        "{text}"
    );
}

#[test]
fn what_only_a_person_can_state_says_so() {
    let attest = Check {
        look: None,
        level: Level::Static,
        ..looking("policy.read", "")
    };
    let text = guide(&[], &[attest], &[]);
    assert!(text.contains("Only a person can state it."), "{text}");
    assert!(
        text.contains("`holdpoint run policy --level static`"),
        "{text}"
    );
}

#[test]
fn variables_are_those_that_checks_and_probes_read() {
    let has = |rows: &[VariableGuide], names: &[&str], default: &str, otherwise: &str| {
        let same = |one: &VariableGuide| {
            one.names == names && one.default == default && one.otherwise == otherwise
        };
        assert!(rows.iter().any(same), "{rows:?}");
    };
    let catalog = Catalog::shipped().unwrap();
    let of = |area: &str| {
        let checks = catalog.checks().iter().filter(|one| one.id.area() == area);
        variables(checks.filter_map(|one| one.look.as_ref()))
    };
    let atlas = of("atlas");
    has(&atlas, &["ATLAS_CLIENT_ID"], "", "");
    has(
        &atlas,
        &["HOLDPOINT_ATLAS_URL"],
        "https://cloud.mongodb.com",
        "",
    );
    has(
        &of("vercel"),
        &["VERCEL_PROJECT_ID"],
        "",
        ".vercel/project.json",
    );
    for area in ["mongodb", "email", "oidc", "push", "nextauth", "ai"] {
        for one in of(area) {
            let plain = |name: &String| !name.is_empty() && !name.ends_with('_');
            assert!(
                !one.meaning.is_empty() && one.names.iter().all(plain),
                "{one:?}"
            );
        }
    }
    // Literal parameters that are no variables are none.
    assert_eq!(
        names("GET / of AUTH_<PROVIDER>_ISSUER, URL and A_B"),
        ["A_B"]
    );
}

#[test]
fn the_guide_of_the_whole_catalogue_is_whole() {
    let catalog = Catalog::shipped().unwrap();
    let text = guide(&[], catalog.checks(), &[]);
    assert!(!text.contains("\n\n\n"), "{text}");
    let options = Options::ENABLE_TABLES;
    let mut anchors = Vec::new();
    let mut links = Vec::new();
    let mut heading = None;
    for event in Parser::new_ext(&text, options) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(pulldown_cmark::TagEnd::Heading(_)) => {
                anchors.extend(heading.take().map(|words| anchor(&words)));
            }
            Event::Start(Tag::Link { dest_url, .. }) => links.push(dest_url.to_string()),
            Event::Html(html) | Event::InlineHtml(html) => assert_eq!(&*html, "<!-- -->"),
            _ => {}
        }
    }
    for link in links.iter().filter_map(|link| link.strip_prefix('#')) {
        assert!(
            anchors.iter().any(|anchor| anchor == link),
            "{link}: {anchors:?}"
        );
    }
    for check in catalog.checks() {
        assert!(
            text.contains(&format!("- **{}** ", check.id)),
            "{}",
            check.id
        );
    }
    // Every area has words of its own.
    let areas: BTreeSet<_> = catalog
        .checks()
        .iter()
        .map(|check| check.id.area())
        .collect();
    for area in areas {
        assert_ne!(title(area), area);
    }
}

#[test]
fn a_users_template_is_held_to_the_names_that_there_are() {
    let checks = [looking("alpha.one", "")];
    let chosen = Chosen {
        project: "",
        asked: &[],
        checks: checks.iter().collect(),
        along: BTreeSet::new(),
        catalogue: &checks,
        statuses: Vec::new(),
    };
    let guide = ExecutionGuide::new(&chosen);
    let own = Source::new("guide.md", "{{ total }} {{ totl }}");
    let told = guide.render(&own).unwrap_err().to_string();
    assert!(
        told.contains("guide.md:1") && told.contains("project, asked"),
        "{told}"
    );
    let own = Source::new("guide.md", "{{ total }}: {{ areas[0].title }}\n");
    assert_eq!(guide.render(&own).unwrap(), "1: alpha\n");
}
