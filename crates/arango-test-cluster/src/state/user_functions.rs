//! AQL functions that users have registered in a database.

/// One function. Its code is kept, and never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserFunction {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) is_deterministic: bool,
}

/// The functions of a database, the latest written last. Names differ in more than case.
#[derive(Debug, Default)]
pub(crate) struct UserFunctions {
    functions: Vec<UserFunction>,
}

impl UserFunctions {
    /// Adds a function. Returns whether it is new, and has not replaced another one.
    pub(crate) fn register(&mut self, function: UserFunction) -> bool {
        let is_new = !self.remove(&function.name);
        self.functions.push(function);
        is_new
    }

    /// Removes a function. Returns whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.functions.len();
        self.functions.retain(|function| !function.name.eq_ignore_ascii_case(name));
        self.functions.len() < before
    }

    /// Removes the functions of a namespace, and returns their number.
    pub(crate) fn remove_namespace(&mut self, namespace: &str) -> usize {
        let before = self.functions.len();
        self.functions.retain(|function| !is_within(&function.name, namespace));
        before - self.functions.len()
    }

    /// Returns the functions of a namespace. That without a name has all.
    pub(crate) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &UserFunction> {
        self.functions.iter().filter(move |one| namespace.is_empty() || is_within(&one.name, namespace))
    }
}

/// Returns whether the namespace, with or without colons at its end, contains the function.
fn is_within(name: &str, namespace: &str) -> bool {
    let namespace = namespace.strip_suffix("::").unwrap_or(namespace);
    let start = name.get(..namespace.len());
    let rest = name.get(namespace.len()..);
    start.is_some_and(|start| start.eq_ignore_ascii_case(namespace))
        && rest.is_some_and(|rest| rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> UserFunction {
        UserFunction { name: name.to_owned(), code: String::new(), is_deterministic: false }
    }

    #[test]
    fn a_namespace_contains_what_is_below_it_and_ignores_case() {
        for (namespace, contained) in
            [("A", true), ("a::", true), ("a::b", true), ("a::b::c", false), ("a::bc", false), ("b", false)]
        {
            assert_eq!(is_within("a::B::c", namespace), contained, "{namespace}");
        }
    }

    #[test]
    fn a_replaced_function_is_listed_as_the_latest() {
        let mut functions = UserFunctions::default();
        assert!(functions.register(function("a::x")));
        assert!(functions.register(function("b::x")));
        assert!(!functions.register(function("A::X")));
        let names: Vec<_> = functions.of_namespace("").map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["b::x", "A::X"]);
        assert_eq!(functions.remove_namespace("a"), 1);
        assert_eq!(functions.of_namespace("").count(), 1);
    }
}
