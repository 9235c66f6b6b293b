//! Streams that take nothing, a part, or too late.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex};

use proptest::prelude::*;

use super::*;

const LIMIT: Duration = Duration::from_secs(60);

/// What a stream does with one write.
#[derive(Debug, Clone, Copy)]
enum Does {
    Takes(usize),
    Fails(ErrorKind),
}

/// Does what the script says, then takes everything.
struct Scripted {
    script: std::vec::IntoIter<Does>,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = match self.script.next() {
            Some(Does::Fails(kind)) => return Err(kind.into()),
            Some(Does::Takes(most)) => bytes.len().min(most),
            None => bytes.len(),
        };
        self.taken.lock().unwrap().extend(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes nothing until it is opened.
#[derive(Clone, Default)]
struct Stuck(Arc<(Mutex<bool>, Condvar)>);

impl Stuck {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_open = self.0.0.lock().unwrap();
        let _is_open = self.0.1.wait_while(is_open, |is_open| !*is_open).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells of every whole line.
struct Told(Sender<String>);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        4 => (0_usize..40).prop_map(Does::Takes),
        1 => Just(Does::Fails(ErrorKind::StorageFull)),
        1 => Just(Does::Fails(ErrorKind::BrokenPipe)),
        1 => Just(Does::Fails(ErrorKind::Interrupted)),
        1 => Just(Does::Fails(ErrorKind::Other)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_a_stream_does_each_line_is_whole_or_counted(
        script in prop::collection::vec(does(), 0..30),
        count in 1_u64..20,
    ) {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let stream = Scripted { script: script.into_iter(), taken: Arc::clone(&taken) };
        let lost = Lost::default();
        let (lines, flush) = Lines::counting(stream, lost.clone());
        for number in 0..count {
            lines.send(format!("line {number} of a test\n").as_bytes());
        }
        flush.wait(LIMIT);
        let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        let is_whole = |number| text.lines().any(|line| line == format!("line {number} of a test"));
        let whole = (0..count).filter(|number| is_whole(*number)).count() as u64;
        // What was lost by its line's end alone is whole to a reader.
        prop_assert!(whole + lost.count.get() >= count, "{whole} whole, {} lost:\n{text}", lost.count.get());
        prop_assert!(lost.count.get() <= count);
    }
}

#[test]
fn a_stream_that_nobody_reads_holds_nobody_up() {
    // Long lines fill the queue by their bytes, short ones by their number.
    for length in [1000, 1] {
        let stuck = Stuck::default();
        let lost = Lost::default();
        let (lines, flush) = Lines::counting(stuck.clone(), lost.clone());
        let line = vec![b'x'; length];
        // Without a bound, or with a wait, this would never end or hold 20 MB.
        for _ in 0..20_000 {
            lines.send(&line);
        }
        assert!(lines.queued_bytes.load(Ordering::Relaxed) <= MAX_QUEUED_BYTES);
        let least = 20_000 - 2 * MAX_QUEUED_LINES as u64;
        assert!(
            lost.count.get() >= least,
            "{} of {length} bytes",
            lost.count.get()
        );
        flush.wait(Duration::ZERO);
        stuck.open();
    }
}

#[test]
fn lines_that_are_written_make_room_for_others() {
    let (lines, flush) = Lines::counting(io::sink(), Lost::default());
    let line = vec![b'x'; MAX_QUEUED_BYTES / 2];
    for _ in 0..10 {
        lines.send(&line);
        flush.wait(LIMIT);
    }
    assert_eq!(lines.lost.count.get(), 0);
}

#[test]
fn a_stream_that_is_busy_gets_the_line_later() {
    let busy = Does::Fails(ErrorKind::WouldBlock);
    let taken = Arc::new(Mutex::new(Vec::new()));
    let stream = Scripted {
        script: vec![busy, Does::Takes(3), busy].into_iter(),
        taken: Arc::clone(&taken),
    };
    let (lines, flush) = Lines::counting(stream, Lost::default());
    lines.send(b"a line\n");
    flush.wait(LIMIT);
    assert_eq!(*taken.lock().unwrap(), b"a line\n");
    assert_eq!(lines.lost.count.get(), 0);
}

#[test]
fn what_was_lost_is_said_once_when_the_stream_takes_lines_again() {
    let (told, lines_told) = channel();
    let lost = Lost::default();
    lost.count.inc_by(7);
    let (lines, flush) = Lines::counting(Told(told), lost);
    lines.send(b"first\n");
    assert_eq!(lines_told.recv_timeout(LIMIT).unwrap(), "first\n");
    let said = lines_told.recv_timeout(LIMIT).unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["lines"], 7);
    lines.send(b"second\n");
    assert_eq!(lines_told.recv_timeout(LIMIT).unwrap(), "second\n");
    // The writer ends with the last who can log, and lets go of the stream.
    drop((lines, flush));
    assert!(
        lines_told.recv_timeout(LIMIT).is_err(),
        "nothing is said again"
    );
}

#[test]
fn a_line_is_the_same_json_without_what_a_terminal_obeys() {
    let (told, lines_told) = channel();
    let (lines, _flush) = Lines::to(Told(told));
    let cause = "a\u{9b}31m\u{202e}\u{2028}b";
    let written = format!("{}\n", serde_json::json!({ "cause": cause }));
    (&lines).write_all(written.as_bytes()).unwrap();
    let line = lines_told.recv_timeout(LIMIT).unwrap();
    assert!(line.is_ascii() && line.ends_with('\n'), "{line:?}");
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read["cause"], cause);
}

/// Refuses that many lines, then tells of every one.
struct FullAtFirst(usize, Told);

impl Write for FullAtFirst {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => return self.1.write(bytes),
        }
        Err(ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_lost_is_known_until_it_is_said_and_no_other_line_is_needed_for_that() {
    let (told, lines_told) = channel();
    let lost = Lost::default();
    let stream = FullAtFirst(2, Told(told));
    let (lines, flush) = Lines::counting(stream, lost.clone());
    lines.send(b"first\n");
    lines.send(b"second\n");
    flush.wait(LIMIT);
    let known = lost.now().unwrap();
    assert_eq!(known.lines, 2);
    let full = io::Error::from(ErrorKind::StorageFull);
    assert_eq!(known.cause, full.to_string());
    let said = lines_told.recv_timeout(LIMIT).unwrap();
    assert!(said.contains("\"lines\":2"), "{said}");
    flush.wait(LIMIT);
    assert_eq!(lost.now(), None);
}
