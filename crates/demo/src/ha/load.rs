//! Queries that are in flight all the time, and how each ended.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use tokio::time::{sleep, timeout};

use crate::ha::gorouter::{Gorouter, Method};
use crate::ha::slow;

/// Between two pairs of a GET and a POST, answered or not: 25 queries a second.
const QUERY_INTERVAL: Duration = Duration::from_millis(80);

/// Both are sent every time.
const METHODS: [Method; 2] = [Method::Get, Method::Post];

/// How long the answers may take to show what they must.
const ANSWERS_TIMEOUT: Duration = Duration::from_secs(180);

/// Between two looks at the answers.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// The label `vm` of the answer says whose Prometheus gave it.
const WHO: &str = r#"max by (vm) (up{job="aiven-metrics"})"#;

/// One query that was answered or failed.
#[derive(Debug)]
pub struct Query {
    /// The method.
    pub method: Method,
    /// When it was sent.
    pub began: Instant,
    /// Time until its answer.
    pub took: Duration,
    /// Whether it is [`slow::QUERY`].
    pub slow: bool,
    /// The VM whose Prometheus answered, if the answer says so, or the cause of the failure.
    pub answer: Result<Option<String>, String>,
}

#[derive(Debug, Default)]
struct Book {
    done: Vec<Query>,
    quick_gets_in_flight: usize,
    quick_posts_in_flight: usize,
    slow_posts_in_flight: usize,
    stop: bool,
}

impl Book {
    fn both_in_flight(&self) -> bool {
        self.quick_gets_in_flight > 0 && self.quick_posts_in_flight > 0
    }

    fn in_flight(&mut self, method: Method, slow: bool) -> Option<&mut usize> {
        match (method, slow) {
            (Method::Get, false) => Some(&mut self.quick_gets_in_flight),
            (Method::Post, false) => Some(&mut self.quick_posts_in_flight),
            (Method::Post, true) => Some(&mut self.slow_posts_in_flight),
            (Method::Get, true) => None,
        }
    }
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
        let book: Rc<RefCell<Book>> = Rc::default();
        let clients = spawn_local(ask_on(Arc::clone(gorouter), Rc::clone(&book)));
        Load {
            book,
            gorouter: Arc::clone(gorouter),
            clients: vec![clients],
        }
    }

    /// Sends a slow query with each method.
    pub fn ask_slowly(&mut self) {
        for method in METHODS {
            let (gorouter, book) = (Arc::clone(&self.gorouter), Rc::clone(&self.book));
            let client = spawn_local(ask(gorouter, book, method, slow::QUERY));
            self.clients.push(client);
        }
    }

    /// How many POSTs have no answer yet.
    pub fn posts_in_flight(&self) -> usize {
        let book = self.book.borrow();
        book.quick_posts_in_flight + book.slow_posts_in_flight
    }

    /// Waits until quick queries of both methods have no answer yet.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_in_flight(&self) -> anyhow::Result<()> {
        let wait = async {
            while !self.book.borrow().both_in_flight() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(ANSWERS_TIMEOUT, wait)
            .await
            .context("no queries in flight")
    }

    /// Waits until there are `number` answers to queries sent after `since`.
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
    /// sent after `since`. Returns the time from `since` to the first answer from there.
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
                sleep(LOOK_INTERVAL).await;
            }
        };
        if timeout(ANSWERS_TIMEOUT, wait).await.is_ok() {
            return Ok(());
        }
        let book = self.book.borrow();
        let last = book.done.iter().rev().take(10);
        let last: Vec<_> = last.map(|query| format!("  {query:?}")).collect();
        bail!(
            "not {what} within {ANSWERS_TIMEOUT:?}; the last:\n{}",
            last.join("\n")
        )
    }

    /// Sends no more queries and waits for the answers.
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

/// Sends queries until told to stop, then waits for the last answers.
async fn ask_on(gorouter: Arc<Gorouter>, book: Rc<RefCell<Book>>) {
    let mut asked = JoinSet::new();
    while !book.borrow().stop {
        for method in METHODS {
            asked.spawn_local(ask(Arc::clone(&gorouter), Rc::clone(&book), method, WHO));
        }
        sleep(QUERY_INTERVAL).await;
    }
    asked.join_all().await;
}

async fn ask(gorouter: Arc<Gorouter>, book: Rc<RefCell<Book>>, method: Method, query: &str) {
    let slow = query == slow::QUERY;
    if let Some(count) = book.borrow_mut().in_flight(method, slow) {
        *count += 1;
    }
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
    if let Some(count) = book.in_flight(method, slow) {
        *count -= 1;
    }
    book.done.push(Query {
        method,
        slow,
        began,
        took: began.elapsed(),
        answer,
    });
}
