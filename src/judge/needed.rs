//! What is handed to CEL of the facts: as much as an expression reads.
//!
//! Making values of CEL took most of the time of judging, and of a large object an expression names one member.

use super::expr::ELEMENT;
use super::scope::Scope;
use cel::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The members that are read of an object, by their names; all of it where none is named.
#[derive(Debug, Default)]
pub(super) struct Needed(BTreeMap<String, Self>);

impl Needed {
    /// What these paths lead to. In their order a path comes before those that go on from it.
    pub(super) fn of(reads: &BTreeSet<Vec<String>>) -> Self {
        let mut all = Self::default();
        let mut last: Option<&[String]> = None;
        for path in reads {
            // Which element, or which member, is known only when it is evaluated.
            let names = path.iter().take_while(|name| *name != ELEMENT).count();
            let path = &path[..names];
            if last.is_some_and(|whole| path.starts_with(whole)) {
                continue;
            }
            last = Some(path);
            let mut part = &mut all;
            for name in path {
                part = part.0.entry(name.clone()).or_default();
            }
            // It is read as a whole, whatever was named of it before.
            part.0.clear();
        }
        all
    }

    /// The facts that are read, as CEL sees them.
    pub(super) fn of_scope(&self, scope: Scope<'_>) -> impl Iterator<Item = (&String, Value)> {
        self.0
            .iter()
            .filter_map(move |(name, part)| Some((name, part.of_value(scope.get(name)?))))
    }

    fn of_value(&self, value: &serde_json::Value) -> Value {
        match value {
            serde_json::Value::Object(map) if !self.0.is_empty() => {
                let named = self.0.iter();
                let members = named
                    .filter_map(|(name, part)| Some((name.clone(), part.of_value(map.get(name)?))));
                Value::from(members.collect::<HashMap<_, _>>())
            }
            whole => to_cel(whole),
        }
    }
}

/// JSON as CEL sees it: every whole number that fits is an int, whatever its sign.
fn to_cel(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(bool) => Value::Bool(*bool),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::String(Arc::new(text.clone())),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(to_cel).collect()))
        }
        serde_json::Value::Object(map) => Value::from(
            map.iter()
                .map(|(key, value)| (key.clone(), to_cel(value)))
                .collect::<HashMap<_, _>>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::Expr;
    use super::*;
    use crate::model::Facts;
    use proptest::prelude::*;
    use serde_json::json;

    fn facts(value: serde_json::Value) -> Facts {
        match value {
            serde_json::Value::Object(map) => map,
            _ => panic!("facts are an object"),
        }
    }

    /// What an expression gives over facts that are handed over whole: it reads them all besides.
    fn of_whole_facts(source: &str, facts: &Facts) -> Result<bool, String> {
        let source = format!("a == b || true ? ({source}) : false");
        Expr::compile(&source).unwrap().evaluate(facts)
    }

    #[test]
    fn no_more_is_handed_over_than_is_read() {
        let facts = facts(json!({ "a": { "b": { "c": 1, "d": 2 }, "e": 3 }, "f": 4 }));
        let given = |source: &str| {
            let needed = Needed::of(Expr::compile(source).unwrap().reads());
            let handed: Vec<_> = needed.of_scope((&facts).into()).collect();
            assert_eq!((handed.len(), handed[0].0.as_str()), (1, "a"), "{source}");
            handed[0].1.json().unwrap()
        };
        assert_eq!(given("a.b.c == 1"), json!({ "b": { "c": 1 } }));
        assert_eq!(given("a['b']['c'] == 1"), json!({ "b": { "c": 1 } }));
        assert_eq!(
            given("a.b.c == 1 && a.e == 3"),
            json!({ "b": { "c": 1 }, "e": 3 })
        );
        assert_eq!(given("has(a.missing) || a.b.missing"), json!({ "b": {} }));
        assert_eq!(
            given("a.b.c == 1 && 'd' in a.b"),
            json!({ "b": { "c": 1, "d": 2 } })
        );
        assert_eq!(given("a.B.c == 1 || a.all(k, a[k] == 1)"), facts["a"]);
        assert_eq!(given("[1].all(a, .a.e == 3)"), json!({ "e": 3 }));
        assert_eq!(
            given("[[3], [3]].all(x, x.all(y, y == a.e))"),
            json!({ "e": 3 })
        );
    }

    proptest! {
        /// Whatever the facts are, so that answers and the words of errors are those of whole facts.
        #[test]
        fn what_is_not_read_changes_no_answer(a in values(), b in values()) {
            let facts = facts(json!({ "a": a, "b": b }));
            for source in [
                "a.b.c == 1", "a['b'] == b['c']", "has(a.b.c) && a.b.c == b", "has(a.b) || a.c",
                "'b' in a && a.b == b.b", "a[b.c] == a.c", "a[0] == a.b[0].c", "a.b.c.b == a['c'][0]['b']",
                "size(a.b) > size(b)", "a.b == {'c': b.b}", "a.b.c ? b.b : a.c", "type(a.b) == type(b.c)",
                "!a.b", "a.b",
            ] {
                let expr = Expr::compile(source).unwrap();
                prop_assert_eq!(expr.evaluate(&facts), of_whole_facts(source, &facts), "{}", source);
            }
            // In which order members of an object come is by chance, and so is the first error of a loop, or how one shows it.
            for source in [
                "a.all(x, x.b == b.c)", "a.exists(x, a[x] == b[x].c)", "a.b.exists_one(b, b.c == .b.c)",
                "a.b.map(x, x.c).all(y, y in b.c)", "[1].all(a, .a.b == 1 || .b.c.b == a)",
                "[a.b, b.c].exists(x, x.c == 1)", "a.filter(x, x == b.c).size() == 0",
                "a.b + a.c == b.b", "string(a.b.c) == 'b'",
                "a.filter(x, x.b == 1).all(y, y.c.all(z, z == b.c))", "[[a.b], [1]].exists(x, x.exists(y, y == b))",
            ] {
                let expr = Expr::compile(source).unwrap();
                prop_assert_eq!(expr.evaluate(&facts).ok(), of_whole_facts(source, &facts).ok(), "{}", source);
            }
        }
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Into::into),
            (0..3).prop_map(Into::into),
            "[bc]".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                prop::collection::btree_map("[bc]", inner, 0..3).prop_map(|members| json!(members)),
            ]
        })
    }
}
