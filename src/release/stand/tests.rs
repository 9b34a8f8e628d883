//! Tests of what a gate's standing is made of.

use super::*;

fn finding(verdict: Verdict) -> Finding {
    Finding {
        reason: "then".into(),
        ..Finding::bare("a.b", Severity::High, verdict)
    }
}

/// A rate that what nobody saw may still meet is not missed, and one that it cannot meet is.
#[test]
fn what_was_not_seen_speaks_against_no_rate() {
    for (failed, unseen, held) in [
        (0, 0, Some(true)),
        (0, 13, None),
        (1, 18, None),
        (2, 0, Some(false)),
        (2, 9, Some(false)),
    ] {
        let mut findings = vec![finding(Verdict::Pass); 20 - failed - unseen];
        findings.extend(vec![finding(Verdict::Fail); failed]);
        findings.extend(vec![finding(Verdict::NotRun); unseen]);
        let facts = gate::facts(&findings);
        let told = expression("summary.pass_rate >= 95.0", &facts, &findings);
        assert_eq!(told.0, held, "{failed} {unseen} {}", told.1);
        let told = expression("failing.high <= 1", &facts, &findings);
        assert_eq!(told.0, Some(failed <= 1), "{failed} {unseen}");
    }
}

#[test]
fn what_is_worse_takes_the_place_of_what_was_seen_and_nothing_better_does() {
    for (then, since, now) in [
        (Verdict::Pass, Verdict::Fail, Verdict::Fail),
        (Verdict::Pass, Verdict::Inconclusive, Verdict::Inconclusive),
        // It did not concern the application, and does so since.
        (Verdict::NotApplicable, Verdict::Fail, Verdict::Fail),
        (Verdict::Inconclusive, Verdict::Fail, Verdict::Fail),
        (Verdict::Fail, Verdict::Inconclusive, Verdict::Fail),
        (Verdict::Fail, Verdict::Pass, Verdict::Fail),
        (Verdict::Inconclusive, Verdict::Pass, Verdict::Inconclusive),
    ] {
        let mut finding = finding(then);
        let news = News {
            verdict: since,
            run: "R".into(),
            reason: "since".into(),
        };
        worsen(&mut finding, &BTreeMap::from([("a.b".into(), news)]));
        assert_eq!(finding.verdict, now, "{then} {since}");
        assert_eq!(finding.reason == "then", then == now, "{then} {since}");
    }
}
