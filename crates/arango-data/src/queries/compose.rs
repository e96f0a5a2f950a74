//! Queries that are put together from clauses.

use std::collections::{BTreeMap, BTreeSet};

use super::aql::{Aql, Effect};
use super::aql_text::bind_parameters;
use super::proof::Proof;

impl Aql {
    /// Appends a clause with its parameters, on a line below.
    ///
    /// A parameter of the clause that is bound to another value in this query gets another name.
    #[must_use]
    pub fn and(mut self, clause: impl Into<Self>) -> Self {
        let clause = clause.into();
        let effect = self.joined_effect(&clause);
        let clause = clause.with_other_names_than(&self);
        let text = self.text.into_owned() + "\n" + &clause.text;
        self.binds.extend(clause.binds);
        let proof = self.proof.and(clause.proof);
        Self { text: text.into(), proof, binds: self.binds, effect, error: self.error.or(clause.error) }
    }

    /// Appends a clause if there is one.
    #[must_use]
    pub fn and_maybe(self, clause: Option<Self>) -> Self {
        match clause {
            Some(clause) => self.and(clause),
            None => self,
        }
    }

    fn joined_effect(&self, clause: &Self) -> Effect {
        match (self.effect, clause.effect) {
            (Effect::Modifying, _) | (_, Effect::Modifying) => Effect::Modifying,
            (Effect::Unknown, Effect::Unknown) => Effect::Unknown,
            // One is declared to only read, and that says nothing about the other.
            _ if self.is_read_only() && clause.is_read_only() => Effect::ReadOnly,
            _ => Effect::Unknown,
        }
    }

    /// Renames the parameters that are bound to another value in `query`.
    fn with_other_names_than(mut self, query: &Self) -> Self {
        let is_taken =
            |name: &str, value: &str| query.binds.get(name).is_some_and(|other| other.get() != value);
        let colliding: Vec<String> = self
            .binds
            .iter()
            .filter(|(name, value)| is_taken(name, value.get()))
            .map(|(name, _)| name.clone())
            .collect();
        if colliding.is_empty() {
            return self;
        }
        let mut used: BTreeSet<String> = [query, &self].into_iter().flat_map(Self::all_names).collect();
        let mut renamed = BTreeMap::new();
        for name in colliding {
            let mut candidates = (2..used.len() + 3).map(|number| format!("{name}_{number}"));
            let free = candidates.find(|name| !used.contains(name));
            let free = free.expect("there are more candidates than used names");
            used.insert(free.clone());
            if let Some(value) = self.binds.remove(&name) {
                self.binds.insert(free.clone(), value);
            }
            renamed.insert(name, free);
        }
        self.text = rename(&self.text, &renamed).into();
        self.proof = Proof::of(&self.text);
        self
    }

    /// Returns the names that are bound or stand in the text.
    fn all_names(&self) -> Vec<String> {
        let in_text = bind_parameters(&self.text).into_iter().map(|name| self.text[name].to_owned());
        self.binds.keys().cloned().chain(in_text).collect()
    }
}

fn rename(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut renamed = String::with_capacity(text.len() + 8);
    let mut end = 0;
    for name in bind_parameters(text) {
        renamed.push_str(&text[end..name.start]);
        let old = &text[name.clone()];
        renamed.push_str(names.get(old).map_or(old, String::as_str));
        end = name.end;
    }
    renamed.push_str(&text[end..]);
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::name;

    fn binds(query: &Aql) -> Vec<(&str, &str)> {
        query.binds.iter().map(|(name, value)| (name.as_str(), value.get())).collect()
    }

    #[test]
    fn parameters_of_one_name_and_other_values_are_distinguished() {
        let filter = |year: u16| Aql::new("FILTER d.y != @y // not '@y'").bind("y", year);
        let query =
            Aql::new("FOR d IN c").and(filter(1)).and(filter(2)).and(filter(3)).and("RETURN [d, '@y']");
        assert_eq!(
            query.text(),
            "FOR d IN c\nFILTER d.y != @y // not '@y'\nFILTER d.y != @y_2 // not '@y'\n\
             FILTER d.y != @y_3 // not '@y'\nRETURN [d, '@y']"
        );
        assert_eq!(binds(&query), [("y", "1"), ("y_2", "2"), ("y_3", "3")]);
        query.check().unwrap();
    }

    #[test]
    fn parameters_of_one_name_and_value_are_shared() {
        let clause = || Aql::new("FILTER d.y == @y").bind("y", 1);
        assert_eq!(binds(&clause().and(clause())), [("y", "1")]);
    }

    #[test]
    fn a_new_name_is_one_that_no_clause_uses() {
        let first = Aql::new("FILTER d.y == @y AND d.z == @y_2").bind("y", 1).bind("y_2", 2);
        let query = first.and(Aql::new("FILTER d.y == @y AND d.z == @y_3").bind("y", 3));
        assert!(query.text().ends_with("d.y == @y_4 AND d.z == @y_3"), "{}", query.text());
    }

    #[test]
    fn collections_are_distinguished_from_values_and_from_one_another() {
        let first = Aql::new("FOR a IN @@c FILTER a.c == @c").collection("c", name("a")).bind("c", 1);
        let query = first.and(Aql::new("FOR b IN @@c").collection("c", name("b")));
        assert!(query.text().ends_with("FOR b IN @@c_2"), "{}", query.text());
        assert_eq!(binds(&query), [("@c", "\"a\""), ("@c_2", "\"b\""), ("c", "1")]);
    }

    #[test]
    fn a_query_only_reads_if_all_its_clauses_do() {
        let (read, write) = (Aql::new("FOR d IN c"), Aql::new("REMOVE d IN c"));
        assert!(read.clone().and("RETURN d").is_read_only());
        assert!(!read.clone().and(write.clone()).is_read_only());
        assert!(!read.clone().read_only().and(write).is_read_only());
        let promised = Aql::new("RETURN my::f(d)").read_only();
        assert!(read.clone().and(promised.clone()).is_read_only());
        assert!(!read.modifying().and(promised).is_read_only());
    }
}
