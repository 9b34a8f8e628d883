//! The criteria of gates: an expression over the gate's facts is true, false, or cannot be told.

use super::expr::Expr;
use super::rules::shown;
use crate::model::Facts;

/// What came of a criterion's expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Does it hold? Where that cannot be told, why.
    pub holds: Result<bool, String>,
    /// The facts that it reads, for people: `failing.critical = 2`.
    pub found: String,
}

/// Weighs a criterion's expression over the facts of its gate, as [`crate::gate::facts`] gives them.
///
/// It holds where the expression is true. Where it gives anything but true or false, or cannot be
/// evaluated, the answer says why; that is no failure and no success.
pub fn criterion(that: &str, facts: &Facts) -> Answer {
    let expr = match Expr::compile(that) {
        Ok(expr) => expr,
        Err(error) => {
            return Answer {
                holds: Err(format!("it is not a CEL expression: {}", error.message)),
                found: String::new(),
            };
        }
    };
    Answer {
        holds: expr
            .evaluate(facts)
            .map_err(|error| format!("could not be judged: {error}")),
        found: shown(&expr, facts.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate;
    use crate::model::{Finding, Severity, Verdict};
    use serde_json::json;

    /// Twenty findings, of which `passing` pass and the others fail; those are critical.
    fn facts(passing: usize) -> Facts {
        let each = (0..20).map(|n| match n < passing {
            true => Finding::bare("a.b", Severity::Medium, Verdict::Pass),
            false => Finding::bare("a.c", Severity::Critical, Verdict::Fail),
        });
        gate::facts(&each.collect::<Vec<_>>())
    }

    #[test]
    fn a_criterion_holds_or_does_not_with_what_was_found() {
        let none = criterion("failing.critical == 0", &facts(20));
        assert_eq!(none.holds, Ok(true));
        assert_eq!(none.found, "failing.critical = 0");
        let one = criterion("failing.critical == 0", &facts(19));
        assert_eq!(one.holds, Ok(false));
        assert_eq!(one.found, "failing.critical = 1");
    }

    #[test]
    fn a_rate_is_met_exactly_however_the_numbers_are_written() {
        for (passing, holds) in [(20, true), (19, true), (18, false)] {
            for that in ["summary.pass_rate >= 95.0", "summary.pass_rate >= 95"] {
                let weighed = criterion(that, &facts(passing));
                assert_eq!(weighed.holds, Ok(holds), "{that} of {passing}");
            }
        }
        // A record writes 95.0 as 95.
        let read = Facts::from_iter([("summary".to_owned(), json!({ "pass_rate": 95 }))]);
        assert_eq!(
            criterion("summary.pass_rate >= 95.0", &read).holds,
            Ok(true)
        );
    }

    #[test]
    fn nothing_found_meets_no_rate() {
        let nothing = gate::facts(&[]);
        assert_eq!(
            criterion("summary.pass_rate >= 95.0", &nothing).holds,
            Ok(false)
        );
    }

    #[test]
    fn findings_may_be_asked_one_by_one() {
        let that = "findings.all(f, f.check != 'a.c' || f.verdict == 'pass')";
        assert_eq!(criterion(that, &facts(20)).holds, Ok(true));
        let failing = criterion(that, &facts(19));
        assert_eq!(failing.holds, Ok(false));
        assert!(failing.found.contains("findings = "), "{}", failing.found);
    }

    #[test]
    fn what_cannot_be_told_is_neither() {
        let undecided = |that: &str, facts: &Facts, why: &str| {
            let told = criterion(that, facts).holds.unwrap_err();
            assert!(told.contains(why), "{told}");
        };
        undecided("failing.critical", &facts(20), "not true or false");
        undecided(
            "failing.critical == 0",
            &Facts::new(),
            "could not be judged",
        );
        undecided(
            "findings[0].verdict == 'pass'",
            &gate::facts(&[]),
            "could not be judged",
        );
        undecided("failing.critical = 0", &facts(20), "not a CEL expression");
        let unknown = criterion("failing.critical == 0", &Facts::new());
        assert_eq!(unknown.found, "failing.critical = unknown");
    }
}
