//! The daemon's memory: idle with many targets, with many scrapes at once,
//! and while a page streams that is larger than all of it.

use std::path::Path;
use std::time::Duration;

use bench::{Account, mib};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::connection::{Connection, Target};
use super::published::Published;

const TARGETS: usize = 10_000;
const AT_ONCE: usize = 500;
const GIANT: u64 = 30_000_000;

pub async fn run(binary: &Path) {
    println!("\nThe daemon's resident memory:\n");
    println!("| when | now | peak | descriptors |");
    println!("|---|---:|---:|---:|");
    let mut published = Published::start(binary, TARGETS).await;
    say(&published, &format!("{TARGETS} targets published"));
    let (proxy, targets) = (published.proxy, published.targets.clone());
    scrape_all(&published, &targets).await;
    say(&published, "each scraped once, connections resting");
    scrape_all(&published, &targets).await;
    say(&published, "each scraped once more");

    published.nodes.ask("hold").await;
    let under_way = join_all(targets[..AT_ONCE].iter().map(async |target| {
        let mut connection = Connection::to_proxy(proxy).await.unwrap();
        connection.scrape(target, false).await.unwrap()
    }));
    let mut under_way = std::pin::pin!(under_way);
    let held = async {
        while published.nodes.ask("held").await.parse::<usize>().unwrap() < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = &mut under_way => panic!("nothing was held"),
        () = held => {}
    }
    say(
        &published,
        &format!("{AT_ONCE} scrapes in the middle of their pages"),
    );
    published.nodes.ask("release").await;
    under_way.await;

    published.nodes.ask(&format!("giant {GIANT}")).await;
    let mut connection = Connection::to_proxy(proxy).await.unwrap();
    say(&published, "before a page of 30 MB");
    Account::of(published.daemon.id()).forget_peak();
    let bytes = connection.scrape(&targets[0], false).await.unwrap();
    assert!(bytes >= GIANT);
    say(&published, "during and after it");
}

async fn scrape_all(published: &Published, targets: &[Target]) {
    let proxy = published.proxy;
    stream::iter(targets.chunks(targets.len() / 16))
        .for_each_concurrent(None, async |share| {
            let mut connection = Connection::to_proxy(proxy).await.unwrap();
            for target in share {
                connection.scrape(target, true).await.unwrap();
            }
        })
        .await;
}

fn say(published: &Published, when: &str) {
    let account = Account::of(published.daemon.id());
    println!(
        "| {when} | {} | {} | {} |",
        mib(account.resident_kib()),
        mib(account.peak_kib()),
        account.descriptors()
    );
}
