//! The wake-up of a connection's task by a body that is read.
//!
//! When a part of a body is taken, hyper wakes the task of the connection, so that it reads the next part. After the
//! last part there is nothing to read, and the task would run for nothing. This wake-up is left out if
//!
//! - the body has woken the task: the wake-up came from the thread that polls the body, during that poll, in which nothing
//!   else runs there;
//! - the poll returned the last part. hyper (1.12) sends that after it has read the whole body, and drops its end of the
//!   channel in the same poll of the task, so that nothing is left that the wake-up could be for. What it has not written to
//!   the stream yet waits for the stream;
//! - the connection accepts the next request. That is a precaution: usually hyper asks for one only after it has read the
//!   response and taken the whole request from its body.
//!
//! Otherwise the task is woken after the poll.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http_body::{Body, Frame};
use hyper::body::Incoming;
use pin_project_lite::pin_project;

thread_local! {
    /// The connection whose body this thread polls.
    static POLLED: Cell<Polled> = const { Cell::new(Polled { connection: 0, is_woken: false }) };
}

#[derive(Clone, Copy)]
struct Polled {
    /// The address of its [`TaskWaker`]; 0 for none.
    connection: usize,
    /// Whether its task was woken meanwhile.
    is_woken: bool,
}

/// Wakes the task of one connection, unless its body is polled on this thread.
#[derive(Default)]
pub(super) struct TaskWaker {
    /// Set by the first poll of the task.
    task: OnceLock<Waker>,
}

impl TaskWaker {
    /// Polls the body of the connection's response. `is_idle`: whether the connection accepts the next request.
    pub(super) fn poll_body(
        &self,
        body: &mut Incoming,
        is_idle: impl FnOnce() -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let wake_up = HeldWakeUp::new(self);
        let frame = Pin::new(&mut *body).poll_frame(cx);
        if matches!(frame, Poll::Ready(Some(Ok(_)))) && body.is_end_stream() && is_idle() {
            wake_up.cancel();
        }
        frame
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn wake_task(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let polled = POLLED.get();
        if polled.connection == self.address() {
            POLLED.set(Polled { is_woken: true, ..polled });
        } else {
            self.wake_task();
        }
    }
}

/// Holds back what wakes a task from this thread. Dropping it wakes the task, if it was woken meanwhile.
struct HeldWakeUp<'a> {
    waker: &'a TaskWaker,
    outer: Polled,
}

impl<'a> HeldWakeUp<'a> {
    fn new(waker: &'a TaskWaker) -> Self {
        let outer = POLLED.replace(Polled { connection: waker.address(), is_woken: false });
        Self { waker, outer }
    }

    fn cancel(self) {
        POLLED.set(Polled { connection: self.waker.address(), is_woken: false });
    }
}

impl Drop for HeldWakeUp<'_> {
    fn drop(&mut self) {
        if POLLED.replace(self.outer).is_woken {
            self.waker.wake_task();
        }
    }
}

pin_project! {
    /// Drives an HTTP/1.1 connection in its task, with a [`TaskWaker`].
    pub(super) struct Http1Driver<F> {
        #[pin]
        connection: F,
        task: Arc<TaskWaker>,
        waker: Waker,
    }
}

impl<F> Http1Driver<F> {
    pub(super) fn new(connection: F, task: &Arc<TaskWaker>) -> Self {
        Self { connection, task: Arc::clone(task), waker: Arc::clone(task).into() }
    }
}

impl<F: Future> Future for Http1Driver<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let task = this.task.task.get_or_init(|| cx.waker().clone());
        // The task of a driver is always the same. If it were not, the body would wake it as any other.
        let waker = if task.will_wake(cx.waker()) { &*this.waker } else { cx.waker() };
        this.connection.poll(&mut Context::from_waker(waker))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::{Request, Response};
    use http_body_util::Full;
    use hyper::client::conn::http1::{SendRequest, handshake};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    /// A connection whose stream buffers 64 bytes, and the number of polls of its task.
    struct Connection {
        sender: SendRequest<Full<Bytes>>,
        waker: Arc<TaskWaker>,
        peer: DuplexStream,
        task: JoinHandle<hyper::Result<()>>,
        polls: Arc<AtomicUsize>,
    }

    impl Connection {
        async fn open() -> Self {
            let (ours, peer) = duplex(64);
            let (sender, connection) = handshake(TokioIo::new(ours)).await.unwrap();
            let (waker, polls) = (Arc::default(), Arc::<AtomicUsize>::default());
            let (mut driver, counted) = (Http1Driver::new(connection, &waker), Arc::clone(&polls));
            let task = tokio::spawn(poll_fn(move |cx| {
                counted.fetch_add(1, Ordering::Relaxed);
                Pin::new(&mut driver).poll(cx)
            }));
            Self { sender, waker, peer, task, polls }
        }

        /// Sends a request with a body of so many bytes. The response is written before the request is read.
        async fn exchange(&mut self, request: usize, response: &str) -> Incoming {
            let request = Request::new(Full::from(vec![b'-'; request]));
            let sent = tokio::spawn(self.sender.send_request(request));
            settle().await;
            self.peer.write_all(response.as_bytes()).await.unwrap();
            sent.await.unwrap().map(Response::into_body).unwrap()
        }

        /// Takes a part of the body, which may be the end. Returns how often that makes the task run.
        async fn take(&mut self, body: &mut Incoming, expected: Option<&str>) -> usize {
            settle().await;
            let before = self.polls.load(Ordering::Relaxed);
            let (waker, sender) = (&self.waker, &self.sender);
            let part = poll_fn(|cx| waker.poll_body(body, || sender.is_ready(), cx)).await;
            assert_eq!(
                part.map(|part| part.unwrap().into_data().unwrap()).as_deref(),
                expected.map(str::as_bytes)
            );
            settle().await;
            self.polls.load(Ordering::Relaxed) - before
        }
    }

    /// Lets every other task run until it waits.
    async fn settle() {
        for _ in 0..50 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn each_part_of_a_body_but_the_last_makes_the_task_run() {
        let mut connection = Connection::open().await;
        for _ in 0..3 {
            let mut body = connection.exchange(0, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await;
            assert_eq!(connection.take(&mut body, Some("hel")).await, 1);
            connection.peer.write_all(b"lo").await.unwrap();
            assert_eq!(connection.take(&mut body, Some("lo")).await, 0);
            assert_eq!(connection.take(&mut body, None).await, 0);
            assert!(connection.sender.is_ready(), "the next request can be sent at once");
            assert!(connection.peer.read(&mut [0; 64]).await.unwrap() > 0);
        }
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_makes_the_task_run_with_its_last_part() {
        let mut connection = Connection::open().await;
        let response = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        let mut body = connection.exchange(0, response).await;
        assert_eq!(connection.take(&mut body, Some("hi")).await, 1);
        assert_eq!(connection.take(&mut body, None).await, 0);
        assert!(connection.sender.is_ready());
    }

    const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

    #[tokio::test]
    async fn a_connection_that_still_writes_its_request_is_woken() {
        let mut connection = Connection::open().await;
        let mut body = connection.exchange(1_000, HELLO).await;
        assert_eq!(connection.take(&mut body, Some("hello")).await, 1);
        assert!(!connection.sender.is_ready());
    }

    #[tokio::test]
    async fn a_connection_that_writes_the_rest_of_its_request_with_the_response_accepts_the_next() {
        let mut connection = Connection::open().await;
        let (waker, polls) = (Arc::clone(&connection.waker), Arc::clone(&connection.polls));
        let request = Request::new(Full::from(vec![b'-'; 60]));
        let sent = tokio::spawn(connection.sender.send_request(request));
        settle().await;
        // The stream is full. Both happens before the task of the connection runs.
        let before = polls.load(Ordering::Relaxed);
        assert_eq!(connection.peer.read(&mut [0; 64]).await.unwrap(), 64);
        connection.peer.write_all(HELLO.as_bytes()).await.unwrap();
        let mut body = sent.await.unwrap().unwrap().into_body();
        assert_eq!(polls.load(Ordering::Relaxed) - before, 1);
        let is_idle = || connection.sender.is_ready();
        let part = poll_fn(|cx| waker.poll_body(&mut body, is_idle, cx)).await;
        assert_eq!(part.unwrap().unwrap().into_data().unwrap(), "hello");
        settle().await;
        assert!(connection.sender.is_ready());
    }

    #[tokio::test]
    async fn a_connection_ends_when_the_server_closes_it_after_the_response_or_announces_that() {
        let closing = HELLO.replace("OK\r\n", "OK\r\nconnection: close\r\n");
        for response in [HELLO, &closing] {
            let mut connection = Connection::open().await;
            let mut body = connection.exchange(0, response).await;
            connection.take(&mut body, Some("hello")).await;
            assert_eq!(connection.task.is_finished(), response == closing);
            drop(connection.peer);
            settle().await;
            assert!(connection.task.is_finished());
        }
    }

    /// Counts how often a task was woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn task() -> (Arc<TaskWaker>, Arc<Task>) {
        let (waker, task) = (TaskWaker::default(), Arc::<Task>::default());
        waker.task.set(Arc::clone(&task).into()).unwrap();
        (Arc::new(waker), task)
    }

    #[test]
    fn only_a_wake_up_by_the_body_itself_is_left_out() {
        let ((waker, task), (other_waker, other_task)) = (task(), task());
        let woken = || (task.0.load(Ordering::Relaxed), other_task.0.load(Ordering::Relaxed));
        let wake = |waker: &Arc<TaskWaker>| Waker::from(Arc::clone(waker)).wake();
        let wake_up = HeldWakeUp::new(&waker);
        wake(&waker);
        assert_eq!(woken(), (0, 0));
        wake(&other_waker);
        assert_eq!(woken(), (0, 1), "the task of another connection");
        std::thread::scope(|scope| scope.spawn(|| wake(&waker)).join().unwrap());
        assert_eq!(woken(), (1, 1), "another thread");
        wake_up.cancel();
        assert_eq!(woken(), (1, 1));
        wake(&waker);
        assert_eq!(woken(), (2, 1), "after the poll");
    }

    #[test]
    fn a_wake_up_that_is_not_left_out_is_made_up_for_even_after_a_panic() {
        let (waker, task) = task();
        for expected in [1, 2] {
            let polled = catch_unwind(AssertUnwindSafe(|| {
                let _wake_up = HeldWakeUp::new(&waker);
                Waker::from(Arc::clone(&waker)).wake_by_ref();
                Waker::from(Arc::clone(&waker)).wake();
                assert_eq!(task.0.load(Ordering::Relaxed), expected - 1);
                assert_eq!(expected, 1, "the second poll panics");
            }));
            assert_eq!(polled.is_ok(), expected == 1);
            assert_eq!(task.0.load(Ordering::Relaxed), expected);
        }
        drop(HeldWakeUp::new(&waker));
        assert_eq!(task.0.load(Ordering::Relaxed), 2, "no wake-up is invented");
    }
}
