//! Views: what they see, and when their changes are refused.

use std::sync::Arc;

use arango_test_aql::{CollectionKind, OverwriteMode, Value, WriteOptions};

use super::documents::Documents;
use super::rules::Rules;
use super::sequence::Sequence;
use super::unique::UniqueIndex;
use super::view::CollectionView;
use super::write::DocumentOptions;
use crate::config::clock::Clock;

/// A collection, as the state of a cluster has it.
struct Books {
    rules: Arc<Rules>,
    documents: Arc<Documents>,
    sequence: Arc<Sequence>,
}

impl Books {
    fn new() -> Self {
        let rules = Arc::new(Rules::new("books", "7", CollectionKind::Document));
        Self { rules, documents: Arc::default(), sequence: Arc::default() }
    }

    fn with_unique(field: &str) -> Self {
        let mut books = Self::new();
        let documents = Arc::get_mut(&mut books.documents).unwrap();
        documents.add_unique(unique(field)).unwrap();
        books
    }

    fn view(&self) -> CollectionView {
        let (rules, documents) = (self.rules.clone(), self.documents.clone());
        CollectionView::new(rules, documents, self.sequence.clone(), Clock::start(), vec![true; 3])
    }

    fn commit(&mut self, view: CollectionView) -> Result<(), u32> {
        view.check(&self.documents).map_err(|error| error.number)?;
        for (key, document) in view.into_changes() {
            Arc::make_mut(&mut self.documents).set(&key, document);
        }
        Ok(())
    }
}

fn unique(field: &str) -> UniqueIndex {
    let fields = vec![field.to_owned()];
    UniqueIndex { name: "i".to_owned(), kind: "persistent".to_owned(), fields, sparse: true }
}

fn document(json: &str) -> Value {
    Value::from_json(json.as_bytes()).unwrap()
}

fn insert(view: &mut CollectionView, json: &str) -> Result<(), u32> {
    let written = view.insert(&document(json), &DocumentOptions::default());
    written.map(drop).map_err(|error| error.number)
}

#[test]
fn a_view_sees_its_changes_and_the_collection_does_not() {
    let mut books = Books::new();
    let mut view = books.view();
    insert(&mut view, r#"{"_key":"a"}"#).unwrap();
    insert(&mut view, r#"{"_key":"b"}"#).unwrap();
    view.remove("a", &DocumentOptions::default()).unwrap();
    assert_eq!((view.len(), view.shuffled(0).len(), books.documents.len()), (1, 1, 0));
    books.commit(view).unwrap();
    assert!(books.documents.get("b").is_some() && books.documents.get("a").is_none());
}

#[test]
fn a_view_does_not_see_what_others_change() {
    let mut books = Books::new();
    let mut first = books.view();
    insert(&mut first, r#"{"_key":"a"}"#).unwrap();
    let before = books.view();
    books.commit(first).unwrap();
    assert_eq!((before.len(), books.view().len()), (0, 1));
}

#[test]
fn of_two_views_that_write_the_same_document_the_second_is_refused() {
    let mut books = Books::new();
    let (mut one, mut other) = (books.view(), books.view());
    insert(&mut one, r#"{"_key":"a"}"#).unwrap();
    insert(&mut other, r#"{"_key":"a"}"#).unwrap();
    books.commit(one).unwrap();
    assert_eq!(books.commit(other), Err(1200));

    let (mut one, mut other) = (books.view(), books.view());
    insert(&mut one, r#"{"_key":"b"}"#).unwrap();
    insert(&mut other, r#"{"_key":"c"}"#).unwrap();
    assert_eq!((books.commit(one), books.commit(other)), (Ok(()), Ok(())));
}

#[test]
fn a_unique_value_is_refused_within_a_view_and_between_views() {
    let mut books = Books::with_unique("x");
    let mut view = books.view();
    insert(&mut view, r#"{"x":1}"#).unwrap();
    assert_eq!(insert(&mut view, r#"{"x":1.0}"#), Err(1210));
    let mut other = books.view();
    insert(&mut other, r#"{"x":1}"#).unwrap();
    books.commit(view).unwrap();
    assert_eq!(books.commit(other), Err(1210));
}

#[test]
fn a_unique_value_can_move_from_one_document_to_another_within_a_view() {
    let mut books = Books::with_unique("x");
    let mut view = books.view();
    insert(&mut view, r#"{"_key":"a","x":1}"#).unwrap();
    insert(&mut view, r#"{"_key":"b"}"#).unwrap();
    books.commit(view).unwrap();

    let mut view = books.view();
    view.remove("a", &DocumentOptions::default()).unwrap();
    view.replace("b", &document(r#"{"x":1}"#), &DocumentOptions::default()).unwrap();
    books.commit(view).unwrap();
    let mut view = books.view();
    assert_eq!(insert(&mut view, r#"{"x":1}"#), Err(1210));
}

#[test]
fn changes_that_a_new_index_has_not_checked_are_refused() {
    let mut books = Books::new();
    let mut view = books.view();
    insert(&mut view, r#"{"x":1}"#).unwrap();
    Arc::make_mut(&mut books.documents).add_unique(unique("x")).unwrap();
    assert_eq!(books.commit(view), Err(1200));
}

#[test]
fn a_patch_that_names_nothing_keeps_the_revision() {
    let books = Books::new();
    let mut view = books.view();
    insert(&mut view, r#"{"_key":"a","x":1}"#).unwrap();
    let written = view.update("a", &document(r#"{"_key":"a"}"#), &DocumentOptions::default()).unwrap();
    assert_eq!(written.new.unwrap().revision(), written.old.unwrap().revision());
}

#[test]
fn an_ignored_insert_writes_nothing() {
    let books = Books::new();
    let mut view = books.view();
    insert(&mut view, r#"{"_key":"a","x":1}"#).unwrap();
    let common = WriteOptions { overwrite_mode: OverwriteMode::Ignore, ..WriteOptions::default() };
    let options = DocumentOptions { common, version_attribute: None };
    let written = view.insert(&document(r#"{"_key":"a","x":2}"#), &options).unwrap();
    assert!(written.new.is_none());
    assert_eq!(view.get("a").unwrap().unwrap().value().attribute("x"), Value::from(1_i64));
}

#[test]
fn a_shard_without_a_leader_refuses_its_documents_only() {
    let books = Books::new();
    let mut view = CollectionView::new(
        books.rules.clone(),
        books.documents.clone(),
        books.sequence.clone(),
        Clock::start(),
        vec![true, false],
    );
    let results: Vec<_> = (0..20).map(|n| insert(&mut view, &format!(r#"{{"_key":"k{n}"}}"#))).collect();
    assert!(results.contains(&Ok(())) && results.contains(&Err(1478)));
    assert_eq!(view.require_all_leaders().unwrap_err().number, 1478);
}

#[test]
fn the_size_of_the_documents_follows_every_change() {
    let mut books = Books::new();
    let mut view = books.view();
    insert(&mut view, r#"{"_key":"a","x":"0123456789"}"#).unwrap();
    books.commit(view).unwrap();
    let size = books.documents.json_size();
    assert_eq!(size, books.documents.get("a").unwrap().json().len());
    let mut view = books.view();
    view.remove("a", &DocumentOptions::default()).unwrap();
    books.commit(view).unwrap();
    assert_eq!(books.documents.json_size(), 0);
}
