//! A valid sign-off, and each event that makes it lapse, by its own name.

use super::super::{Code, News, Now, SignatureFault, validity};
use super::{gate, now};
use crate::model::{
    BoundDocument, BoundRecord, BoundStatement, Gate, Lapse, Outcome, SignOff, Verdict,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

fn bound(name: &str) -> BoundStatement {
    BoundStatement {
        name: name.into(),
        digest: "sha256:said".into(),
        until: "2026-03-20".parse().unwrap(),
    }
}

fn document(semantic: &str) -> BoundDocument {
    BoundDocument {
        name: "security-sign-off".into(),
        path: "SECURITY_SIGN_OFF.md".into(),
        raw: "sha256:raw".into(),
        semantic: semantic.into(),
    }
}

fn sign_off() -> SignOff {
    SignOff {
        gate: "security".into(),
        by: "ann@example.com".into(),
        released: true,
        at: "2026-03-10T11:00:00Z".parse().unwrap(),
        until: "2026-03-15T11:00:00Z".parse().unwrap(),
        decision: Outcome::GoWithWaivers,
        commit: "c".repeat(40),
        environment: "staging".into(),
        target: None,
        definition: gate().digest,
        checks: "sha256:checks".into(),
        evidence: vec![BoundRecord {
            run: "r1".into(),
            digest: "sha256:r1".into(),
            started: "2026-03-10T10:00:00Z".parse().unwrap(),
        }],
        passed: ["a.a".into(), "a.b".into()].into(),
        waivers: vec![bound("a.c")],
        attestations: vec![bound("security:review")],
        documents: vec![document("sha256:words")],
        upstream: vec![],
        heads: vec![],
        comment: String::new(),
    }
}

/// What is so now, owned, so that a test can change it.
#[derive(Clone)]
struct Field {
    gate: Option<Gate>,
    checks: String,
    signature: Result<(), SignatureFault>,
    faults: Vec<String>,
    withdrawn: Option<String>,
    documents: BTreeMap<String, BoundDocument>,
    code: Code,
    news: BTreeMap<String, News>,
    waivers: Vec<BoundStatement>,
    attestations: Vec<BoundStatement>,
    closed: Vec<String>,
    now: Timestamp,
}

impl Field {
    fn right() -> Self {
        let mut gate = gate();
        gate.documents = vec!["security-sign-off".into()];
        Self {
            gate: Some(gate),
            checks: "sha256:checks".into(),
            signature: Ok(()),
            faults: vec![],
            withdrawn: None,
            documents: [("security-sign-off".into(), document("sha256:words"))].into(),
            code: Code::Same,
            news: BTreeMap::new(),
            waivers: vec![bound("a.c"), bound("z.z")],
            attestations: vec![bound("security:review")],
            closed: vec![],
            now: now(),
        }
    }

    fn lapses(&self, sign_off: &SignOff) -> Vec<Lapse> {
        let now = Now {
            gate: self.gate.as_ref(),
            checks: &self.checks,
            signature: self.signature.clone(),
            faults: &self.faults,
            withdrawn: self.withdrawn.clone(),
            documents: &self.documents,
            code: &self.code,
            news: &self.news,
            waivers: &self.waivers,
            attestations: &self.attestations,
            closed: &self.closed,
            now: self.now,
            today: self.now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        };
        let lapsed = validity(sign_off, &now);
        assert!(lapsed.iter().all(|one| !one.why.is_empty()));
        let mut lapses: Vec<Lapse> = lapsed.iter().map(|one| one.lapse).collect();
        lapses.dedup();
        lapses
    }
}

fn news(verdict: Verdict) -> News {
    News {
        verdict,
        run: "r2".into(),
        reason: "why".into(),
    }
}

type Event = fn(&mut Field);

#[test]
fn each_event_has_its_state_and_undoing_it_restores() {
    let events: &[(&str, Lapse, Event)] = &[
        ("a byte of the statement", Lapse::Altered, |it| {
            it.signature = Err(SignatureFault {
                revoked: false,
                why: "it does not verify".into(),
            });
        }),
        ("a byte of the record", Lapse::Altered, |it| {
            it.faults = vec!["r1 was changed".into()]
        }),
        ("a revoked key", Lapse::SignerRevoked, |it| {
            it.signature = Err(SignatureFault {
                revoked: true,
                why: "the key is revoked".into(),
            });
        }),
        ("a withdrawal", Lapse::Withdrawn, |it| {
            it.withdrawn = Some("taken back".into())
        }),
        ("another definition", Lapse::CriteriaChanged, |it| {
            it.gate.as_mut().unwrap().digest = "sha256:other".into();
        }),
        ("no definition", Lapse::CriteriaChanged, |it| it.gate = None),
        ("other checks", Lapse::CriteriaChanged, |it| {
            it.checks = "sha256:other".into()
        }),
        ("a word of the document", Lapse::DocumentEdited, |it| {
            it.documents
                .insert("security-sign-off".into(), document("sha256:other"));
        }),
        ("no document", Lapse::DocumentEdited, |it| {
            it.documents.clear()
        }),
        ("other code", Lapse::CodeChanged, |it| {
            it.code = Code::Changed(vec!["a.ts".into()])
        }),
        ("no repository", Lapse::CodeChanged, |it| {
            it.code = Code::Unknown("no git".into())
        }),
        ("a failure", Lapse::Regressed, |it| {
            _ = it.news.insert("a.a".into(), news(Verdict::Fail))
        }),
        ("nothing to be seen", Lapse::Regressed, |it| {
            it.news.insert("a.b".into(), news(Verdict::Inconclusive));
        }),
        ("a waiver taken out", Lapse::WaiverEnded, |it| {
            it.waivers.clear()
        }),
        ("a waiver in other words", Lapse::WaiverEnded, |it| {
            it.waivers[0].digest = "sha256:x".into()
        }),
        ("a statement taken out", Lapse::AttestationEnded, |it| {
            it.attestations.clear()
        }),
        ("a gate before it", Lapse::UpstreamClosed, |it| {
            it.closed = vec!["infrastructure".into()]
        }),
    ];
    let sign_off = sign_off();
    assert_eq!(Field::right().lapses(&sign_off), []);
    for (name, lapse, event) in events {
        let mut field = Field::right();
        event(&mut field);
        assert_eq!(field.lapses(&sign_off), [*lapse], "{name}");
        assert_eq!(Field::right().lapses(&sign_off), [], "{name}, undone");
    }
}

#[test]
fn time_alone_ends_it() {
    let at = |moment: &str| {
        let mut field = Field::right();
        field.now = moment.parse().unwrap();
        field
    };
    // It says until the 15th; its evidence lasts seven days, to the 17th; its waiver to the end of the 20th.
    let sign_off = sign_off();
    assert_eq!(at("2026-03-15T11:00:00Z").lapses(&sign_off), []);
    assert_eq!(
        at("2026-03-15T11:00:01Z").lapses(&sign_off),
        [Lapse::Expired]
    );
    let long = SignOff {
        until: "2026-03-17T11:00:00Z".parse().unwrap(),
        ..sign_off.clone()
    };
    assert_eq!(at("2026-03-17T10:00:00Z").lapses(&long), []);
    assert_eq!(at("2026-03-17T10:00:01Z").lapses(&long), [Lapse::Aged]);
    // What a signer writes does not outlast what the gate grants.
    let forever = SignOff {
        until: "2099-01-01T00:00:00Z".parse().unwrap(),
        ..sign_off.clone()
    };
    assert_eq!(
        at("2026-03-17T11:00:01Z").lapses(&forever),
        [Lapse::Aged, Lapse::Expired]
    );
    let mut lasting = at("2026-03-20T23:59:59Z");
    let gate = lasting.gate.as_mut().unwrap();
    gate.evidence_lasts = jiff::SignedDuration::from_hours(1000);
    gate.sign_off_lasts = jiff::SignedDuration::from_hours(1000);
    assert_eq!(lasting.lapses(&forever), []);
    lasting.now = "2026-03-21T00:00:00Z".parse().unwrap();
    assert_eq!(
        lasting.lapses(&forever),
        [Lapse::WaiverEnded, Lapse::AttestationEnded]
    );
}

#[test]
fn news_that_says_nothing_against_it_changes_nothing() {
    for (check, verdict) in [
        ("a.a", Verdict::Pass),
        ("a.a", Verdict::NotRun),
        ("a.a", Verdict::NotApplicable),
        // It did not rest on this one.
        ("a.z", Verdict::Fail),
    ] {
        let mut field = Field::right();
        field.news.insert(check.into(), news(verdict));
        assert_eq!(field.lapses(&sign_off()), [], "{check} {verdict}");
    }
}

#[test]
fn what_nobody_could_have_signed_is_altered() {
    let right = sign_off();
    let field = Field::right();
    for (name, wrong) in [
        (
            "before its evidence",
            SignOff {
                at: "2026-03-10T09:00:00Z".parse().unwrap(),
                ..right.clone()
            },
        ),
        (
            "in the future",
            SignOff {
                at: "2026-03-10T13:00:00Z".parse().unwrap(),
                ..right.clone()
            },
        ),
        (
            "without evidence",
            SignOff {
                evidence: vec![],
                ..right.clone()
            },
        ),
        (
            "without the document",
            SignOff {
                documents: vec![],
                ..right.clone()
            },
        ),
        (
            "against the decision",
            SignOff {
                decision: Outcome::NoGo,
                ..right
            },
        ),
    ] {
        assert_eq!(field.lapses(&wrong), [Lapse::Altered], "{name}");
    }
}

#[test]
fn the_gravest_comes_first() {
    let mut field = Field::right();
    field.now = "2026-04-30T00:00:00Z".parse().unwrap();
    field.withdrawn = Some("taken back".into());
    field.code = Code::Changed(vec!["a.ts".into()]);
    assert_eq!(
        field.lapses(&sign_off())[..2],
        [Lapse::Withdrawn, Lapse::CodeChanged]
    );
    let mut sorted = Lapse::ALL.to_vec();
    sorted.sort();
    assert_eq!(sorted, Lapse::ALL);
}
