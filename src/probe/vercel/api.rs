//! Vercel's API: what is asked, and what its answers and refusals mean.

use super::host::{Deployment, Entry, Project, Target};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Method, Request};
use serde_json::Value;
use url::Url;

/// Where the API answers.
pub(super) const ADDRESS: &str = "https://api.vercel.com";

/// Whom is spoken to, and about which project.
#[derive(Clone)]
pub(super) struct Api {
    /// Where.
    pub(super) base: Url,
    /// The token.
    pub(super) token: String,
    /// The id or the name of the project.
    pub(super) project: String,
    /// The id of the team, where the project is one's.
    pub(super) team: Option<String>,
}

impl Api {
    /// The project.
    pub(super) fn project(&self) -> Result<Request, String> {
        self.get(&["v9", "projects", &self.project], &[])
    }

    /// Every entry of the project's variables. Values come encrypted, but for those kept as plain text.
    pub(super) fn entries(&self, until: Option<i64>) -> Result<Request, String> {
        let until = until.map(|until| until.to_string());
        let more: Vec<_> = until
            .iter()
            .map(|until| ("until", until.as_str()))
            .collect();
        self.get(&["v10", "projects", &self.project, "env"], &more)
    }

    /// The variables that the team shares with the project; the project's own list leaves them out.
    pub(super) fn shared(&self, project: &str) -> Result<Request, String> {
        self.get(&["v1", "env"], &[("projectId", project)])
    }

    /// One entry with its value, which the list does not reliably give out.
    pub(super) fn entry(&self, id: &str) -> Result<Request, String> {
        self.get(&["v1", "projects", &self.project, "env", id], &[])
    }

    /// The latest deployments to production.
    pub(super) fn deployments(&self, project: &str) -> Result<Request, String> {
        self.get(
            &["v6", "deployments"],
            &[
                ("projectId", project),
                ("target", "production"),
                ("limit", "20"),
            ],
        )
    }

    fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Request, String> {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        {
            let mut pairs = url.query_pairs_mut();
            pairs.extend_pairs(query);
            if let Some(team) = &self.team {
                pairs.append_pair("teamId", team);
            }
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        let mut request = Request::new(Method::GET, url);
        let mut token = HeaderValue::from_str(&format!("Bearer {}", self.token)).map_err(|_| {
            "the token holds characters that no header can carry, such as a line break".to_owned()
        })?;
        token.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, token);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(request)
    }
}

fn text(json: &Value, key: &str) -> Option<String> {
    let text = json.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The project; none where the JSON is none.
pub(super) fn project(json: &Value) -> Option<Project> {
    let link = json.get("link").filter(|link| link.is_object());
    let of_link = |key: &str| link.and_then(|link| text(link, key));
    // GitHub, GitLab and Bitbucket name the owner differently.
    let owner = ["org", "projectNamespace", "owner"]
        .iter()
        .find_map(|key| of_link(key));
    let name = ["repo", "projectName", "slug"]
        .iter()
        .find_map(|key| of_link(key));
    let repository = name.map(|name| match owner {
        Some(owner) if !name.contains('/') => format!("{owner}/{name}"),
        _ => name,
    });
    Some(Project {
        id: text(json, "id")?,
        name: text(json, "name")?,
        framework: text(json, "framework"),
        root_directory: text(json, "rootDirectory"),
        build_command: text(json, "buildCommand"),
        install_command: text(json, "installCommand"),
        output_directory: text(json, "outputDirectory"),
        node_version: text(json, "nodeVersion"),
        repository: repository.map(|name| name.to_lowercase()),
        production_branch: of_link("productionBranch"),
        serving: json.pointer("/targets/production").and_then(deployment),
    })
}

/// The entries of a page, and where the next one begins. None where the JSON is no whole list.
pub(super) fn entries(json: &Value) -> Option<(Vec<Entry>, Option<i64>)> {
    let list = json.get("envs")?.as_array()?;
    // To members without the role for it, production's are hidden, which is not the same as missing.
    let hidden = json.get("hiddenProductionEnvCount").and_then(Value::as_u64);
    if hidden.is_some_and(|count| count > 0) {
        return None;
    }
    let next = json.pointer("/pagination/next").and_then(Value::as_i64);
    Some((list.iter().filter_map(entry).collect(), next))
}

/// The entries that a team shares with the project. None where the JSON is no whole list.
pub(super) fn shared(json: &Value) -> Option<Vec<Entry>> {
    let list = json.get("data")?.as_array()?;
    let more = json
        .pointer("/pagination/next")
        .is_some_and(|next| !next.is_null());
    (!more).then(|| list.iter().filter_map(entry).collect())
}

/// One entry; none for system variables, for those of one branch, and for no entry.
pub(super) fn entry(json: &Value) -> Option<Entry> {
    let kind = text(json, "type")?;
    // A value for one branch is no value for the others.
    if kind == "system" || text(json, "gitBranch").is_some() {
        return None;
    }
    let targets = match json.get("target") {
        Some(Value::String(word)) => Target::of(word).into_iter().collect(),
        Some(Value::Array(words)) => words
            .iter()
            .filter_map(|word| Target::of(word.as_str()?))
            .collect(),
        _ => return None,
    };
    let decrypted = json.get("decrypted") == Some(&Value::Bool(true)) || kind == "plain";
    let value = json.get("value").and_then(Value::as_str);
    Some(Entry {
        id: text(json, "id")?,
        name: text(json, "key")?,
        targets,
        edited_ms: ["updatedAt", "createdAt"]
            .iter()
            .find_map(|key| json.get(*key)?.as_i64()),
        value: value
            .filter(|_| decrypted && kind != "sensitive")
            .map(str::to_owned),
        integration: text(json, "configurationId").is_some(),
        kind,
    })
}

/// The deployments, latest first. None where the JSON is no list.
pub(super) fn deployments(json: &Value) -> Option<Vec<Deployment>> {
    let list = json.get("deployments")?.as_array()?;
    let mut all: Vec<_> = list.iter().filter_map(deployment).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.created_ms));
    Some(all)
}

fn deployment(json: &Value) -> Option<Deployment> {
    Some(Deployment {
        id: text(json, "uid").or_else(|| text(json, "id"))?,
        state: text(json, "readyState").or_else(|| text(json, "state"))?,
        created_ms: ["createdAt", "created"]
            .iter()
            .find_map(|key| json.get(*key)?.as_i64())?,
        url: text(json, "url"),
        commit: json
            .get("meta")
            .and_then(|meta| text(meta, "githubCommitSha").or_else(|| text(meta, "gitCommitSha"))),
    })
}

/// Why a request was refused, and whether that proves that the project is not there.
pub(super) fn refusal(status: u16, body: Option<&Value>, doing: &str) -> (bool, String) {
    let error = body.and_then(|body| body.get("error"));
    let code: String = error
        .and_then(|error| text(error, "code"))
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(60)
        .collect();
    let named = if code.is_empty() {
        format!("status {status}")
    } else {
        format!("status {status}, {code}")
    };
    let invalid = error.is_some_and(|error| error.get("invalidToken") == Some(&Value::Bool(true)));
    match status {
        401 => (
            false,
            format!(
                "Vercel does not accept the token ({named}): make one at https://vercel.com/account/settings/tokens with the scope of the project's team"
            ),
        ),
        403 if invalid => (
            false,
            format!(
                "Vercel does not accept the token ({named}): it has expired, was deleted, or is none; make one at https://vercel.com/account/settings/tokens"
            ),
        ),
        403 => (
            false,
            format!(
                "the token may not read {doing} ({named}): it needs the scope of the project's team, and VERCEL_TEAM_ID must name that team"
            ),
        ),
        404 if error.is_some() => (
            true,
            format!("Vercel knows no such project for this token and team ({named})"),
        ),
        429 => (false, format!("Vercel asks for patience ({named})")),
        500..=599 => (false, format!("Vercel had a fault of its own ({named})")),
        _ => (
            false,
            format!("{doing} was answered in an unknown way ({named})"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_entries() {
        let page = json!({ "envs": [
            { "id": "e1", "key": "A", "type": "plain", "value": "a", "target": ["production", "preview"], "createdAt": 1, "updatedAt": 5 },
            { "id": "e2", "key": "B", "type": "encrypted", "value": "eyJ2", "target": "development", "createdAt": 2 },
            { "id": "e3", "key": "C", "type": "sensitive", "value": "", "target": ["production"], "configurationId": "icfg" },
            { "id": "e4", "key": "D", "type": "encrypted", "value": "x", "target": ["preview"], "gitBranch": "next" },
            { "id": "e5", "key": "VERCEL_URL", "type": "system", "value": "VERCEL_URL", "target": ["production"] },
        ] });
        let (entries, next) = entries(&page).unwrap();
        let names: Vec<_> = entries.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "C"]);
        assert_eq!(entries[0].value.as_deref(), Some("a"));
        assert_eq!(entries[0].edited_ms, Some(5));
        // What the list calls a value may still be encrypted.
        assert_eq!(entries[1].value, None);
        assert_eq!(entries[1].targets, [Target::Development].into());
        assert!(entries[2].integration && next.is_none());
    }

    #[test]
    fn what_is_hidden_is_not_missing() {
        assert_eq!(
            entries(&json!({ "envs": [], "hiddenProductionEnvCount": 3 })),
            None
        );
        assert!(entries(&json!({ "envs": [], "hiddenProductionEnvCount": 0 })).is_some());
        let one = json!({ "id": "s1", "key": "A", "type": "encrypted", "target": ["preview"], "value": "eyJ" });
        let page = json!({ "data": [one], "pagination": { "next": null } });
        assert_eq!(shared(&page).unwrap()[0].name, "A");
        assert_eq!(
            shared(&json!({ "data": [], "pagination": { "next": 5 } })),
            None
        );
    }

    #[test]
    fn reads_a_project_and_deployments() {
        let read = project(&json!({
            "id": "prj_1", "name": "shop", "framework": "nextjs", "rootDirectory": null, "nodeVersion": "22.x",
            "link": { "type": "github", "org": "Acme", "repo": "Shop", "productionBranch": "main" },
            "targets": { "production": { "id": "dpl_1", "readyState": "READY", "createdAt": 7 } },
        }))
        .unwrap();
        assert_eq!(read.repository.as_deref(), Some("acme/shop"));
        assert_eq!(read.serving.unwrap().created_ms, 7);
        let list = json!({ "deployments": [
            { "uid": "a", "state": "READY", "created": 1 }, { "uid": "b", "readyState": "ERROR", "createdAt": 2 },
        ] });
        assert_eq!(deployments(&list).unwrap()[0].state, "ERROR");
        assert_eq!(deployments(&json!({})), None);
    }

    #[test]
    fn only_a_missing_project_proves_anything() {
        let error = |code: &str| json!({ "error": { "code": code, "message": "m" } });
        assert!(refusal(404, Some(&error("not_found")), "the project").0);
        assert!(!refusal(404, None, "the project").0);
        for (status, words) in [
            (401, "does not accept"),
            (403, "VERCEL_TEAM_ID"),
            (429, "patience"),
            (502, "of its own"),
            (302, "unknown way"),
        ] {
            let (proves, cause) = refusal(status, Some(&error("forbidden")), "the project");
            assert!(!proves && cause.contains(words), "{status}: {cause}");
        }
    }

    #[test]
    fn the_token_is_in_a_header_alone() {
        let api = Api {
            base: ADDRESS.parse().unwrap(),
            token: "t0ken-of-the-test".into(),
            project: "my shop".into(),
            team: Some("team_1".into()),
        };
        let request = api.project().unwrap();
        assert_eq!(
            request.url().as_str(),
            "https://api.vercel.com/v9/projects/my%20shop?teamId=team_1"
        );
        assert!(!format!("{request:?}").contains("t0ken"));
    }
}
