//! Which token and which project a run asks about.

use super::api::Api;
use super::text;
use crate::model::{Environment, Facts, Hindrance, HindranceKind, Variable, VariableOrigin};
use crate::probe::Context;
use crate::probe::environment::{HostLink, host_link};
use url::Url;

const TOKEN: &str = "VERCEL_TOKEN";

/// The token, and what it is asked about.
pub(super) struct Subject<'c> {
    /// The token.
    pub(super) token: Token<'c>,
    /// Where and what to ask.
    pub(super) api: Api,
    /// What the repository says.
    pub(super) link: HostLink,
}

/// The variable that holds the token.
pub(super) struct Token<'c> {
    pub(super) variable: &'c Variable,
    /// `file:line`; none for the process environment.
    pub(super) origin: Option<String>,
}

impl<'c> Subject<'c> {
    /// Finds the token and the project.
    ///
    /// # Errors
    /// `Absent` where nothing says that the application is deployed there, `Denied` where the token
    /// or the project is not known.
    pub(super) fn find(
        parameters: &Facts,
        base: Url,
        context: &'c Context,
    ) -> Result<Self, Hindrance> {
        let environment = &context.environment;
        let link = host_link(&context.root);
        let given = |parameter: &str, names: &[&str], linked: &Option<String>| {
            text(parameters, parameter)
                .map(str::to_owned)
                .or_else(|| names.iter().find_map(|name| value(environment, name)))
                .or_else(|| linked.clone())
        };
        let project = given("project", &["VERCEL_PROJECT_ID"], &link.project);
        let name = text(parameters, "variable").unwrap_or(TOKEN);
        let token = environment
            .get(name)
            .filter(|variable| !variable.value.trim().is_empty());
        let (variable, project) = match (token, project) {
            (Some(token), Some(project)) => (token, project),
            (None, None) => {
                return Err(Hindrance::new(
                    HindranceKind::Absent,
                    format!(
                        "nothing says that this is deployed at Vercel: no {name}, no VERCEL_PROJECT_ID and no .vercel/project.json"
                    ),
                ));
            }
            (None, Some(_)) => {
                return Err(Hindrance::new(
                    HindranceKind::Denied,
                    format!(
                        "{name} is not set; a token with the scope of the project's team, from https://vercel.com/account/settings/tokens, lets this be looked at"
                    ),
                ));
            }
            (Some(_), None) => {
                return Err(Hindrance::new(
                    HindranceKind::Denied,
                    "the project is not known: set VERCEL_PROJECT_ID, or run `vercel link`, which writes .vercel/project.json",
                ));
            }
        };
        // A person's own id stands there too, and the API takes none but a team's.
        let team = given("team", &["VERCEL_TEAM_ID", "VERCEL_ORG_ID"], &link.team)
            .filter(|team| team.starts_with("team_"));
        let origin = match &variable.origin {
            VariableOrigin::Process => None,
            file @ VariableOrigin::File { .. } => Some(file.to_string()),
        };
        Ok(Self {
            api: Api {
                base,
                token: variable.value.trim().to_owned(),
                project,
                team,
            },
            token: Token { variable, origin },
            link,
        })
    }
}

fn value(environment: &Environment, name: &str) -> Option<String> {
    let value = environment.get(name)?.value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}
