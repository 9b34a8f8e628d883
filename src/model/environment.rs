//! The variables that the application would see, each with the place that set it.

/// Every variable that is set, with all places that set it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// One entry for each variable, in the order of their names.
    pub variables: Vec<Variable>,
    /// The files that were read, in the order of precedence, as paths relative to the root.
    pub files: Vec<String>,
    /// Variables that the user wants set, whatever the code reads.
    pub required: Vec<String>,
}

/// One variable with its winning value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value after expansion. Never recorded; probes give facts about it.
    pub value: String,
    /// The value as written, before `$NAME` expansion.
    pub raw: String,
    /// Where the winning value was set.
    pub origin: VariableOrigin,
    /// Is the value registered as a secret?
    pub secret: bool,
    /// Lower-precedence places that set the same variable and lost.
    pub shadowed: Vec<VariableOrigin>,
}

/// Where a variable was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableOrigin {
    /// The environment of the process.
    Process,
    /// A file, relative to the root, with the line (from 1).
    File {
        /// The path relative to the root.
        path: String,
        /// The line, from 1.
        line: usize,
    },
}

impl std::fmt::Display for VariableOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Process => f.write_str("the process environment"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
        }
    }
}

impl Environment {
    /// The variable of that name, if it is set.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}
