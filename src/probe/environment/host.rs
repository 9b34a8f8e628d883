//! What the repository says about where it is deployed: the host's project, the git remote, the Node version.

use super::git::Tree;
use super::package::Package;
use serde_json::Value;
use std::path::Path;

/// What ties the repository to its host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::probe) struct HostLink {
    /// `projectId` of .vercel/project.json, which `vercel link` writes.
    pub(in crate::probe) project: Option<String>,
    /// `orgId` of the same file: a team, or a person.
    pub(in crate::probe) team: Option<String>,
    /// The repository that git's remote `origin` names, as `owner/name` in lower case.
    pub(in crate::probe) remote: Option<String>,
    /// `engines.node` of package.json.
    pub(in crate::probe) node: Option<String>,
    /// The root is a Next.js application.
    pub(in crate::probe) next: bool,
}

/// Reads what ties the repository at `root` to its host. What cannot be read is not there.
pub(in crate::probe) fn host_link(root: &Path) -> HostLink {
    let linked = std::fs::read_to_string(root.join(".vercel/project.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let text = |key: &str| Some(linked.as_ref()?.get(key)?.as_str()?.to_owned());
    let package = Package::read(root, "");
    HostLink {
        project: text("projectId"),
        team: text("orgId"),
        remote: Tree::around(root)
            .and_then(|tree| tree.origin())
            .and_then(|url| slug(&url)),
        node: package
            .as_ref()
            .and_then(|(_, json)| Some(json.pointer("/engines/node")?.as_str()?.to_owned())),
        next: package.is_some_and(|(package, _)| package.is_next()),
    }
}

/// `owner/name` of a remote's address: `git@host:owner/name.git`, `https://host/owner/name`.
fn slug(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once(':')?.1,
    };
    let path = path.trim_matches('/').trim_end_matches(".git");
    path.contains('/').then(|| path.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_remotes() {
        for url in [
            "git@github.com:Acme/Shop.git",
            "https://github.com/Acme/Shop",
            "https://token@github.com/acme/shop.git/",
            "ssh://git@github.com:22/acme/shop.git",
        ] {
            assert_eq!(slug(url).as_deref(), Some("acme/shop"), "{url}");
        }
        assert_eq!(slug("../elsewhere"), None);
    }

    #[test]
    fn reads_what_the_host_left() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert!(host_link(folder.path()).project.is_none());
        write(
            ".vercel/project.json",
            r#"{"projectId":"prj_1","orgId":"team_1"}"#,
        );
        write(
            ".git/config",
            "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = git@github.com:me/shop.git\n[remote \"origin\"]\n\turl = git@github.com:Acme/Shop.git\n\tfetch = +refs\n",
        );
        write(
            "package.json",
            r#"{"engines":{"node":">=20"},"dependencies":{"next":"15"}}"#,
        );
        assert_eq!(
            host_link(folder.path()),
            HostLink {
                project: Some("prj_1".into()),
                team: Some("team_1".into()),
                remote: Some("acme/shop".into()),
                node: Some(">=20".into()),
                next: true,
            }
        );
    }
}
