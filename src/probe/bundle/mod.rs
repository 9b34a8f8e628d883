//! The bundle probe: do pages and the scripts that they load hold a secret of the server?

mod declared;
mod maps;
mod reading;

use super::history::Sought;
use super::http::of_path;
use super::push::scripts_of_next;
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Target};
use crate::secret::{Hunt, Quarry};
use futures_util::future::{BoxFuture, join_all};
use maps::Maps;
use reading::{get, scripts_of_page};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// More scripts are not read: a page loads a few dozen, and a manifest names those of other pages.
const MOST: usize = 150;
/// More bytes are not read.
const MOST_BYTES: usize = 32 << 20;
/// Scripts asked for at once.
const AT_ONCE: usize = 6;
/// Findings that are told.
const MOST_TOLD: usize = 100;
/// Shapes of what is made for browsers: keys that are bound to a site, and tokens that are for everybody.
const FOR_BROWSERS: &[&str] = &["an API key of Google", "a JSON Web Token"];

/// Searches what browsers load.
pub(super) struct Bundle;

impl Probe for Bundle {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let page = context
            .target
            .as_ref()
            .map_or("/", |target| target.paths.page.as_str());
        let mut paths = BTreeSet::new();
        match parameters.get("paths") {
            None => {
                paths.insert(page.to_owned());
            }
            Some(given) => {
                let given = given.as_array().filter(|given| !given.is_empty());
                for path in given.ok_or("paths is a list of at least one page")? {
                    match path.as_str().filter(|path| path.starts_with('/')) {
                        Some(path) => paths.insert(path.to_owned()),
                        None => return Err(format!("paths: {path} is not like \"/dashboard\"")),
                    };
                }
            }
        }
        let paths: Vec<String> = paths.into_iter().collect();
        Ok(vec![Facts::from_iter([("paths".to_owned(), paths.into())])])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "the pages and scripts that browsers load".into()
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let target = context.target.as_ref()?;
        Some(target.url.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            look(parameters, context)
                .await
                .map_or_else(Sighting::hindered, Sighting::of)
        })
    }
}

/// What was found in all that was read.
#[derive(Default)]
struct Findings {
    /// By what and where: the first offset and how often.
    secrets: BTreeMap<(usize, String), (usize, usize, bool)>,
    shapes: BTreeMap<(&'static str, String), (usize, usize, String)>,
    bytes: usize,
}

impl Findings {
    fn search(&mut self, hunt: &Hunt, context: &Context, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        for find in hunt.search(bytes) {
            let at = find.span.start;
            match find.what {
                Quarry::Secret { secret, as_written } => {
                    let known = self.secrets.entry((secret, place.to_owned()));
                    let (_, times, whole) = known.or_insert((at, 0, false));
                    *times += 1;
                    *whole |= as_written;
                }
                Quarry::Shape(shape) if !FOR_BROWSERS.contains(&shape) => {
                    let text = String::from_utf8_lossy(&bytes[find.span]).into_owned();
                    let fingerprint = context.secrets.fingerprint(&text);
                    let known = self.shapes.entry((shape, place.to_owned()));
                    known.or_insert((at, 0, fingerprint)).1 += 1;
                }
                Quarry::Shape(_) => {}
            }
        }
    }
}

async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let target = context.target.as_deref();
    let target =
        target.ok_or_else(|| Hindrance::new(HindranceKind::Absent, "no target is given"))?;
    let sought = Sought::of(&context.environment, &context.root);
    sought.register(&context.secrets);
    let hunt = sought.hunt(context.now);
    if !hunt.is_ready() {
        let cause = "no searcher could be built for so many secrets";
        return Err(Hindrance::new(HindranceKind::Internal, cause));
    }
    let pages = parameters.get("paths").and_then(Value::as_array);
    let pages = pages.into_iter().flatten().filter_map(Value::as_str);
    let mut findings = Findings::default();
    let mut scripts = BTreeSet::new();
    let mut foreign = BTreeSet::new();
    let mut unread = Vec::new();
    let mut read = 0;
    for page in pages {
        let address = of_path(&target.url, page);
        let answer = get(&address, context, target).await?;
        match answer.status {
            200 => {
                read += 1;
                findings.search(&hunt, context, page, &answer.body);
                let text = String::from_utf8_lossy(&answer.body);
                scripts.extend(scripts_of_next(&text, &address));
                for script in scripts_of_page(&text, &address) {
                    match script.origin() == target.url.origin() {
                        true => scripts.insert(script),
                        false => foreign.insert(script),
                    };
                }
            }
            // There is no such page, or another one in its place.
            300..=399 | 404 => {}
            status => unread.push(format!("{page}: {status}")),
        }
    }
    if read == 0 {
        let cause = "no page is answered with 200";
        return Err(Hindrance::new(HindranceKind::Protocol, cause));
    }
    let foreign = foreign.difference(&scripts).count();
    let mut maps = Maps::default();
    let search = (&hunt, context, target);
    let count = follow(scripts, search, &mut findings, &mut maps, &mut unread).await;
    let (served, untold) = maps.read(&hunt, context, target, &mut findings).await;
    let counts = (read, count, foreign);
    let mut facts = facts(&sought, context, &findings, counts, &unread);
    facts.insert("maps".into(), served.into());
    facts.insert("maps_untold".into(), untold.into());
    Ok(facts)
}

/// Reads scripts, and those that they name.
async fn follow(
    scripts: BTreeSet<Url>,
    (hunt, context, target): (&Hunt, &Context, &Target),
    findings: &mut Findings,
    maps: &mut Maps,
    unread: &mut Vec<String>,
) -> usize {
    let mut known = scripts.clone();
    let mut pending: Vec<Url> = scripts.into_iter().rev().collect();
    let mut asked = 0;
    while !pending.is_empty() {
        if asked >= MOST || findings.bytes > MOST_BYTES {
            unread.push(format!("{} more scripts", pending.len()));
            break;
        }
        let some = pending.split_off(pending.len().saturating_sub(AT_ONCE.min(MOST - asked)));
        asked += some.len();
        let answers = join_all(some.iter().map(|address| get(address, context, target))).await;
        for (address, answer) in some.iter().zip(answers) {
            let place = address.path();
            match answer {
                Ok(answer) if answer.status == 200 => {
                    findings.search(hunt, context, place, &answer.body);
                    let text = String::from_utf8_lossy(&answer.body);
                    if let Some(map) = maps.note(address, &text, answer.map.as_deref()) {
                        findings.search(hunt, context, &format!("{place} (its map)"), &map);
                    }
                    let named = scripts_of_next(&text, address).into_iter();
                    pending.extend(named.filter(|script| known.insert(script.clone())));
                }
                Ok(answer) => unread.push(format!("{place}: {}", answer.status)),
                Err(hindrance) => unread.push(format!("{place}: {}", hindrance.cause)),
            }
        }
    }
    known.len()
}

fn facts(
    sought: &Sought,
    context: &Context,
    findings: &Findings,
    (pages, scripts, foreign): (usize, usize, usize),
    unread: &[String],
) -> Facts {
    let (searched, not_searched) = sought.facts(&context.secrets);
    let secrets: Vec<Value> = findings
        .secrets
        .iter()
        .take(MOST_TOLD)
        .map(|((secret, place), (offset, times, as_written))| {
            let names = sought.names(*secret);
            let encoded = if *as_written {
                ""
            } else {
                " (encoded, or in part)"
            };
            json!({
                "name": format!("{}{encoded}", names.join(" and ")),
                "at": format!("{place}, byte {offset}"),
                "variables": names,
                "fingerprint": sought.fingerprint(*secret, &context.secrets),
                "path": place,
                "offset": offset,
                "times": times,
                "as_written": as_written,
            })
        })
        .collect();
    let shapes: Vec<Value> = findings
        .shapes
        .iter()
        .take(MOST_TOLD)
        .map(|((shape, place), (offset, times, fingerprint))| {
            json!({
                "name": shape,
                "at": format!("{place}, byte {offset}"),
                "fingerprint": fingerprint,
                "path": place,
                "offset": offset,
                "times": times,
            })
        })
        .collect();
    let in_words = |told: &[Value]| -> Vec<String> {
        let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        told.iter()
            .map(|one| format!("{} in {}", word(one, "name"), word(one, "at")))
            .collect()
    };
    Facts::from_iter([
        ("pages".to_owned(), pages.into()),
        ("scripts".to_owned(), scripts.into()),
        ("third_party".to_owned(), foreign.into()),
        ("bytes".to_owned(), findings.bytes.into()),
        ("unread".to_owned(), unread.into()),
        ("searched".to_owned(), searched),
        ("not_searched".to_owned(), not_searched),
        ("secrets_found".to_owned(), in_words(&secrets).into()),
        ("shapes_found".to_owned(), in_words(&shapes).into()),
        ("secrets".to_owned(), secrets.into()),
        ("shapes".to_owned(), shapes.into()),
    ])
}
