//! Tests of whom active looks spare, and of the origins by which looks take turns.

use super::*;
use crate::model::PathClasses;

#[test]
fn others_and_production_are_spared() {
    let why = |url: &str, environment: &str, owned, on_production| {
        let target = Target {
            url: url.parse().unwrap(),
            environment: environment.into(),
            owned,
            plain_url: None,
            authority_pem: None,
            headers: Vec::new(),
            paths: PathClasses::default(),
        };
        spared(&target, on_production).unwrap_or_default()
    };
    let (site, local) = ("https://a.example", "http://127.0.0.1:3000");
    assert_eq!(why(local, "production", false, false), "");
    assert_eq!(why(site, "staging", true, false), "");
    assert_eq!(why(site, "production", true, true), "");
    assert!(why(site, "staging", false, true).contains("owned = true"));
    assert!(why(site, "Production", true, false).contains("--on-production"));
}

#[test]
fn looks_at_one_peer_have_one_origin() {
    let same = |origin: &str| same_for_all(origin.to_owned());
    assert_eq!(same("https://a.example"), same("https://a.example:443"));
    assert_eq!(same("http://127.0.0.1:3000"), same("http://localhost:3000"));
    assert_eq!(same("dns://system"), "dns://system");
    assert_eq!(same("smtp://a.example:587"), "smtp://a.example:587");
}

#[test]
fn a_check_needs_what_its_look_comes_to() {
    use crate::catalog::parse_check;
    use crate::model::{Origin, Variable, VariableOrigin};
    let needs = |level: &str, look: &str, value: Option<&str>| {
        let text = format!(
            "id = \"own.x\"\ntitle = \"x\"\nwhy = \"x\"\nseverity = \"low\"\nlevel = \"{level}\"\nsuites = [\"x\"]\n\
             [look]\n{look}\n[[expect]]\nthat = \"true\"\notherwise = \"x\"\n[remedy]\ntext = \"x\"\n"
        );
        let source = Source::new("own.toml", text);
        let check = parse_check(&source, Origin::User)?;
        let mut environment = Environment::default();
        environment.variables.extend(value.map(|value| Variable {
            name: "WHICH".into(),
            value: value.into(),
            raw: value.into(),
            origin: VariableOrigin::Process,
            secret: false,
            shadowed: Vec::new(),
        }));
        let names = Names {
            target: None,
            environment: &environment,
        };
        Ok::<_, Vec<Diagnostic>>(needed(&check, &names))
    };
    let look = "probe = \"nextauth\"\nlook = \"${WHICH:-endpoints}\"";
    assert_eq!(needs("live", look, None).unwrap(), Level::Live);
    assert_eq!(needs("live", look, Some("sign-in")).unwrap(), Level::Active);
    assert_eq!(needs("active", look, None).unwrap(), Level::Active);
    let folder = "probe = \"advisories\"\nfolder = \"${WHICH:-}\"";
    assert!(needs("static", folder, None).is_err());
    assert_eq!(needs("live", folder, None).unwrap(), Level::Live);
    assert_eq!(needs("live", folder, Some("x")).unwrap(), Level::Static);
}
