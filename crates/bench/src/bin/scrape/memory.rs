//! The daemon's memory: idle with many targets, with many scrapes at once,
//! and while a page streams that is larger than all of it.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::account::mib;
use super::client::{Connection, Target};
use super::world::World;

const TARGETS: usize = 10_000;
const AT_ONCE: usize = 500;
const GIANT: u64 = 50_000_000;

pub async fn run(binary: &Path) {
    println!("\nThe daemon's resident memory:\n");
    println!("| when | now | peak | descriptors |");
    println!("|---|---:|---:|---:|");
    let mut world = World::with(binary, TARGETS).await;
    say(&world, &format!("{TARGETS} targets published"));
    let (proxy, targets) = (world.daemon.proxy, world.targets.clone());
    scrape_all(&world, &targets).await;
    say(&world, "each scraped once, connections resting");
    scrape_all(&world, &targets).await;
    say(&world, "each scraped once more");

    world.nodes.ask("hold");
    let under_way = join_all(targets[..AT_ONCE].iter().map(async |target| {
        let mut connection = Connection::to_proxy(proxy).await.unwrap();
        connection.scrape(target, false).await.unwrap()
    }));
    let mut under_way = std::pin::pin!(under_way);
    let held = async {
        while world.nodes.ask("held").parse::<usize>().unwrap() < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = &mut under_way => panic!("nothing was held"),
        () = held => {}
    }
    say(
        &world,
        &format!("{AT_ONCE} scrapes in the middle of their pages"),
    );
    world.nodes.ask("release");
    under_way.await;

    world.nodes.ask(&format!("giant {GIANT}"));
    let mut connection = Connection::to_proxy(proxy).await.unwrap();
    say(&world, "before a page of 50 MB");
    world.daemon.account().forget_peak();
    let bytes = connection.scrape(&targets[0], false).await.unwrap();
    assert!(bytes >= GIANT);
    say(&world, "during and after it");
}

async fn scrape_all(world: &World, targets: &[Target]) {
    let proxy = world.daemon.proxy;
    stream::iter(targets.chunks(targets.len() / 16))
        .for_each_concurrent(None, async |share| {
            let mut connection = Connection::to_proxy(proxy).await.unwrap();
            for target in share {
                connection.scrape(target, true).await.unwrap();
            }
        })
        .await;
}

fn say(world: &World, when: &str) {
    let account = world.daemon.account();
    println!(
        "| {when} | {} | {} | {} |",
        mib(account.resident_kib()),
        mib(account.peak_kib()),
        account.descriptors()
    );
}
