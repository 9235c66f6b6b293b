//! A part of a benchmark in a process of its own. It is told things by line
//! and answers by line.

use testkit::{Process, Program};

/// The running part. It is killed when this is dropped.
pub struct Part {
    process: Process,
    /// Lines of its output that were heard.
    heard: usize,
}

impl Part {
    /// This program again, with other arguments.
    pub fn start(arguments: &[&str]) -> Part {
        let program = Program::new(std::env::current_exe().unwrap()).args(arguments);
        let process = program.plain().with_input().start().unwrap();
        Part { process, heard: 0 }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it says.
    pub async fn hear(&mut self) -> String {
        let output = &self.process.stdout;
        let line = output.find_from(self.heard, |line| Some(line.to_owned()));
        match line.await {
            Ok((line, heard)) => {
                self.heard = heard;
                line
            }
            Err(error) => panic!("{error:#}\n{}", self.process.last_lines()),
        }
    }

    /// Tells it a line; returns its answer.
    pub async fn ask(&mut self, line: &str) -> String {
        self.process.tell(line).unwrap();
        self.hear().await
    }
}
