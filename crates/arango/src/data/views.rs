//! The views of a database.

use std::future::IntoFuture;

use arango_data::{
    CreateView, DropStatus, DropView, EnsureView, Ensured, GetView, ListViews, UpdateView, View, ViewInfo,
};
use arango_transport::{BoxFuture, Error};

use crate::handles::database::Database;

/// The views of the database. All methods fail as [`execute`](Database::execute) does.
impl Database {
    /// Lists the views, without their properties.
    #[inline]
    pub async fn views(&self) -> Result<Vec<ViewInfo>, Error> {
        self.execute(ListViews).await
    }

    /// Returns a view with its properties; `None` if there is none of this name.
    #[inline]
    pub async fn view(&self, name: &str) -> Result<Option<ViewInfo>, Error> {
        self.execute(GetView { name: name.to_owned() }).await
    }

    /// Creates a view.
    ///
    /// ```no_run
    /// use arango::data::{Link, View};
    ///
    /// # async fn example(library: &arango::Database) -> arango::Result<()> {
    /// let titles = Link::new().field("title", Link::new().analyzers(["text_en"]));
    /// let ensured = library.create_view("titles", View::arangosearch().link("books", titles)).ensure().await?;
    /// println!("{ensured}"); // such as `view titles created`
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "create_arangosearch_view")]
    #[doc(alias = "createView")]
    pub fn create_view(&self, name: &str, view: View) -> NewView {
        NewView { database: self.clone(), operation: CreateView::new(name, view) }
    }

    /// Changes the properties of a view that are set, and keeps the others.
    #[inline]
    pub async fn update_view(&self, name: &str, view: View) -> Result<ViewInfo, Error> {
        self.execute(UpdateView::new(name, view)).await
    }

    /// Removes a view, and no documents. Sent once. One that is not there is no error.
    #[doc(alias = "delete_view")]
    #[inline]
    pub async fn drop_view(&self, name: &str) -> Result<DropStatus, Error> {
        self.execute_resolving(DropView { name: name.to_owned() }).await
    }
}

/// The creation of a view, sent when it is awaited.
///
/// # Errors
///
/// [`Conflict`](crate::ErrorKind::Conflict) if there is a view or collection of the name: [`ensure`](Self::ensure)
/// compares the view; [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound) if a linked collection does not exist;
/// [`Request`](crate::ErrorKind::Request) if its type does not have one of its options.
#[derive(Debug)]
#[must_use = "the view is created when it is awaited"]
pub struct NewView {
    database: Database,
    operation: CreateView,
}

impl NewView {
    /// Creates the view, or compares it if there is one of the name. It is never changed.
    ///
    /// # Errors
    ///
    /// As [`execute`](Database::execute). An existing view is no error, even if it differs.
    #[inline]
    pub async fn ensure(self) -> Result<Ensured<ViewInfo>, Error> {
        let operation: EnsureView = self.operation.ensure();
        self.database.execute_resolving(operation).await
    }
}

impl IntoFuture for NewView {
    type Output = Result<ViewInfo, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.database.execute_resolving(self.operation).await })
    }
}
