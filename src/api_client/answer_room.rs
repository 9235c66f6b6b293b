//! How much memory answers take that are read whole: many small ones, and one large
//! one, whatever number of questions is under way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// How many bytes of an answer are read. A single Kafka service can take several
/// megabytes.
const MAX_ANSWER: usize = 16 << 20;

/// An answer that is longer than this waits until no other such answer is held.
const MAX_SMALL_ANSWER: usize = 1 << 20;

/// The room for the answers of one client.
#[derive(Default)]
pub(crate) struct AnswerRoom(Arc<Mutex<()>>);

/// An answer that is being read, or was read.
#[derive(Default)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    /// Held for as long as the answer is, if it is a large one.
    large: Option<OwnedMutexGuard<()>>,
}

/// Why an answer is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// It is too long.
    TooLong,
    /// Others took the room for this long.
    InTime(Duration),
}

/// Says of an answer what it is.
impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRoom::TooLong => write!(f, "more than {MAX_ANSWER} bytes"),
            NoRoom::InTime(patience) => write!(f, "no room for it within {patience:?}"),
        }
    }
}

impl AnswerRoom {
    /// Adds the next bytes to an answer, as soon as there is room for them.
    ///
    /// # Errors
    /// When the answer becomes too long, or there is no room within `patience`.
    pub(crate) async fn add(
        &self,
        answer: &mut Answer,
        chunk: &[u8],
        patience: Duration,
    ) -> Result<(), NoRoom> {
        let length = answer.bytes.len().saturating_add(chunk.len());
        if length > MAX_ANSWER {
            return Err(NoRoom::TooLong);
        }
        if length > MAX_SMALL_ANSWER && answer.large.is_none() {
            let room = timeout(patience, Arc::clone(&self.0).lock_owned()).await;
            answer.large = Some(room.map_err(|_| NoRoom::InTime(patience))?);
        }
        answer.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

impl Answer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    static CHUNK: [u8; 64 << 10] = [b'x'; 64 << 10];

    #[tokio::test(start_paused = true)]
    async fn however_many_answers_arrive_one_alone_is_large() {
        let room = AnswerRoom::default();
        let mut answers: Vec<Answer> = (0..8).map(|_| Answer::default()).collect();
        let held =
            |answers: &[Answer]| -> usize { answers.iter().map(|answer| answer.bytes.len()).sum() };
        for _ in 0..MAX_ANSWER / CHUNK.len() {
            for answer in &mut answers {
                // Whoever has to wait gets nothing in this turn.
                let added = room.add(answer, &CHUNK, PATIENCE).now_or_never();
                assert!(added.is_none_or(|added| added.is_ok()));
            }
        }
        assert_eq!(held(&answers), MAX_ANSWER + 7 * MAX_SMALL_ANSWER);
        let waiting = room.add(&mut answers[1], &CHUNK, PATIENCE).await;
        assert_eq!(waiting, Err(NoRoom::InTime(PATIENCE)));
        answers.remove(0);
        room.add(&mut answers[0], &CHUNK, PATIENCE).await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_refused() {
        let room = AnswerRoom::default();
        let mut answer = Answer::default();
        let whole = vec![b'x'; MAX_ANSWER];
        room.add(&mut answer, &whole, PATIENCE).await.unwrap();
        let more = room.add(&mut answer, b"x", PATIENCE).await;
        assert_eq!(more, Err(NoRoom::TooLong));
        assert_eq!(answer.bytes().len(), MAX_ANSWER);
    }
}
