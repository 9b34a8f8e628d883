//! Which key and which model the application would use.

use super::dialect::Dialect;
use super::text;
use crate::model::{Environment, Facts, Hindrance, HindranceKind, Variable, VariableOrigin};
use crate::probe::environment::Needs;

/// The key that the application would send.
pub(super) struct Key<'a> {
    /// The variable.
    pub(super) variable: &'a Variable,
    /// Others that are set and lose to it.
    pub(super) set_too: Vec<&'static str>,
}

impl<'a> Key<'a> {
    /// The first variable that is set, of those that the application's library reads.
    ///
    /// # Errors
    /// `Absent` where none is set.
    pub(super) fn find(
        dialect: Dialect,
        parameters: &Facts,
        environment: &'a Environment,
        needs: &Needs,
        uses: impl Fn(&str) -> bool,
    ) -> Result<Self, Hindrance> {
        let set = |name: &str| {
            environment
                .get(name)
                .filter(|variable| !variable.value.trim().is_empty())
        };
        let provider = dialect.provider();
        let absent = |names: &str| {
            Hindrance::new(
                HindranceKind::Absent,
                format!(
                    "no key for {provider} is set: {names}; HOLDPOINT_{}_KEY_VARIABLE names another variable",
                    provider.to_uppercase()
                ),
            )
        };
        if let Some(name) = text(parameters, "variable") {
            let variable = set(name).ok_or_else(|| absent(name))?;
            return Ok(Self {
                variable,
                set_too: Vec::new(),
            });
        }
        let mut names = dialect.key_variables(uses);
        // Where the code or its libraries are known to read some of them, the others are of no use.
        if names.iter().any(|name| needs.read.contains(*name)) {
            names.retain(|name| needs.read.contains(*name));
        }
        let mut found = names.iter().filter_map(|name| Some((*name, set(name)?)));
        if let Some((_, variable)) = found.next() {
            return Ok(Self {
                variable,
                set_too: found.map(|(name, _)| name).collect(),
            });
        }
        // Code may hand over a key of a name of its own, which says whose key it is.
        let own = needs
            .read
            .iter()
            .filter(|name| name.contains("KEY"))
            .filter(|name| dialect.names().iter().any(|word| name.contains(word)))
            .find_map(|name| set(name));
        let variable = own.ok_or_else(|| absent(&names.join(", ")))?;
        Ok(Self {
            variable,
            set_too: Vec::new(),
        })
    }

    /// Where it is set; none for the process environment.
    pub(super) fn origin(&self) -> Option<String> {
        match &self.variable.origin {
            VariableOrigin::Process => None,
            file @ VariableOrigin::File { .. } => Some(file.to_string()),
        }
    }
}

/// A model with what names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The id that requests take.
    pub(super) id: String,
    /// `file:line`, or the variable.
    pub(super) at: String,
}

/// Every model of the dialect that deployed code names, each once, the one to be asked first.
///
/// A variable counts only where the code reads it: a document may name one that nothing reads.
pub(super) fn chosen(
    dialect: Dialect,
    parameters: &Facts,
    environment: &Environment,
    needs: &Needs,
) -> Vec<Chosen> {
    let mut all: Vec<Chosen> = Vec::new();
    let mut add = |id: &str, at: String| {
        if all.iter().all(|one| one.id != id) {
            all.push(Chosen { id: id.into(), at });
        }
    };
    if let Some(given) = text(parameters, "model") {
        // A gateway's models may have any name.
        add(
            dialect.id(given).unwrap_or(given),
            "the parameter model".into(),
        );
    }
    for name in dialect.model_variables() {
        let variable = environment.get(name).filter(|_| needs.read.contains(*name));
        if let Some(variable) = variable
            && let Some(id) = dialect.id(variable.value.trim())
        {
            add(id, format!("{name} ({})", variable.origin));
        }
    }
    for model in needs.models.iter().filter(|model| model.deployed) {
        if let Some(id) = dialect.id(&model.id).filter(|id| makes_text(id)) {
            add(id, model.at.clone());
        }
    }
    all
}

/// Models for pictures, sound and vectors are asked in other ways.
fn makes_text(id: &str) -> bool {
    ![
        "embedding",
        "image",
        "tts",
        "audio",
        "transcribe",
        "realtime",
        "live",
    ]
    .iter()
    .any(|word| id.split(['-', '_']).any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::environment::NamedModel;

    fn variable(name: &str, value: &str) -> Variable {
        Variable {
            name: name.into(),
            value: value.into(),
            raw: value.into(),
            origin: VariableOrigin::File {
                path: ".env.local".into(),
                line: 3,
            },
            secret: true,
            shadowed: vec![],
        }
    }

    fn environment(all: &[(&str, &str)]) -> Environment {
        Environment {
            variables: all
                .iter()
                .map(|(name, value)| variable(name, value))
                .collect(),
            ..Environment::default()
        }
    }

    #[test]
    fn the_key_that_the_library_takes() {
        let environment = environment(&[
            ("GEMINI_API_KEY", ""),
            ("GOOGLE_API_KEY", "g"),
            ("GOOGLE_GENAI_API_KEY", "h"),
        ]);
        let none = Facts::new();
        let needs = Needs::default();
        let key = Key::find(Dialect::Gemini, &none, &environment, &needs, |_| false).unwrap();
        assert_eq!(key.variable.name, "GOOGLE_API_KEY");
        assert_eq!(key.set_too, ["GOOGLE_GENAI_API_KEY"]);
        assert_eq!(key.origin().as_deref(), Some(".env.local:3"));
        // Code that reads one by itself is given that one.
        let mut reads = Needs::default();
        reads.read.insert("GOOGLE_GENAI_API_KEY".into());
        let key = Key::find(Dialect::Gemini, &none, &environment, &reads, |_| false).unwrap();
        assert_eq!(key.variable.name, "GOOGLE_GENAI_API_KEY");
        // The AI SDK knows none of these names.
        let absent = Key::find(Dialect::Gemini, &none, &environment, &needs, |name| {
            name == "@ai-sdk/google"
        });
        assert_eq!(
            absent.err().map(|one| one.kind),
            Some(HindranceKind::Absent)
        );
    }

    #[test]
    fn a_key_of_a_name_of_the_codes_own() {
        let environment = environment(&[("MY_GEMINI_KEY", "g"), ("OTHER_GEMINI_KEY", "h")]);
        let mut needs = Needs::default();
        let find = |needs: &Needs| {
            let none = Facts::new();
            let key = Key::find(Dialect::Gemini, &none, &environment, needs, |_| false);
            key.ok().map(|key| key.variable.name.clone())
        };
        assert_eq!(find(&needs), None);
        needs.read.insert("MY_GEMINI_KEY".into());
        assert_eq!(find(&needs).as_deref(), Some("MY_GEMINI_KEY"));
    }

    #[test]
    fn models_in_order() {
        let named = |id: &str, deployed| NamedModel {
            id: id.into(),
            at: format!("{id}:1"),
            deployed,
            chosen: true,
        };
        let mut needs = Needs::default();
        needs.models = vec![
            named("googleai/gemini-2.0-flash", true),
            named("gemini-2.0-flash", true),
            named("gpt-4o", true),
            named("gemini-embedding-001", true),
            named("gemini-1.5-pro", false),
        ];
        let environment = environment(&[("GENKIT_MODEL", "googleai/gemini-2.5-flash")]);
        let ids = |needs: &Needs, parameters: &Facts| -> Vec<String> {
            let all = chosen(Dialect::Gemini, parameters, &environment, needs);
            all.into_iter().map(|one| one.id).collect()
        };
        let none = Facts::new();
        assert_eq!(ids(&needs, &none), ["gemini-2.0-flash"]);
        needs.read.insert("GENKIT_MODEL".into());
        assert_eq!(ids(&needs, &none), ["gemini-2.5-flash", "gemini-2.0-flash"]);
        let given = Facts::from_iter([("model".to_owned(), "my-own".into())]);
        assert_eq!(ids(&needs, &given)[0], "my-own");
    }
}
