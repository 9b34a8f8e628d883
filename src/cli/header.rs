//! What a record begins with: the circumstances of a run, its inputs, checks and looks.

use super::prepare::Request;
use super::run::display;
use crate::catalog::{Catalog, Selection};
use crate::clock;
use crate::engine;
use crate::evidence::{Baseline, Header, Input, PlannedCheck, PlannedLook, Repository, digest};
use crate::model::Origin;
use crate::settings::Settings;

/// What a record says of its run before anything was looked at.
pub(super) fn header(
    settings: &Settings,
    plan: &engine::Plan,
    request: &Request,
    catalog: &Catalog,
    repository: Repository,
    baseline: Option<Baseline>,
) -> Header {
    let started = clock::now();
    Header {
        schema: crate::evidence::SCHEMA.into(),
        run: plan.input.run.clone(),
        tool: env!("CARGO_PKG_VERSION").into(),
        started,
        target: settings
            .target
            .as_ref()
            .map(|target| target.url.to_string()),
        environment: settings
            .target
            .as_ref()
            .map(|target| target.environment.clone())
            .unwrap_or_default(),
        level: settings.level.to_string(),
        fail_on: settings.fail_on.to_string(),
        selection: request.selectors.clone(),
        before_gate: request.before_gate.clone(),
        given: given(request),
        baseline,
        project: settings.project.clone().unwrap_or_default(),
        root: settings
            .root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        commit: repository.commit,
        dirty: repository.dirty,
        subject: plan.docket.subject.clone(),
        inputs: inputs(settings, plan),
        waivers: std::fs::read_to_string(&settings.waivers).unwrap_or_default(),
        waivers_file: display(&settings.waivers, &settings.root),
        catalogue: catalog
            .checks()
            .iter()
            .map(|check| (check.id.to_string(), check.tags.clone()))
            .collect(),
    }
}

/// The options by which the run looked otherwise than the settings say. Not `--root`: the record lies there, and what is
/// printed is to be called there.
fn given(request: &Request) -> Vec<String> {
    let Request { about, subject, .. } = request;
    let all = [
        ("--target", request.target.is_some()),
        ("--environment", about.environment.is_some()),
        ("--level", request.limits.level.is_some()),
        ("--owned", about.owned),
        ("--on-production", about.on_production),
        ("--config", subject.config.is_some()),
        ("--env-file", !subject.env_file.is_empty()),
        ("--skip", !request.skip.is_empty()),
        ("--infer", request.infer),
    ];
    let given = all.into_iter().filter(|(_, is_given)| *is_given);
    given.map(|(option, _)| option.to_owned()).collect()
}

/// The files that the run was made from, by the digest of what may be known of them.
fn inputs(settings: &Settings, plan: &engine::Plan) -> Vec<Input> {
    let names = settings.environment.files.iter().cloned();
    let config = settings
        .config
        .as_ref()
        .map(|path| display(path, &settings.root));
    let lockfile = settings.application.lockfile.clone();
    names
        .chain(config)
        .chain(lockfile)
        .filter_map(|path| {
            // Secrets are taken out first: a digest of a short secret can be guessed.
            let text = std::fs::read(settings.root.join(&path)).ok()?;
            let text = plan.input.secrets.redact(&String::from_utf8_lossy(&text));
            Some(Input {
                digest: digest(text.as_bytes()),
                path,
            })
        })
        .collect()
}

/// The checks and looks of a run, as its record names them.
pub(super) fn planned(
    catalog: &Catalog,
    selection: &Selection,
    plan: &engine::Plan,
) -> (Vec<PlannedCheck>, Vec<PlannedLook>) {
    let checks = plan.docket.cases.iter().map(|case| PlannedCheck {
        id: case.check.id.to_string(),
        origin: match case.check.origin {
            Origin::Shipped => "shipped",
            Origin::User => "user",
            Origin::Override => "override",
        }
        .into(),
        file: case.check.place.file.clone(),
        source: catalog
            .source(case.check.id.as_str())
            .map(|source| source.text.to_string())
            .unwrap_or_default(),
        looks: case.looks.clone(),
        set_aside: case
            .set_aside
            .as_ref()
            .map(|(verdict, reason)| (verdict.to_string(), reason.clone())),
        waives_needs: selection.skipped.iter().cloned().collect(),
    });
    let looks = plan.looks.iter().map(|look| PlannedLook {
        id: look.id.clone(),
        probe: look.name.into(),
        label: look.label.clone(),
        parameters: look.parameters.clone(),
    });
    (checks.collect(), looks.collect())
}
