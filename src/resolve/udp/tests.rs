//! Whose packets are believed, and from where questions are sent.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::model::address::Family;

const ANSWER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

fn question() -> Question {
    Question::new("node.example", Family::V4).unwrap()
}

async fn server() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// The question that comes next, and who sent it.
async fn next(server: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 512];
    let (length, from) = server.recv_from(&mut buffer).await.unwrap();
    buffer.truncate(length);
    (buffer, from)
}

/// The answer to a question without an OPT record.
fn answer_to(asked: &[u8]) -> Vec<u8> {
    let mut answer = asked.to_vec();
    answer[2] |= 0x80;
    answer[7] = 1;
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    answer.extend(ANSWER.octets());
    answer
}

fn is_right(answer: Result<WireAnswer, NoAnswer>) -> bool {
    matches!(answer, Ok(WireAnswer::Addresses(found)) if found == [ANSWER])
}

#[tokio::test]
async fn what_is_no_answer_to_the_question_is_passed_over_however_much_it_is() {
    let (server, address) = server().await;
    let asked = question();
    let asking = exchange(address, &asked, None);
    let answering = async {
        let (bytes, from) = next(&server).await;
        let right = answer_to(&bytes);
        let mut other_id = right.clone();
        other_id[0] ^= 1;
        let mut other_name = right.clone();
        other_name[13] ^= 1;
        let mut other_type = right.clone();
        other_type[27] = 28;
        for _ in 0..20 {
            for stray in [
                &other_id,
                &other_name,
                &other_type,
                &bytes,
                &right[..7].to_vec(),
            ] {
                server.send_to(stray, from).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
        server.send_to(&right, from).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, answering);
    assert!(is_right(answer));
}

#[tokio::test]
async fn an_answer_is_taken_only_from_the_server() {
    let (server, address) = server().await;
    let forger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let asked = question();
    let asking = exchange(address, &asked, None);
    let answering = async {
        let (bytes, from) = next(&server).await;
        let mut forged = answer_to(&bytes);
        *forged.last_mut().unwrap() = 66;
        // The kernel may already report to the forger that its packet was not wanted.
        let _ = forger.send_to(&forged, from).await;
        server.send_to(&answer_to(&bytes), from).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, answering);
    assert!(is_right(answer));
}

#[tokio::test]
async fn each_question_has_a_port_and_an_id_that_the_last_ones_do_not_tell() {
    const QUESTIONS: usize = 200;
    let (server, address) = server().await;
    let (mut ports, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..QUESTIONS {
        let asked = question();
        let asking = exchange(address, &asked, None);
        let answering = async {
            let (bytes, from) = next(&server).await;
            server.send_to(&answer_to(&bytes), from).await.unwrap();
            ports.push(from.port());
            ids.push(u16::from_be_bytes([bytes[0], bytes[1]]));
        };
        let (answer, ()) = tokio::join!(asking, answering);
        assert!(is_right(answer));
    }
    for numbers in [ports, ids] {
        let different: HashSet<_> = numbers.iter().collect();
        assert!(different.len() > QUESTIONS * 9 / 10, "{numbers:?}");
        let steps: HashSet<_> = numbers
            .windows(2)
            .map(|two| two[1].wrapping_sub(two[0]))
            .collect();
        assert!(steps.len() > QUESTIONS * 9 / 10, "{numbers:?}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_fails_at_once() {
    let (server, address) = server().await;
    drop(server);
    let asked = question();
    let asking = timeout(Duration::from_secs(60), exchange(address, &asked, None));
    let refused = asking.await.unwrap();
    assert!(matches!(refused, Err(NoAnswer::Transport(_))));
}

#[test]
fn the_question_has_an_opt_record_only_if_it_is_asked_with_edns() {
    let with = question().to_send(Some(1232)).unwrap().bytes;
    let without = question().to_send(None).unwrap().bytes;
    assert_eq!((with[11], without[11]), (1, 0));
    assert_eq!(with[12..without.len()], without[12..]);
    assert_eq!(with[without.len()..], [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
}
