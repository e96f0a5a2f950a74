//! What all bulk writes have in common.

use std::sync::Arc;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, DatabaseName, ErrorKind, ErrorNumber, Failure, Metadata, Outcome,
    OutputError, RequestClass, RequestProperties, Resolution,
};
use bytes::Bytes;
use http::Request;
use http::header::HeaderValue;
use serde_json::value::RawValue;

use super::array_response::{Element, elements};
use super::elements::Elements;
use super::item_error::ItemError;
use super::item_output::ItemOutput;
use crate::documents::insert::is_key_refused;
use crate::documents::overwrite_mode::OverwriteMode;
use crate::documents::read_each::{DocumentResult, ReadEachDocument};
use crate::documents::resolution::{self, Comparison, Effect};
use crate::documents::ticket::DocumentTicket;
use crate::documents::write::Write;
use crate::json::DocumentBody;
use crate::names::{CollectionName, Key};

/// What is done to each document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Insert(OverwriteMode),
    Update,
    Replace,
    Remove { must_exist: bool },
}

/// Several documents, and the options of their write.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) change: Change,
    /// The options, without a document.
    pub(super) write: Write,
    pub(super) elements: Elements,
}

type Items<W> = Vec<Result<W, ItemError>>;

impl Batch {
    pub(super) fn new(collection: &CollectionName, change: Change) -> Self {
        let write = Write::new(collection, None, DocumentBody::of_json(Bytes::new(), None));
        Self { change, write, elements: Elements::new() }
    }

    #[inline]
    pub(super) fn with_elements(&self, elements: Elements) -> Self {
        Self { change: self.change, write: self.write.clone(), elements }
    }

    /// Returns the write of one document alone.
    fn write_of(&self, index: usize) -> Write {
        let item = &self.elements.items()[index];
        let mut write = self.write.clone();
        write.key.clone_from(&item.key);
        if let Some(revision) = &item.revision {
            write.options_mut().revision = Some(revision.clone());
        }
        if !matches!(self.change, Change::Remove { .. }) {
            write.body = DocumentBody::of_json(self.elements.json(index), item.key.clone());
        }
        write
    }

    fn effect(&self) -> Effect {
        match self.change {
            Change::Insert(mode) => mode.effect(),
            Change::Update | Change::Replace => Effect::Change,
            Change::Remove { .. } => Effect::Remove,
        }
    }

    fn comparison(&self) -> Comparison {
        match self.change {
            Change::Insert(mode) => mode.comparison(&self.write),
            Change::Update => OverwriteMode::Update.comparison(&self.write),
            Change::Replace | Change::Remove { .. } => Comparison::Whole,
        }
    }

    fn key(&self, index: usize) -> Option<&Key> {
        self.elements.items()[index].key.as_ref()
    }

    /// Returns whether a late copy of the write of one document does no harm.
    fn is_fenced(&self, index: usize) -> bool {
        let item = &self.elements.items()[index];
        let is_key_generated = item.key.as_ref().is_some_and(Key::is_generated);
        match self.change {
            // The most frequent ones, without a look into the document.
            Change::Insert(OverwriteMode::Conflict) => is_key_generated,
            Change::Insert(OverwriteMode::Ignore) => item.key.is_some(),
            Change::Insert(mode) => mode.class(&self.write_of(index)) == RequestClass::Fenced,
            Change::Update | Change::Replace => {
                self.write_of(index).class_of_change() == RequestClass::Fenced
            }
            Change::Remove { .. } => is_key_generated || item.revision.is_some(),
        }
    }

    /// The request can be repeated if that is so for each document.
    #[inline]
    pub(super) fn properties(&self, metadata: &Metadata) -> RequestProperties {
        let is_fenced = (0..self.elements.items().len()).all(|index| self.is_fenced(index));
        let class = if is_fenced { RequestClass::Fenced } else { RequestClass::NonIdempotent };
        // How long it takes depends on the number of documents, and a second copy would not be faster.
        let properties = self.write.properties(metadata, class).without_measuring().without_time_sharing();
        // One shard may refuse its documents after others have written theirs.
        if self.elements.items().len() > 1 { properties.without_rollback() } else { properties }
    }

    pub(super) fn request(&self, metadata: Metadata) -> Result<Request<Bytes>, BuildError> {
        let mut builder = self.write.to_documents(metadata);
        match self.change {
            Change::Insert(mode) => {
                mode.check(&self.write)?;
                builder = mode.fill(builder, &self.write);
            }
            Change::Update => {
                if self.write.options().removes_nulls {
                    builder = builder.query("keepNull", "false");
                }
                if self.write.options().replaces_objects {
                    builder = builder.query("mergeObjects", "false");
                }
            }
            Change::Replace => {}
            Change::Remove { .. } => {
                if self.elements.items().iter().any(|item| item.revision.is_some()) {
                    builder = builder.query("ignoreRevs", "false");
                }
            }
        }
        let builder = self.write.fill_options(builder)?;
        builder.bytes(self.elements.body(), HeaderValue::from_static("application/json")).build()
    }

    pub(super) fn output<W: ItemOutput>(&self, response: &ApiResponse) -> Result<Items<W>, OutputError> {
        let elements = elements(response, self.elements.items().len())?;
        let read = |(index, element): (usize, Element<'_>)| match element {
            Element::Error(error) if self.accepts(error.number) => {
                W::of_missing().map(Ok).ok_or_else(|| response.invalid("a document that is missing"))
            }
            Element::Error(error) => {
                let key = self.key(index).cloned();
                Ok(Err(ItemError::refused(error.number, error.message, self.names_revision(index), key)))
            }
            Element::Success(json) => match W::read_element(json, self.key(index)) {
                Ok(Some(written)) => Ok(Ok(written)),
                Ok(None) => {
                    Err(response.invalid(format_args!("[{index}] is about another key than was sent")))
                }
                Err(error) => Err(response.invalid(format_args!("[{index}]: {error}"))),
            },
        };
        elements.into_iter().enumerate().map(read).collect()
    }

    /// Returns whether an error is the success of a removal.
    fn accepts(&self, number: ErrorNumber) -> bool {
        self.change == Change::Remove { must_exist: false } && number == ErrorNumber::DOCUMENT_NOT_FOUND
    }

    fn names_revision(&self, index: usize) -> bool {
        match self.change {
            Change::Insert(_) => false,
            _ => self.write_of(index).expected_revision().is_some(),
        }
    }

    /// Returns the result of each item if the request failed as a whole.
    pub(super) fn failed<W>(&self, failure: &Failure, message: &Arc<str>) -> Items<W> {
        let mut failure = *failure;
        // A request that was executed may have refused the item, and one shard that refuses it says nothing about the others.
        let is_refused = failure.outcome == Outcome::Executed && self.elements.items().len() > 1;
        if failure.is_response_lost() || is_refused {
            failure.outcome = Outcome::Unknown;
        }
        let item = |index| {
            let message = Some(Arc::clone(message));
            Err(ItemError::new(failure, message, self.key(index).cloned()))
        };
        (0..self.elements.items().len()).map(item).collect()
    }

    /// Returns the items whose generated key was refused, without it.
    ///
    /// They have no key from then on, so a copy is neither taken for one under the refused key, nor looked for there.
    pub(super) fn without_refused_keys<W>(
        &mut self,
        items: &[Result<W, ItemError>],
    ) -> Option<(Self, Vec<usize>)> {
        let places = places_of(items, |index, error| {
            let is_generated = self.key(index).is_some_and(Key::is_generated);
            is_generated
                && error.number().is_some_and(is_key_refused)
                && !error.failure().has_ambiguous_predecessor
        });
        if places.is_empty() {
            return None;
        }
        let again = self.with_elements(self.elements.without_generated_keys(&places));
        self.elements = self.elements.with_keys_dropped(&places);
        Some((again, places))
    }

    /// Returns the items that were refused for a transient reason, and may be sent again.
    pub(super) fn repeatable<W>(&self, items: &[Result<W, ItemError>]) -> Option<(Self, Vec<usize>)> {
        let places = places_of(items, |index, error| {
            // Two inserts that ignore each other conflict if they run at the same time.
            let is_ignored = self.change == Change::Insert(OverwriteMode::Ignore);
            let is_transient = error.is_transient()
                || error.kind() == ErrorKind::Conflict && is_ignored
                || error.kind() == ErrorKind::Server && error.outcome() == Outcome::Unknown;
            is_transient && (error.outcome() == Outcome::NotExecuted || self.is_fenced(index))
        });
        let elements = self.elements.select(&places);
        (!places.is_empty()).then(|| (self.with_elements(elements), places))
    }

    /// Returns what to read to find out about the items in doubt.
    pub(super) fn question<W>(
        &self,
        items: &[Result<W, ItemError>],
    ) -> Option<(ReadEachDocument, Vec<usize>)> {
        let effect = self.effect();
        let places = places_of(items, |index, error| {
            let is_open = matches!(error.resolution(), None | Some(Resolution::Failed));
            is_open
                && self.key(index).is_some()
                && self.write_of(index).expectation(effect).is_askable(error.failure())
        });
        let keys = places.iter().filter_map(|index| self.key(*index).cloned());
        let question = ReadEachDocument::new(&self.write.collection, keys);
        (!places.is_empty()).then_some((question, places))
    }

    /// Replaces the error of an item by what its document shows; `Err` if it could not be read.
    pub(super) fn resolve<W: ItemOutput>(
        &self,
        index: usize,
        item: &mut Result<W, ItemError>,
        answer: Result<Option<&RawValue>, ()>,
    ) {
        let Err(error) = item else { return };
        let Ok(stored) = answer else { return error.resolve::<W>(None) };
        let conclusion =
            self.write_of(index).conclude(self.effect(), self.comparison(), error.failure(), stored);
        let found = |evidence| W::found_stored(stored, evidence, self.write.options().returns_new);
        match resolution::map(conclusion, found) {
            Conclusion::Executed(found) => *item = Ok(found),
            other => error.resolve(Some(&other)),
        }
    }

    /// Returns the text that finds out later whether an item was executed.
    pub(super) fn ticket(&self, index: usize, unix_millis: u64) -> Option<DocumentTicket> {
        self.write_of(index).ticket(self.effect(), unix_millis)
    }

    #[inline]
    pub(super) fn split_last(&mut self) -> Self {
        let last = self.elements.split_last();
        self.with_elements(last)
    }

    pub(super) fn resolve_all<W: ItemOutput>(
        &self,
        items: &mut [Result<W, ItemError>],
        places: &[usize],
        answers: Option<&[DocumentResult]>,
    ) {
        for (position, place) in places.iter().enumerate() {
            let answer = match answers.and_then(|answers| answers.get(position)) {
                Some(Ok(document)) => Ok(document.as_deref()),
                Some(Err(_)) | None => Err(()),
            };
            if let Some(item) = items.get_mut(*place) {
                self.resolve(*place, item, answer);
            }
        }
    }

    pub(super) fn add_tickets<W>(
        &self,
        items: &mut [Result<W, ItemError>],
        database: &DatabaseName,
        unix_millis: u64,
    ) {
        for (index, item) in items.iter_mut().enumerate() {
            if let Err(error) = item
                && error.outcome() == Outcome::Unknown
                && let Some(ticket) = self.ticket(index, unix_millis)
            {
                error.set_ticket(ticket.in_database(database).to_string());
            }
        }
    }
}

/// Returns the places of some of the items that failed.
fn places_of<W>(
    items: &[Result<W, ItemError>],
    mut wanted: impl FnMut(usize, &ItemError) -> bool,
) -> Vec<usize> {
    let failed = items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_ref().err()?)));
    failed.filter(|(index, error)| wanted(*index, error)).map(|(index, _)| index).collect()
}
