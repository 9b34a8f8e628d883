//! The path below which NextAuth or Auth.js answers.

use crate::model::{Application, Environment};

/// Where both versions put their endpoints in a Next.js application.
const USUAL: &str = "/api/auth";
/// The variable that says so where the route's file does not.
const VARIABLE: &str = "HOLDPOINT_NEXTAUTH_PATH";

/// What the variable says; else where the route's file lies (`app/auth/[...nextauth]/route.ts`); else `/api/auth`.
pub(in crate::probe) fn base_path<'a>(
    application: &'a Application,
    environment: &'a Environment,
) -> &'a str {
    let said = environment
        .get(VARIABLE)
        .map(|variable| variable.value.trim().trim_end_matches('/'))
        .filter(|path| path.starts_with('/'));
    let mut routes = application.routes.iter();
    let found = || {
        routes.find_map(|route| {
            let path = route.path.strip_suffix(']')?;
            let (before, name) = path.rsplit_once("/[...")?;
            // A segment that differs from request to request says nothing.
            let usable = matches!(name, "nextauth" | "auth") && !before.contains('[');
            (usable && !before.is_empty()).then_some(before)
        })
    };
    said.or_else(found).unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Route, Variable, VariableOrigin};

    fn application(path: &str) -> Application {
        let route = Route {
            path: path.into(),
            file: String::new(),
            api: true,
            methods: vec![],
        };
        Application {
            routes: vec![route],
            ..Application::default()
        }
    }

    #[test]
    fn nextauth_answers_where_its_route_lies() {
        let none = Environment::default();
        for (route, path) in [
            ("/api/auth/[...nextauth]", "/api/auth"),
            ("/auth/[...nextauth]", "/auth"),
            ("/api/tasks/[...rest]", "/api/auth"),
            ("/[locale]/auth/[...nextauth]", "/api/auth"),
        ] {
            assert_eq!(base_path(&application(route), &none), path, "{route}");
        }
        assert_eq!(base_path(&Application::default(), &none), "/api/auth");
    }

    #[test]
    fn what_is_said_counts_before_what_is_found() {
        let mut environment = Environment::default();
        environment.variables.push(Variable {
            name: VARIABLE.into(),
            value: "/door/".into(),
            raw: "/door/".into(),
            origin: VariableOrigin::Process,
            secret: false,
            shadowed: vec![],
        });
        let application = application("/auth/[...nextauth]");
        assert_eq!(base_path(&application, &environment), "/door");
        environment.variables[0].value = "door".into();
        assert_eq!(base_path(&application, &environment), "/auth");
    }
}
