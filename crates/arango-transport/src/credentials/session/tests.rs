//! Tests of logins whose task is dropped or panics.

use std::future::pending;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep, timeout};

use super::*;

/// The maximum real time that a test waits for an immediate event.
const WATCHDOG: Duration = Duration::from_secs(20);

fn session() -> Arc<Session> {
    Arc::new(Session::new(Source::Login { user: "ada".to_owned(), password: "".into() }))
}

fn current_thread_runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn ready_token(token: &'static str) -> LoginFuture {
    Box::pin(async move { Ok(Some(token.into())) })
}

fn kind_and_cause(result: LoginResult) -> (ErrorKind, String) {
    let failed = result.expect_err("there is no token");
    (failed.kind, failed.error.to_string())
}

/// Starts a login that never ends, on a separate runtime.
fn start_hanging_login(session: &Arc<Session>, logins: &Arc<AtomicUsize>) -> Runtime {
    let (session, logins) = (Arc::clone(session), Arc::clone(logins));
    let begin = move || {
        let runtime = current_thread_runtime();
        runtime.block_on(async {
            let hanging = || -> LoginFuture {
                logins.fetch_add(1, SeqCst);
                Box::pin(pending())
            };
            timeout(Duration::ZERO, session.token(None, 0.0, hanging)).await.err().expect("it hangs");
        });
        runtime
    };
    thread::spawn(begin).join().unwrap()
}

fn drop_on_another_thread(runtime: Runtime) {
    thread::spawn(move || drop(runtime)).join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_login_whose_runtime_is_dropped_is_started_once_more_by_waiters_on_other_runtimes() {
    let (session, logins) = (session(), Arc::<AtomicUsize>::default());
    let other_runtime = start_hanging_login(&session, &logins);
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let (session, logins) = (Arc::clone(&session), Arc::clone(&logins));
        calls.spawn(async move {
            let login = || {
                logins.fetch_add(1, SeqCst);
                ready_token("t")
            };
            session.token(None, 0.0, login).await.is_ok()
        });
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(logins.load(SeqCst), 1, "all wait for the first");
    drop_on_another_thread(other_runtime);
    assert!(calls.join_all().await.into_iter().all(|got| got));
    assert_eq!(logins.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn an_early_renewal_whose_runtime_is_dropped_is_started_again_by_the_next_call() {
    let (session, logins) = (session(), Arc::<AtomicUsize>::default());
    // Renewal is due immediately, by the clock of either runtime.
    let first = Token::received(Some("a"), Instant::now(), 0.0, Some(Duration::ZERO)).unwrap();
    let generation = first.generation;
    session.state().token = Some(Arc::new(first));
    let begun = {
        let (session, logins) = (Arc::clone(&session), Arc::clone(&logins));
        thread::spawn(move || {
            let runtime = current_thread_runtime();
            runtime.block_on(async {
                let hanging = || -> LoginFuture {
                    logins.fetch_add(1, SeqCst);
                    Box::pin(pending())
                };
                session.token(None, 0.0, hanging).await.ok().expect("the old token is still valid");
            });
            drop(runtime);
        })
    };
    begun.join().unwrap();
    let login = || {
        logins.fetch_add(1, SeqCst);
        ready_token("c")
    };
    session.token(None, 0.0, login).await.ok().expect("the old token is still valid");
    assert_eq!(logins.load(SeqCst), 2);
    sleep(Duration::from_millis(1)).await;
    assert!(session.state().token.clone().is_some_and(|token| token.generation > generation));
}

#[test]
fn a_call_on_a_runtime_that_is_shutting_down_starts_one_login_and_fails() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (session, logins) = (session(), Arc::<AtomicUsize>::default());
    let (sender, ended) = mpsc::channel();
    let counted = Arc::clone(&logins);
    let (started, is_running) = mpsc::channel();
    runtime.spawn(async move {
        started.send(()).unwrap();
        // Wait until the runtime accepts no more tasks.
        while !tokio::spawn(pending::<()>()).is_finished() {
            thread::yield_now();
        }
        let login = || {
            counted.fetch_add(1, SeqCst);
            ready_token("t")
        };
        sender.send(session.token(None, 0.0, login).await).unwrap();
    });
    // A task that has not started yet would be dropped.
    is_running.recv_timeout(WATCHDOG).expect("the task starts");
    runtime.shutdown_background();
    let result = ended.recv_timeout(WATCHDOG).expect("the call ends");
    let (kind, cause) = kind_and_cause(result);
    assert_eq!((kind, cause.as_str()), (ErrorKind::Login, "the runtime of the login was shut down"));
    assert_eq!(logins.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_panics_is_one_failure_and_not_tried_again_for_a_second() {
    let (session, logins) = (session(), AtomicUsize::new(0));
    let panicking = || -> LoginFuture {
        logins.fetch_add(1, SeqCst);
        Box::pin(async { panic!("s3cret") })
    };
    for times in 1..=3 {
        for _ in 0..20 {
            let (kind, cause) = kind_and_cause(session.token(None, 0.0, panicking).await);
            assert_eq!((kind, cause.as_str()), (ErrorKind::Login, "the login task panicked"));
            advance(Duration::from_millis(10)).await;
        }
        assert_eq!(logins.load(SeqCst), times);
        advance(Duration::from_secs(1)).await;
    }
    session
        .token(None, 0.0, || ready_token("t"))
        .await
        .ok()
        .expect("a source that has recovered is called again");
}

#[tokio::test(start_paused = true)]
async fn an_early_renewal_that_fails_is_not_tried_again_for_a_second() {
    let (session, logins) = (session(), AtomicUsize::new(0));
    session.token(None, 0.0, || ready_token("e30.eyJpYXQiOjAsImV4cCI6MTAwfQ.c2ln")).await.ok().unwrap();
    advance(Duration::from_secs(75)).await;
    for times in 1..=3 {
        for _ in 0..20 {
            let failing = || -> LoginFuture {
                logins.fetch_add(1, SeqCst);
                Box::pin(async { Err(LoginError::Source("sealed".into())) })
            };
            session.token(None, 0.0, failing).await.ok().expect("the old token is still valid");
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(logins.load(SeqCst), times);
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_header_cannot_hold_fails_the_login_and_is_not_displayed() {
    let result = session().token(None, 0.0, || ready_token("s3cret\nline")).await;
    let (kind, cause) = kind_and_cause(result);
    assert_eq!(kind, ErrorKind::Login);
    assert!(cause.contains("that an HTTP header cannot hold") && !cause.contains("s3cret"), "{cause}");
}

#[test]
fn a_login_outside_a_runtime_fails_with_no_runtime() {
    let session = session();
    let mut token = std::pin::pin!(session.token(None, 0.0, || ready_token("t")));
    let waker = std::task::Waker::noop();
    let polled = token.as_mut().poll(&mut std::task::Context::from_waker(waker));
    let std::task::Poll::Ready(result) = polled else { panic!("it waits") };
    assert_eq!(kind_and_cause(result).0, ErrorKind::NoRuntime);
}
