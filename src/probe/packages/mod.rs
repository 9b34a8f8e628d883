//! The packages probe: what the lockfile installs, from where, under which licences, and what pulls it in.

mod licences;
pub(super) mod lock;
mod manifest;
mod sources;
mod spdx;

use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use futures_util::future::BoxFuture;
use lock::Lock;
use serde_json::{Value, json};
use std::path::Path;

/// Reads the lockfile and the installed packages.
pub(super) struct Packages;

impl Probe for Packages {
    fn spec(&self) -> ProbeSpec {
        use FactKind::Text;
        ProbeSpec {
            name: "packages",
            version: 1,
            summary: "Reads the application's lockfile (npm 1 to 3, pnpm 5 to 9, Yarn classic and berry, bun.lock), its package.json, \
                and the package.json of each installed package that the lockfile names no licence of. Runs no package \
                manager and asks no registry.",
            level: Level::Static,
            exclusive: false,
            needs_target: false,
            parameters: vec![
                ParameterSpec::optional(
                    "allow",
                    Text,
                    "licences that are allowed, with commas between; default those of MIT's kind and of the LGPL's and MPL's",
                ),
                ParameterSpec::optional(
                    "known",
                    Text,
                    "licences that a person has found out, as NAME=LICENCE or NAME@VERSION=LICENCE with commas between; default none",
                ),
                ParameterSpec::optional(
                    "registries",
                    Text,
                    "hosts of registries beside the public ones and those of .npmrc, with commas between; default none",
                ),
            ],
            facts: facts(),
        }
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = parameters.clone();
        for (key, default) in [("allow", ALLOWED), ("known", ""), ("registries", "")] {
            let value = look.entry(key).or_insert_with(|| default.into());
            if !value.is_string() {
                return Err(format!("{key}: {value} is not a text"));
            }
        }
        spdx::Policy::read(text(&look, "allow")).map_err(|cause| format!("allow: {cause}"))?;
        licences::known(text(&look, "known")).map_err(|cause| format!("known: {cause}"))?;
        Ok(vec![look])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "the lockfile".into()
    }

    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        let (root, parameters) = (context.root.clone(), parameters.clone());
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || read(&root, &parameters)).await {
                Ok(Ok(facts)) => Sighting::of(facts),
                Ok(Err(hindrance)) => Sighting::hindered(hindrance),
                Err(fault) => {
                    Sighting::hindered(Hindrance::new(HindranceKind::Internal, fault.to_string()))
                }
            }
        })
    }
}

/// Licences whose terms a service meets by keeping their texts, and those whose terms end at the file or
/// the library: sharp, which comes with Next.js, brings a library under the LGPL.
const ALLOWED: &str = "MIT, MIT-0, ISC, 0BSD, BSD-2-Clause, BSD-3-Clause, Apache-2.0, BlueOak-1.0.0, CC0-1.0, CC-BY-3.0, \
    CC-BY-4.0, Unlicense, WTFPL, Zlib, Python-2.0, Unicode-3.0, Unicode-DFS-2016, OFL-1.1, Artistic-2.0, MPL-2.0, \
    LGPL-2.1-or-later, LGPL-3.0-or-later";

fn facts() -> Vec<FactSpec> {
    use FactKind::{Int, Object, Text};
    let optional = FactKind::optional;
    let list = |part: &'static str, meaning: &'static str| {
        let parts = vec![
            FactSpec::new("name", Text, "the package and its version"),
            FactSpec::new(part, Text, meaning),
            FactSpec::new(
                "way",
                Text,
                "what pulls it in, from the application's own dependency on",
            ),
        ];
        FactKind::list(Object(parts))
    };
    let from = || list("what", "what is wrong");
    let of = || list("licence", "the licence as written");
    let licences = vec![
        FactSpec::new(
            "counts",
            FactKind::map(Int),
            "each licence as written, with the number of packages",
        ),
        FactSpec::new(
            "refused",
            of(),
            "packages of production under other licences than those allowed",
        ),
        FactSpec::new(
            "copyleft",
            of(),
            "packages of production under a GPL, AGPL or SSPL, whatever is chosen; not in the other lists",
        ),
        FactSpec::new(
            "unclear",
            of(),
            "packages of production that state no licence, or none that is an expression of SPDX",
        ),
        FactSpec::new(
            "unseen",
            of(),
            "packages whose licence could not be seen: the lockfile names none, and they are not installed here",
        ),
        FactSpec::new(
            "development",
            of(),
            "packages for development alone that would stand in one of the first three lists",
        ),
        FactSpec::new(
            "left_out",
            Int,
            "packages for other platforms, which are not installed here and whose licence the lockfile does not name",
        ),
    ];
    vec![
        FactSpec::new("file", Text, "the lockfile's name"),
        FactSpec::new("manager", Text, "npm, pnpm, yarn or bun"),
        FactSpec::new("format", Text, "the version of its format"),
        FactSpec::new("count", Int, "packages of others that it installs"),
        FactSpec::new(
            "production",
            Int,
            "those of them that are installed in production",
        ),
        FactSpec::new(
            "elsewhere",
            from(),
            "packages that do not come from a registry over HTTPS; at most 200 stand in a list",
        ),
        FactSpec::new(
            "unsealed",
            from(),
            "packages from a registry without a checksum",
        ),
        FactSpec::new("weak", from(), "packages whose only checksum is a SHA-1"),
        FactSpec::new(
            "hosts",
            FactKind::map(Int),
            "each registry that entries name, with the number of packages",
        ),
        FactSpec::new(
            "differences",
            optional(FactKind::list(Text)),
            "what package.json and the lockfile do not agree on; null where they cannot be compared",
        ),
        FactSpec::new(
            "licences",
            Object(licences),
            "the licences against those allowed",
        ),
    ]
}

fn text<'a>(parameters: &'a Facts, key: &str) -> &'a str {
    let value = parameters.get(key).and_then(Value::as_str);
    value.unwrap_or_default()
}

fn read(root: &Path, parameters: &Facts) -> Result<Facts, Hindrance> {
    let wrong = |cause| Hindrance::new(HindranceKind::Internal, cause);
    let policy = spdx::Policy::read(text(parameters, "allow")).map_err(wrong)?;
    let known = licences::known(text(parameters, "known")).map_err(wrong)?;
    let lock = Lock::read(root)?;
    let registries = sources::registries(root, text(parameters, "registries"));
    let mut facts = Facts::from_iter([
        ("file".to_owned(), lock.file.clone().into()),
        ("manager".to_owned(), lock.manager.word().into()),
        ("format".to_owned(), lock.format.clone().into()),
        ("count".to_owned(), lock.foreign().count().into()),
        (
            "production".to_owned(),
            lock.foreign().filter(|it| it.production).count().into(),
        ),
        (
            "differences".to_owned(),
            json!(manifest::differences(&lock)),
        ),
        (
            "licences".to_owned(),
            licences::fact(&lock, root, &policy, &known),
        ),
    ]);
    let from = sources::facts(&lock, &registries);
    facts.extend(from.into_iter().map(|(name, fact)| (name.to_owned(), fact)));
    Ok(facts)
}
