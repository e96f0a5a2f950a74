//! A visitor over all operations.

use std::sync::OnceLock;

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

/// Defines a sample value.
///
/// It is compiled only for a program that visits operations. What initializes a `LazyLock` is compiled for every program.
macro_rules! sample {
    ($name:ident: $type:ty = $value:expr) => {
        #[inline]
        fn $name() -> &'static $type {
            static VALUE: OnceLock<$type> = OnceLock::new();
            VALUE.get_or_init(|| $value)
        }
    };
}

sample!(books: CollectionName = CollectionName::new("books").expect("a valid name"));
sample!(dune: Key = Key::new("dune").expect("a valid key"));
sample!(revision: Revision = Revision::new("_gG9JHsW---").expect("a valid revision"));
sample!(shop: DatabaseName = DatabaseName::new("shop").expect("a valid name"));
sample!(query: Aql = Aql::new("FOR b IN @@books RETURN b").collection("books", books()));
sample!(book: Value = serde_json::json!({ "title": "Dune" }));

fn documents(visitor: &mut impl OperationVisitor) {
    visitor.visit(InsertDocument::new(books(), book()));
    visitor.visit(ReadDocument::<Value>::new(books(), dune()));
    visitor.visit(ReadDocument::<Value>::new(books(), dune()).unless_revision(revision()));
    visitor.visit(ReadDocument::<Value>::new(books(), dune()).must_exist());
    visitor.visit(DocumentExists::new(books(), dune()));
    visitor.visit(UpdateDocument::new(books(), dune(), book()));
    visitor.visit(ReplaceDocument::new(books(), dune(), book()));
    visitor.visit(RemoveDocument::new(books(), dune()));
    several_documents(visitor);
}

fn several_documents(visitor: &mut impl OperationVisitor) {
    let added = "a valid document";
    let mut insert = InsertDocuments::new(books());
    insert.push(book()).expect(added);
    visitor.visit(insert);
    visitor.visit(ReadDocuments::<Value>::new(books(), [dune().clone()]));
    visitor.visit(ReadEachDocument::new(books(), [dune().clone()]));
    let mut update = UpdateDocuments::new(books());
    update.push(dune(), book()).expect(added);
    visitor.visit(update);
    let mut replace = ReplaceDocuments::new(books());
    replace.push(dune(), book()).expect(added);
    visitor.visit(replace);
    let mut remove = RemoveDocuments::new(books());
    remove.push(dune());
    visitor.visit(remove);
}

fn collections(visitor: &mut impl OperationVisitor) {
    let collection = || books().clone();
    visitor.visit(ListCollections::new());
    visitor.visit(GetCollection { collection: collection() });
    visitor.visit(GetCollectionProperties { collection: collection() });
    visitor.visit(CreateCollection::new(books()));
    visitor.visit(CreateCollection::new(books()).ensure());
    visitor.visit(SetCollectionProperties::new(books()).write_concern(2));
    visitor.visit(CountDocuments { collection: collection() });
    visitor.visit(CountDocumentsByShard { collection: collection() });
    visitor.visit(GetCollectionFigures { collection: collection() });
    visitor.visit(GetCollectionShards { collection: collection() });
    visitor.visit(GetResponsibleShard::new(books(), book()));
    visitor.visit(TruncateCollection::new(books()));
    visitor.visit(DropCollection::by_name(books()));
}

fn indexes(visitor: &mut impl OperationVisitor) {
    let id = IndexId::new("books/12345").expect("a valid id");
    visitor.visit(ListIndexes::new(books()));
    visitor.visit(GetIndex { id: id.clone() });
    visitor.visit(EnsureIndex::new(books(), Index::persistent(["year"])));
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
    visitor.visit(RemoveVertex::new("library", books(), dune()));
}

fn databases(visitor: &mut impl OperationVisitor) {
    visitor.visit(ListDatabases);
    visitor.visit(ListAccessibleDatabases);
    visitor.visit(GetCurrentDatabase);
    visitor.visit(CreateDatabase::new(shop()));
    visitor.visit(DropDatabase { name: shop().clone() });
}

fn queries(visitor: &mut impl OperationVisitor) {
    let cursor = CursorId::new("3517");
    visitor.visit(CreateCursor::<Value>::new(query()));
    visitor.visit(NextBatch::<Value>::numbered(&cursor, &BatchId::new("2")));
    visitor.visit(CloseCursor::new(&cursor));
    visitor.visit(ExplainQuery::new(query()));
    visitor.visit(ParseQuery::new(query()));
    visitor.visit(ListRunningQueries::default());
    visitor.visit(ListSlowQueries::default());
    visitor.visit(KillQuery::new(&QueryId::new("32665")));
    visitor.visit(ClearSlowQueries);
}

fn transactions(visitor: &mut impl OperationVisitor) {
    let id = || TransactionId::new("7337");
    visitor.visit(BeginTransaction::new().write(books()));
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
    visitor.visit(GetAccess::new(ada(), shop()));
    visitor.visit(GrantAccess::new(ada(), shop(), Access::ReadOnly));
    visitor.visit(RevokeAccess::new(ada(), shop()));
}
