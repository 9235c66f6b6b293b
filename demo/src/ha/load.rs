//! Queries in flight all the time, and what became of each.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use crate::ha::gorouter::{Gorouter, Method};
use crate::ha::slow;

/// Clients for each method.
const CLIENTS: usize = 4;

/// Between a client's answer and its next query.
const PAUSE: Duration = Duration::from_millis(150);

/// How long something that must show in the answers may take.
const DEADLINE: Duration = Duration::from_secs(90);

/// How often the answers are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Who scraped this sample is in its label `vm`.
const WHO: &str = r#"max by (vm) (up{job="aiven-metrics"})"#;

/// One query that is answered, or failed.
#[derive(Debug)]
pub struct Query {
    /// How it was sent.
    pub method: Method,
    /// When.
    pub began: Instant,
    /// Until its answer.
    pub took: Duration,
    /// Whether it was meant to take long.
    pub slow: bool,
    /// Which VM's Prometheus answered, if the answer tells, or what went wrong.
    pub answer: Result<Option<String>, String>,
}

#[derive(Debug, Default)]
struct Book {
    done: Vec<Query>,
    gets_in_flight: usize,
    posts_in_flight: usize,
    stop: bool,
}

/// The clients.
#[derive(Debug)]
pub struct Load {
    book: Rc<RefCell<Book>>,
    gorouter: Arc<Gorouter>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts the clients.
    pub fn start(gorouter: &Arc<Gorouter>) -> Load {
        let mut load = Load {
            book: Rc::default(),
            gorouter: Arc::clone(gorouter),
            clients: Vec::new(),
        };
        for method in [Method::Get, Method::Post] {
            for _ in 0..CLIENTS {
                let (gorouter, book) = (Arc::clone(gorouter), Rc::clone(&load.book));
                load.clients.push(spawn_local(async move {
                    while !book.borrow().stop {
                        ask(&gorouter, &book, method, WHO).await;
                        sleep(PAUSE).await;
                    }
                }));
            }
        }
        load
    }

    /// Sends a slow query with each method.
    pub fn ask_slowly(&mut self) {
        for method in [Method::Get, Method::Post] {
            let (gorouter, book) = (Arc::clone(&self.gorouter), Rc::clone(&self.book));
            self.clients.push(spawn_local(async move {
                ask(&gorouter, &book, method, slow::QUERY).await;
            }));
        }
    }

    /// How many POSTs have no answer yet.
    pub fn posts_in_flight(&self) -> usize {
        self.book.borrow().posts_in_flight
    }

    /// Waits until queries of both methods have no answer yet.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_in_flight(&self) -> anyhow::Result<()> {
        let wait = async {
            loop {
                let book = self.book.borrow();
                if book.gets_in_flight > 0 && book.posts_in_flight > 0 {
                    return;
                }
                drop(book);
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(DEADLINE, wait)
            .await
            .context("no queries in flight")
    }

    /// Waits until there are so many answers to queries sent after `since`.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_answered(&self, since: Instant, number: usize) -> anyhow::Result<()> {
        let enough = |queries: &[Query]| {
            let later = queries.iter().filter(|query| query.began >= since);
            later.filter(|query| query.answer.is_ok()).count() >= number
        };
        self.until(&format!("{number} answers"), enough).await
    }

    /// Waits until the last `number` answers came from `vm`, all to queries
    /// sent after `since`. Returns how long after `since` the first answer
    /// from there was asked for.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_from(
        &self,
        vm: &str,
        since: Instant,
        number: usize,
    ) -> anyhow::Result<Duration> {
        let from = |query: &&Query| {
            query
                .answer
                .as_ref()
                .is_ok_and(|who| who.as_deref() == Some(vm))
        };
        let all_from = |queries: &[Query]| {
            let later: Vec<_> = queries
                .iter()
                .filter(|query| query.began >= since)
                .collect();
            let last = &later[later.len().saturating_sub(number)..];
            last.len() == number && last.iter().all(from)
        };
        self.until(&format!("only answers from {vm}"), all_from)
            .await?;
        let book = self.book.borrow();
        let later = book.done.iter().filter(|query| query.began >= since);
        let first = later
            .filter(from)
            .map(|query| query.began + query.took)
            .min();
        Ok(first.map_or(Duration::ZERO, |first| {
            first.saturating_duration_since(since)
        }))
    }

    async fn until(&self, what: &str, holds: impl Fn(&[Query]) -> bool) -> anyhow::Result<()> {
        let wait = async {
            while !holds(&self.book.borrow().done) {
                sleep(LOOK).await;
            }
        };
        if timeout(DEADLINE, wait).await.is_ok() {
            return Ok(());
        }
        let book = self.book.borrow();
        let last = book.done.iter().rev().take(10);
        let last: Vec<_> = last.map(|query| format!("  {query:?}")).collect();
        bail!(
            "not {what} within {DEADLINE:?}; the last:\n{}",
            last.join("\n")
        )
    }

    /// Lets all queries come to their end.
    ///
    /// # Errors
    /// When a client panicked.
    pub async fn finish(self) -> anyhow::Result<Vec<Query>> {
        self.book.borrow_mut().stop = true;
        for client in self.clients {
            client.await?;
        }
        Ok(std::mem::take(&mut self.book.borrow_mut().done))
    }
}

async fn ask(gorouter: &Gorouter, book: &RefCell<Book>, method: Method, query: &str) {
    let (gets, posts) = match method {
        Method::Get => (1, 0),
        Method::Post => (0, 1),
    };
    book.borrow_mut().gets_in_flight += gets;
    book.borrow_mut().posts_in_flight += posts;
    let began = Instant::now();
    let answer = gorouter
        .ask(method, "api/v1/query", &[("query", query)])
        .await;
    let answer = match answer {
        Ok(data) => Ok(data["result"][0]["metric"]["vm"]
            .as_str()
            .map(str::to_owned)),
        Err(error) => Err(format!("{error:#}")),
    };
    let mut book = book.borrow_mut();
    book.gets_in_flight -= gets;
    book.posts_in_flight -= posts;
    book.done.push(Query {
        method,
        slow: query == slow::QUERY,
        began,
        took: began.elapsed(),
        answer,
    });
}
