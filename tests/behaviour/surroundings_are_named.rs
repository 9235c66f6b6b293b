//! What is wrong on the daemon's own machine, or with one of several name servers, is named
//! where people look, once when it begins and once when it ends; and nobody is sent to Aiven
//! for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use aiven_sim::{ApiFault, Fault, NodeFault, Operation, ServiceSpec, Simulator};
use futures_util::future::join_all;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use testkit::{Config, Daemon, PROJECT, Program, aiven, integrate_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::aiven_behind_an_http_proxy::{behind_tls, for_localhost};
use crate::binary::{self, ask, command, logs_published, logs_published_with_proxy, start};
use crate::scraper::Scraper;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// This part of the surroundings in `/status`, once `holds` is true of it.
async fn surroundings(daemon: &Daemon, part: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let look = async || {
        let found = daemon.status().await["surroundings"][part].take();
        holds(&found).then_some(found)
    };
    let what = format!("{part} of the surroundings is as expected");
    daemon.until(&what, look).await
}

async fn named(daemon: &Daemon, part: &str) -> Value {
    surroundings(daemon, part, |found| !found.is_null()).await
}

async fn over(daemon: &Daemon, part: &str) {
    surroundings(daemon, part, Value::is_null).await;
}

/// Who looks at the page and who asks for the status reads these words.
async fn is_told_to_people(daemon: &Daemon, words: &[&str]) {
    let told = ask(daemon, "status", &[]).await;
    let told = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = daemon.get("/").await.body.replace("&#39;", "'");
    for word in words {
        assert!(told.contains(word), "{word} is not in the status:\n{told}");
        assert!(page.contains(word), "{word} is not on the page:\n{page}");
    }
}

/// The first event of this kind, once there is one.
async fn event(daemon: &Daemon, kind: &str) -> Value {
    let path = format!("/events?kind={kind}");
    let look = async || {
        let events: Value = serde_json::from_str(&daemon.get(&path).await.body).unwrap();
        events["events"].as_array()?.first().cloned()
    };
    daemon.until(&format!("an event {kind}"), look).await
}

#[tokio::test]
async fn a_clock_that_differs_from_aivens_is_named_until_it_agrees() {
    let (sim, _config, daemon) = logs_published().await;
    over(&daemon, "clock").await;
    let offset = "aiven_metrics_clock_offset_seconds";
    assert!(daemon.metric(offset).await.abs() < 30.0);

    // Aiven's clock is ahead, so ours is behind.
    let id = sim.inject(Fault::any(), ApiFault::ClockOff(3 * HOUR));
    let clock = named(&daemon, "clock").await;
    let ahead = clock["ahead_seconds"].as_i64().unwrap();
    assert!((ahead + 3 * HOUR).abs() < 60, "{clock}");
    let measured = daemon.metric(offset).await;
    assert!((measured + 3.0 * 3600.0).abs() < 60.0, "{measured}");
    let behind = "his machine's clock is 3h behind that of Aiven's API";
    let remedy =
        "compare date -u with another VM: if this one is wrong, mend its time (chronyc sources)";
    is_told_to_people(&daemon, &[behind, remedy]).await;
    let line = daemon.log.line(behind).await;
    assert_eq!(line["level"], "WARN");
    assert!(line["remedy"].as_str().unwrap().contains(remedy), "{line}");
    let began = event(&daemon, "surroundings_failing").await;
    assert_eq!(began["subject"], "clock");

    sim.clear_fault(id);
    over(&daemon, "clock").await;
    let line = daemon.log.line("it is over: this machine's clock").await;
    assert_eq!(line["level"], "INFO");
    event(&daemon, "surroundings_recovered").await;
    assert_eq!(daemon.log.count(behind), 2, "once at each end");
}

#[tokio::test]
async fn an_error_in_aivens_words_shows_the_clock_and_a_strangers_does_not() {
    let (sim, _config, daemon) = logs_published().await;
    let dated = |message: &str| ApiFault::WithHeaders {
        code: 403,
        headers: vec![("date".into(), "Thu, 01 Jan 2015 00:00:00 GMT".into())],
        message: message.into(),
    };
    let asked_ten_more_times = async |sim: &Simulator| {
        let before = sim.count(Operation::ListServices);
        sim.wait_until("it is asked again and again", |sim| {
            sim.count(Operation::ListServices) >= before + 10
        })
        .await;
    };
    let id = sim.inject(Fault::any(), dated(""));
    let failing = |one: &Value| !one["stages"]["list"]["failing"].is_null();
    daemon.project_when(PROJECT, failing).await;
    asked_ten_more_times(&sim).await;
    assert!(daemon.status().await["surroundings"]["clock"].is_null());
    sim.clear_fault(id);
    sim.inject(Fault::any(), dated("no"));
    let clock = named(&daemon, "clock").await;
    assert!(clock["ahead_seconds"].as_i64().unwrap() > 365 * DAY);
}

#[tokio::test]
async fn a_certificate_that_is_valid_by_aivens_clock_is_this_machines_trouble() {
    let (sim, _config, daemon) = logs_published_with_proxy().await;
    let node = sim.addresses(PROJECT, "logs")[0];
    sim.node_fault(PROJECT, "logs", 0, NodeFault::Expired);
    let scraper = Scraper::of(&daemon).await;
    let said = async || String::from_utf8(scraper.get("logs", node).await.body.to_vec()).unwrap();
    let cause = said().await;
    assert!(cause.contains("has expired on"), "{cause}");
    assert!(!cause.contains("this machine's clock"), "{cause}");

    // Its certificate ended a month ago. By Aiven's clock that is a month ahead.
    sim.inject(Fault::any(), ApiFault::ClockOff(-60 * DAY));
    named(&daemon, "clock").await;
    let cause = said().await;
    let ours = " by this machine's clock, which is 60d ahead of that of Aiven's API: by that one it is valid";
    assert!(cause.contains("has expired on"), "{cause}");
    assert!(cause.contains(ours), "{cause}");
    let told = ask(&daemon, "explain", &["logs"]).await;
    let told = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("DO set this machine's clock"), "{told}");
    assert!(
        !told.contains("maintenance") && !told.contains("support"),
        "{told}"
    );
}

#[tokio::test]
async fn where_even_aivens_certificate_is_out_of_date_the_clock_is_the_first_suspect() {
    let mut expired = for_localhost();
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let (_sim, _front, config) = behind_tls(&expired).await;
    let daemon = start(&config).await;
    let failing = |one: &Value| !one["stages"]["list"]["failing"].is_null();
    let project = daemon.project_when(PROJECT, failing).await;
    let remedy = project["stages"]["list"]["failing"]["remedy"]
        .as_str()
        .unwrap();
    assert!(
        remedy.contains("check this machine's clock first"),
        "{remedy}"
    );
    let asked = ["--prometheus", "http://127.0.0.1:1"];
    let told = command(&config, "doctor", &asked).await.stdout;
    let of_list = |line: &&str| line.contains("shop: project:services:read");
    let line = told.lines().find(of_list).unwrap();
    assert!(line.contains("check this machine's clock first"), "{told}");
}

/// What a name server does with a question.
#[derive(Clone, Copy)]
enum Does {
    Answers,
    Nothing,
    Fails,
}

/// A name server before that of the simulator.
struct NameServer {
    address: SocketAddr,
    does: Arc<AtomicU8>,
}

impl NameServer {
    async fn before(sim: &Simulator, does: Does) -> NameServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = NameServer {
            address: socket.local_addr().unwrap(),
            does: Arc::new(AtomicU8::new(does as u8)),
        };
        let (behind, does) = (sim.dns_addr(), Arc::clone(&server.does));
        tokio::spawn(async move { serve(socket, behind, &does).await });
        server
    }

    fn does(&self, what: Does) {
        self.does.store(what as u8, Ordering::Relaxed);
    }
}

async fn serve(socket: UdpSocket, behind: SocketAddr, does: &AtomicU8) {
    let socket = Arc::new(socket);
    let mut question = [0; 512];
    while let Ok((length, asker)) = socket.recv_from(&mut question).await {
        let mut question = question[..length].to_vec();
        let socket = Arc::clone(&socket);
        let does = does.load(Ordering::Relaxed);
        tokio::spawn(async move {
            if does == Does::Fails as u8 {
                // An answer (RFC 1035, 4.1.1) that says SERVFAIL.
                question[2] |= 0x80;
                question[3] = (question[3] & 0xf0) | 2;
                socket.send_to(&question, asker).await.unwrap();
            } else if does == Does::Answers as u8 {
                let inner = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                inner.send_to(&question, behind).await.unwrap();
                let mut answer = [0; 4096];
                let length = inner.recv(&mut answer).await.unwrap();
                socket.send_to(&answer[..length], asker).await.unwrap();
            }
        });
    }
}

async fn two_name_servers(first: Does) -> (Simulator, NameServer, NameServer, Daemon) {
    let sim = aiven().await;
    for name in ["logs", "queue", "search"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
    }
    integrate_all(&sim);
    let first = NameServer::before(&sim, first).await;
    let second = NameServer::before(&sim, Does::Answers).await;
    let servers = [&first, &second].map(|one| one.address.to_string());
    let config = Config::quick(&sim).with("dns.nameservers", json!(servers));
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    (sim, first, second, daemon)
}

#[tokio::test]
async fn a_name_server_that_fails_beside_others_is_named_until_it_answers() {
    for (fault, cause) in [
        (Does::Nothing, "no answer within"),
        (Does::Fails, "SERVFAIL"),
    ] {
        let (_sim, first, second, daemon) = two_name_servers(fault).await;
        let dead = first.address.to_string();
        let found = named(&daemon, "name_servers").await;
        assert_eq!(found[0]["server"], *dead, "{found}");
        assert!(
            found[0]["cause"].as_str().unwrap().contains(cause),
            "{found}"
        );
        let title = format!("ame server {dead} fails, others answer");
        let words = "names are still resolved by the others";
        is_told_to_people(&daemon, &[&title, words, "dns.nameservers"]).await;
        assert_eq!(daemon.log.line(&title).await["level"], "WARN");
        let metric =
            |server: &str| format!("aiven_metrics_name_server_failing{{server=\"{server}\"}}");
        assert_eq!(daemon.metric(&metric(&dead)).await, 1.0);
        let other = second.address.to_string();
        assert_eq!(daemon.metric(&metric(&other)).await, 0.0);

        // It is asked again at once when the other one does not answer.
        first.does(Does::Answers);
        second.does(Does::Nothing);
        let is_other = |found: &Value| found[0]["server"] == *other && found[1].is_null();
        surroundings(&daemon, "name_servers", is_other).await;
        let over = format!("it is over: name server {dead}");
        assert_eq!(daemon.log.line(&over).await["level"], "INFO");
    }
}

#[tokio::test]
async fn where_no_name_server_answers_none_of_them_is_named_for_it() {
    let (_sim, first, second, daemon) = two_name_servers(Does::Answers).await;
    first.does(Does::Fails);
    second.does(Does::Fails);
    let failing = |one: &Value| !one["stages"]["resolve"]["failing"].is_null();
    daemon.project_when(PROJECT, failing).await;
    let told = ask(&daemon, "status", &[]).await.stdout;
    assert!(told.contains("(resolve) fails"), "{told}");
    assert!(!told.contains("Name server"), "{told}");
    assert!(daemon.status().await["surroundings"].is_null());
}

/// A daemon of whose log the first line is read, and the rest once there is a line in `go`.
async fn with_a_log_read_later(config: &Config, go: &std::path::Path) -> Daemon {
    let made = Program::new("mkfifo").arg(go).run().await.unwrap();
    assert_eq!(made.code, Some(0), "{}", made.output());
    // Opened for both, so that nothing waits for ever for the other end.
    let reader = format!("head -n 1; read -r -t 150 _ <> {}; exec cat", go.display());
    let run = format!("exec \"$@\" > >({reader})");
    let program = Program::new("bash").args(["-c", &run, "bash", binary::PATH, "run", "--config"]);
    let program = program.arg(config.write().unwrap());
    Daemon::of(program, config).await.unwrap()
}

/// A connection that is worth a line of the log: it speaks no HTTP.
async fn one_line(web: SocketAddr) {
    let mut stream = TcpStream::connect(web).await.unwrap();
    stream.write_all(b"no HTTP\r\n\r\n").await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_is_named_until_it_is_read() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    integrate_all(&sim);
    let config = Config::quick(&sim).with("log.level", "trace");
    let go = config.path("go");
    let daemon = with_a_log_read_later(&config, &go).await;
    daemon
        .until("the room for lines is full", async || {
            join_all((0..100).map(|_| one_line(daemon.address))).await;
            let lost = daemon.metric("aiven_metrics_log_lines_lost_total").await;
            (lost > 0.0).then_some(())
        })
        .await;
    let lost = named(&daemon, "log").await;
    assert!(lost["lines"].as_u64().unwrap() >= 1, "{lost}");
    let cause = "nobody reads the daemon's standard output";
    assert!(lost["cause"].as_str().unwrap().contains(cause), "{lost}");
    let title = "The daemon's log cannot be written";
    is_told_to_people(&daemon, &[title, cause, "free space on the log's disk"]).await;
    assert_eq!(
        event(&daemon, "surroundings_failing").await["subject"],
        "log"
    );

    tokio::fs::write(&go, "now\n").await.unwrap();
    over(&daemon, "log").await;
    daemon.log.line("log lines were lost").await;
    event(&daemon, "surroundings_recovered").await;
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_named_with_the_errors_words() {
    let (sim, config, _earlier) = logs_published().await;
    drop(_earlier);
    let run = "exec \"$@\" > >(head -n 1)";
    let program = Program::new("bash").args(["-c", run, "bash", binary::PATH, "run", "--config"]);
    let config = config.with("log.level", "trace");
    let program = program.arg(config.write().unwrap());
    let daemon = Daemon::of(program, &config).await.unwrap();
    let lost = named(&daemon, "log").await;
    assert!(
        lost["cause"].as_str().unwrap().contains("Broken pipe"),
        "{lost}"
    );
    assert!(!lost["since"].is_null());
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

/// A CA that ends in so many days.
fn ca(name: &str, days: i64) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    let seconds = std::time::Duration::from_secs(ends.as_second().cast_unsigned());
    params.not_after = (std::time::SystemTime::UNIX_EPOCH + seconds).into();
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

#[tokio::test]
async fn certificates_of_ours_are_named_before_they_end() {
    let sim = aiven().await;
    let config = Config::quick(&sim)
        .with(
            "aiven.ca_cert",
            ca("Ended", -2) + &ca("Replaced", 1) + &ca("Replaced", 900),
        )
        .with(
            "scrape_proxy.ca_cert",
            ca("Ends soon", 5) + &ca("Ends later", 20),
        );
    let daemon = start(&config).await;
    let found = named(&daemon, "certificates").await;
    let subjects = found.as_array().unwrap().iter().map(|one| &one["subject"]);
    assert_eq!(
        subjects.collect::<Vec<_>>(),
        ["Ended", "Ends soon", "Ends later"]
    );
    let ended = "Certificate aiven.ca_cert has ended";
    let ends = "Certificate scrape_proxy.ca_cert ends within seven days";
    is_told_to_people(&daemon, &[ended, ends, "'Ended' ended "]).await;
    let page = daemon.get("/").await.body;
    assert!(
        page.contains("certificate scrape_proxy.ca_cert &#39;Ends later&#39;"),
        "{page}"
    );
    let line = daemon.log.line("certificate aiven.ca_cert has ended").await;
    assert_eq!(line["level"], "WARN");
    assert_eq!(daemon.log.count("has ended"), 1);
    assert_eq!(daemon.log.count("ends within seven days"), 1);
}
