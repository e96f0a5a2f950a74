//! The baseline for one coordinator: one connection of hyper, used directly. The request is prepared and cloned.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::book::Book;
use crate::by_hand::{decode, fill, import, prepared, read_rows};
use crate::client::{Calls, Task};
use crate::endpoint::BATCH_ROWS;
use crate::sender::Sender;

pub(crate) struct Raw {
    task: Task,
    book: Book,
    imported: Vec<Book>,
    sender: Sender,
    prepared: Request<Full<Bytes>>,
}

impl Raw {
    pub(crate) async fn connect(task: &Task) -> anyhow::Result<Self> {
        let address = task.addresses[0];
        let (sender, prepared) = (Sender::open(task, address).await?, prepared(task, address)?);
        let imported = (0..BATCH_ROWS).map(Book::numbered).collect();
        Ok(Self { task: task.clone(), book: Book::numbered(7), imported, sender, prepared })
    }
}

impl Calls for Raw {
    async fn call(&mut self) -> anyhow::Result<usize> {
        self.sender.ready().await?;
        let mut request = self.prepared.clone();
        fill(&self.task, &self.book, &mut request)?;
        decode(self.task.endpoint, &self.sender.send(request).await?)
    }

    async fn rows(&mut self, rows: u64) -> anyhow::Result<u64> {
        read_rows(self.task.endpoint, rows, async |method, uri, body| {
            self.sender.ready().await?;
            let mut request = self.prepared.clone();
            (*request.method_mut(), *request.uri_mut(), *request.body_mut()) = (method, uri, Full::new(body));
            self.sender.send(request).await
        })
        .await
    }

    async fn import(&mut self, documents: u64) -> anyhow::Result<u64> {
        import(documents, &self.imported, async |body| {
            self.sender.ready().await?;
            let mut request = self.prepared.clone();
            *request.body_mut() = Full::new(body);
            self.sender.send(request).await
        })
        .await
    }
}
