//! The least HTTP/1.1 that reads an answer of known length.

use std::io::{BufRead, BufReader, Read, Take, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What is left to read of an answer.
pub type Body<'a> = Take<&'a mut BufReader<TcpStream>>;

pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection {
            stream: BufReader::with_capacity(64 << 10, stream),
        }
    }

    /// Sends a request; returns its answer's body, to be read to its end.
    pub fn ask(&mut self, head: &str, body: &str) -> Body<'_> {
        let length = body.len();
        let request =
            format!("{head} HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n{body}");
        self.send(&request, head)
    }

    fn send(&mut self, request: &str, head: &str) -> Body<'_> {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{head}: {line}");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        self.stream.by_ref().take(length)
    }

    /// A request with a token and no body.
    pub fn ask_as(&mut self, token: &str, head: &str) -> Body<'_> {
        self.send(
            &format!("{head} HTTP/1.1\r\nHost: bench\r\nAuthorization: aivenv1 {token}\r\n\r\n"),
            head,
        )
    }

    /// As [`ask`](Self::ask), with all of the answer.
    pub fn text(&mut self, head: &str, body: &str) -> String {
        let mut text = String::new();
        self.ask(head, body).read_to_string(&mut text).unwrap();
        text
    }
}
