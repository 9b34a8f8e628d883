use super::*;
use std::fs;

/// A lockfile with `next` 14.2.0 and, inside of `b`, `lodash` 4.17.4.
fn lock() -> Lock {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{ "lockfileVersion": 3, "packages": {
        "": { "dependencies": { "next": "14.2.0", "b": "1.0.0" } },
        "node_modules/next": { "version": "14.2.0" },
        "node_modules/b": { "version": "1.0.0", "dependencies": { "lodash": "^4.0.0" } },
        "node_modules/b/node_modules/lodash": { "version": "4.17.4" } } }"#;
    fs::write(folder.path().join("package-lock.json"), text).unwrap();
    Lock::read(folder.path()).unwrap()
}

fn told(text: &str) -> Vec<String> {
    let audit = read(text, &lock()).unwrap();
    assert_eq!(audit.cause, None);
    let entries = audit.entries.iter().map(|entry| {
        let severity = entry
            .rating
            .as_ref()
            .map_or("none", |it| it.severity.word());
        let versions: Vec<_> = entry.versions.iter().map(String::as_str).collect();
        format!(
            "{} {} {} {severity}",
            entry.id,
            entry.name,
            versions.join(",")
        )
    });
    entries.collect()
}

#[test]
fn npm_counts_advisories_and_not_what_needs_them() {
    let text = r#"{ "auditReportVersion": 2, "vulnerabilities": {
        "b": { "name": "b", "severity": "high", "isDirect": true, "via": ["lodash"], "effects": [], "range": "*",
            "nodes": ["node_modules/b"], "fixAvailable": false },
        "lodash": { "name": "lodash", "severity": "critical", "isDirect": false, "via": [
            { "source": 1106913, "name": "lodash", "dependency": "lodash", "title": "Prototype Pollution", "url": "https://github.com/advisories/GHSA-jf85-cpcp-j695", "severity": "critical", "range": "<4.17.12" },
            { "source": 1106914, "name": "lodash", "dependency": "lodash", "title": "Command Injection", "url": "https://github.com/advisories/GHSA-35jh-r3h4-6jhm", "severity": "high", "range": "<4.17.21" }],
            "effects": ["b"], "range": "<=4.17.20", "nodes": ["node_modules/b/node_modules/lodash"], "fixAvailable": true } },
        "metadata": { "vulnerabilities": { "info": 0, "low": 0, "moderate": 0, "high": 1, "critical": 1, "total": 2 },
            "dependencies": { "prod": 4, "dev": 0, "optional": 0, "peer": 0, "peerOptional": 0, "total": 3 } } }"#;
    assert_eq!(
        told(text),
        [
            "GHSA-jf85-cpcp-j695 lodash 4.17.4 critical",
            "GHSA-35jh-r3h4-6jhm lodash 4.17.4 high"
        ]
    );
}

#[test]
fn npm_6_and_pnpm() {
    let text = r#"{ "actions": [], "advisories": { "1099": {
        "findings": [{ "version": "14.2.0", "paths": [".>next"] }], "id": 1099, "module_name": "next", "severity": "critical",
        "title": "t", "url": "https://github.com/advisories/GHSA-f82v-jwr5-mffw", "cves": ["CVE-2025-29927"],
        "github_advisory_id": "GHSA-f82v-jwr5-mffw", "vulnerable_versions": "<14.2.25", "patched_versions": ">=14.2.25" } },
        "muted": [], "metadata": { "vulnerabilities": { "info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 1 },
        "dependencies": 3, "devDependencies": 0, "optionalDependencies": 0, "totalDependencies": 3 } }"#;
    assert_eq!(told(text), ["GHSA-f82v-jwr5-mffw next 14.2.0 critical"]);
    let audit = read(text, &lock()).unwrap();
    assert_eq!(audit.entries[0].fixed.as_deref(), Some(">=14.2.25"));
    assert!(audit.entries[0].ids.contains("CVE-2025-29927"));
}

#[test]
fn yarn_classic_says_a_line_for_each_way() {
    let advisory = r#"{"type":"auditAdvisory","data":{"resolution":{"id":1,"path":"next","dev":false,"optional":false,"bundled":false},"advisory":{"findings":[{"version":"14.2.0","paths":["next"]}],"id":1,"module_name":"next","severity":"high","url":"https://github.com/advisories/GHSA-1","cves":[],"patched_versions":"<0.0.0"}}}"#;
    let summary = r#"{"type":"auditSummary","data":{"vulnerabilities":{"info":0,"low":0,"moderate":0,"high":2,"critical":0},"dependencies":3,"devDependencies":0,"optionalDependencies":0,"totalDependencies":3}}"#;
    let text = format!("{advisory}\n{advisory}\n{summary}\n");
    assert_eq!(told(&text), ["GHSA-1 next 14.2.0 high"]);
    // Without its summary it was cut short.
    assert!(
        read(&format!("{advisory}\n{advisory}\n"), &lock())
            .unwrap()
            .cause
            .is_some()
    );
    assert_eq!(told(&summary.replace("\"high\":2", "\"high\":0")), [""; 0]);
}

#[test]
fn yarn_berry_says_a_line_for_each_advisory() {
    let text = r#"{"value":"next","children":{"ID":1099,"Issue":"t","URL":"https://github.com/advisories/GHSA-f82v-jwr5-mffw","Severity":"critical","Vulnerable Versions":"<14.2.25","Tree Versions":["14.2.0"],"Dependents":["app@workspace:."]}}"#;
    assert_eq!(told(text), ["GHSA-f82v-jwr5-mffw next 14.2.0 critical"]);
}

#[test]
fn an_audit_of_another_lockfile_is_told_by_its_places() {
    let text = r#"{ "auditReportVersion": 2, "vulnerabilities": { "next": { "name": "next", "severity": "high", "via": [], "nodes": ["node_modules/x/node_modules/next"] } },
        "metadata": { "vulnerabilities": { "high": 1 }, "dependencies": { "total": 3 } } }"#;
    assert!(
        read(text, &lock())
            .unwrap()
            .cause
            .unwrap()
            .contains("make it again")
    );
    let other = text
        .replace("node_modules/x/", "")
        .replace("\"total\": 3", "\"total\": 0");
    assert!(
        read(&other, &lock())
            .unwrap()
            .cause
            .unwrap()
            .contains("counts no package")
    );
}
