//! A visitor over all operations.

use std::sync::LazyLock;

use arango_protocol::{DatabaseName, Operation};
use serde_json::Value;

#[allow(clippy::wildcard_imports, reason = "it visits every operation")]
use crate::*;

/// Visits operations, one after the other.
///
/// ```
/// use arango_data::{OperationVisitor, for_each_operation};
/// use arango_protocol::Operation;
///
/// /// Collects the names of all operations.
/// struct Names(Vec<&'static str>);
///
/// impl OperationVisitor for Names {
///     fn visit<O: Operation>(&mut self, _: O) {
///         self.0.push(O::METADATA.name);
///     }
/// }
///
/// let mut names = Names(Vec::new());
/// for_each_operation(&mut names);
/// assert!(names.0.contains(&"document.insert"));
/// ```
pub trait OperationVisitor {
    /// Visits one operation, constructed with sample values.
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static;
}

/// Visits every operation of this crate, each constructed with sample values.
///
/// The order is that of the folders: documents, collections, indexes, views, analyzers, graphs, databases, queries,
/// transactions, users.
pub fn for_each_operation(visitor: &mut impl OperationVisitor) {
    documents(visitor);
    collections(visitor);
    indexes(visitor);
    views(visitor);
    analyzers(visitor);
    graphs(visitor);
    databases(visitor);
    queries(visitor);
    transactions(visitor);
    users(visitor);
}

static BOOKS: LazyLock<CollectionName> =
    LazyLock::new(|| CollectionName::new("books").expect("a valid name"));
static DUNE: LazyLock<Key> = LazyLock::new(|| Key::new("dune").expect("a valid key"));
static REVISION: LazyLock<Revision> =
    LazyLock::new(|| Revision::new("_gG9JHsW---").expect("a valid revision"));
static SHOP: LazyLock<DatabaseName> = LazyLock::new(|| DatabaseName::new("shop").expect("a valid name"));
static QUERY: LazyLock<Aql> =
    LazyLock::new(|| Aql::new("FOR b IN @@books RETURN b").collection("books", &*BOOKS));
static BOOK: LazyLock<Value> = LazyLock::new(|| serde_json::json!({ "title": "Dune" }));

fn documents(visitor: &mut impl OperationVisitor) {
    visitor.visit(InsertDocument::new(&BOOKS, &*BOOK));
    visitor.visit(ReadDocument::<Value>::new(&BOOKS, &DUNE));
    visitor.visit(ReadDocument::<Value>::new(&BOOKS, &DUNE).unless_revision(&REVISION));
    visitor.visit(ReadDocument::<Value>::new(&BOOKS, &DUNE).must_exist());
    visitor.visit(DocumentExists::new(&BOOKS, &DUNE));
    visitor.visit(UpdateDocument::new(&BOOKS, &DUNE, &*BOOK));
    visitor.visit(ReplaceDocument::new(&BOOKS, &DUNE, &*BOOK));
    visitor.visit(RemoveDocument::new(&BOOKS, &DUNE));
    several_documents(visitor);
}

fn several_documents(visitor: &mut impl OperationVisitor) {
    let added = "a valid document";
    let mut insert = InsertDocuments::new(&BOOKS);
    insert.push(&*BOOK).expect(added);
    visitor.visit(insert);
    visitor.visit(ReadDocuments::<Value>::new(&BOOKS, [DUNE.clone()]));
    visitor.visit(ReadEachDocument::new(&BOOKS, [DUNE.clone()]));
    let mut update = UpdateDocuments::new(&BOOKS);
    update.push(&DUNE, &*BOOK).expect(added);
    visitor.visit(update);
    let mut replace = ReplaceDocuments::new(&BOOKS);
    replace.push(&DUNE, &*BOOK).expect(added);
    visitor.visit(replace);
    let mut remove = RemoveDocuments::new(&BOOKS);
    remove.push(&DUNE);
    visitor.visit(remove);
}

fn collections(visitor: &mut impl OperationVisitor) {
    let collection = || BOOKS.clone();
    visitor.visit(ListCollections::new());
    visitor.visit(GetCollection { collection: collection() });
    visitor.visit(GetCollectionProperties { collection: collection() });
    visitor.visit(CreateCollection::new(&BOOKS));
    visitor.visit(CreateCollection::new(&BOOKS).ensure());
    visitor.visit(SetCollectionProperties::new(&BOOKS).write_concern(2));
    visitor.visit(CountDocuments { collection: collection() });
    visitor.visit(CountDocumentsByShard { collection: collection() });
    visitor.visit(GetCollectionFigures { collection: collection() });
    visitor.visit(GetCollectionShards { collection: collection() });
    visitor.visit(GetResponsibleShard::new(&BOOKS, &*BOOK));
    visitor.visit(TruncateCollection::new(&BOOKS));
    visitor.visit(DropCollection::by_name(&BOOKS));
}

fn indexes(visitor: &mut impl OperationVisitor) {
    let id = IndexId::new("books/12345").expect("a valid id");
    visitor.visit(ListIndexes::new(&BOOKS));
    visitor.visit(GetIndex { id: id.clone() });
    visitor.visit(EnsureIndex::new(&BOOKS, Index::persistent(["year"])));
    visitor.visit(DropIndex::new(&id));
}

fn views(visitor: &mut impl OperationVisitor) {
    let name = || "search".to_owned();
    visitor.visit(ListViews);
    visitor.visit(GetView { name: name() });
    visitor.visit(CreateView::new(name(), View::arangosearch()));
    visitor.visit(CreateView::new(name(), View::arangosearch()).ensure());
    visitor.visit(UpdateView::new(name(), View::arangosearch().link("books", Link::new())));
    visitor.visit(DropView { name: name() });
}

fn analyzers(visitor: &mut impl OperationVisitor) {
    visitor.visit(ListAnalyzers);
    visitor.visit(GetAnalyzer { name: "words".to_owned() });
    visitor.visit(EnsureAnalyzer::new("words", Analyzer::text("en")));
    visitor.visit(RemoveAnalyzer::new("words"));
}

fn graphs(visitor: &mut impl OperationVisitor) {
    let wrote = || EdgeDefinition::new("wrote", ["authors"], ["books"]);
    visitor.visit(ListGraphs);
    visitor.visit(GetGraph { name: "library".to_owned() });
    visitor.visit(CreateGraph::new("library").edges(wrote()));
    visitor.visit(CreateGraph::new("library").edges(wrote()).ensure());
    visitor.visit(AddEdgeDefinition::new("library", wrote()));
    visitor.visit(ReplaceEdgeDefinition::new("library", wrote()));
    visitor.visit(RemoveEdgeDefinition::new("library", "wrote"));
    visitor.visit(AddOrphanCollection::new("library", "shelves"));
    visitor.visit(RemoveOrphanCollection::new("library", "shelves"));
    visitor.visit(DropGraph::new("library"));
    visitor.visit(RemoveVertex::new("library", &BOOKS, &DUNE));
}

fn databases(visitor: &mut impl OperationVisitor) {
    visitor.visit(ListDatabases);
    visitor.visit(ListAccessibleDatabases);
    visitor.visit(GetCurrentDatabase);
    visitor.visit(CreateDatabase::new(&SHOP));
    visitor.visit(DropDatabase { name: SHOP.clone() });
}

fn queries(visitor: &mut impl OperationVisitor) {
    let cursor = CursorId::new("3517");
    visitor.visit(CreateCursor::<Value>::new(&QUERY));
    visitor.visit(NextBatch::<Value>::numbered(&cursor, &BatchId::new("2")));
    visitor.visit(CloseCursor::new(&cursor));
    visitor.visit(ExplainQuery::new(&QUERY));
    visitor.visit(ParseQuery::new(&QUERY));
    visitor.visit(ListRunningQueries::default());
    visitor.visit(ListSlowQueries::default());
    visitor.visit(KillQuery::new(&QueryId::new("32665")));
    visitor.visit(ClearSlowQueries);
}

fn transactions(visitor: &mut impl OperationVisitor) {
    let id = || TransactionId::new("7337");
    visitor.visit(BeginTransaction::new().write(&BOOKS));
    visitor.visit(GetTransaction { id: id() });
    visitor.visit(CommitTransaction { id: id() });
    visitor.visit(AbortTransaction { id: id() });
    visitor.visit(ListTransactions);
    visitor.visit(AbortWriteTransactions);
}

fn users(visitor: &mut impl OperationVisitor) {
    let ada = || "ada".to_owned();
    visitor.visit(ListUsers);
    visitor.visit(GetUser { name: ada() });
    visitor.visit(CreateUser::new(ada(), &Password::new("")));
    visitor.visit(UpdateUser::new(ada()).activate());
    visitor.visit(RemoveUser { name: ada() });
    visitor.visit(ListAccess { user: ada() });
    visitor.visit(GetAccess::new(ada(), &SHOP));
    visitor.visit(GrantAccess::new(ada(), &SHOP, Access::ReadOnly));
    visitor.visit(RevokeAccess::new(ada(), &SHOP));
}
