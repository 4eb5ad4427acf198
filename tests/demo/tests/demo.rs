//! The demo when it cannot go on. Its good end is tried where the README's commands are.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Where examples/quickstart expects its Chatwoot.
const PORT: &str = "127.0.0.1:3999";

/// A run with temporary files in a folder of its own; ended when it is dropped.
struct Run {
    demo: Child,
    folder: tempfile::TempDir,
}

impl Run {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let errors = File::create(folder.path().join("errors")).unwrap();
        let demo = Command::new(env!("CARGO_BIN_EXE_chatwoot-demo"))
            .args(flags)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        Self { demo, folder }
    }

    /// Reads what it prints until a line contains `text`.
    fn read_until(&mut self, text: &str) -> String {
        let mut read = String::new();
        let mut out = BufReader::new(self.demo.stdout.as_mut().unwrap());
        while !read.contains(text) && out.read_line(&mut read).unwrap() > 0 {}
        read
    }

    fn interrupt(&self) {
        let pid = self.demo.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }

    /// Its status and what it printed to standard error, once nothing of it is left.
    fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.demo.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        let status = self.demo.wait().unwrap();
        let errors = std::fs::read_to_string(self.folder.path().join("errors")).unwrap();
        let left: Vec<_> =
            std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["errors"], "the demo left something behind");
        (status, errors)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.demo.kill();
        let _ = self.demo.wait();
    }
}

#[test]
fn a_demo_that_cannot_go_on_says_why_and_leaves_nothing_behind() {
    let holder = TcpListener::bind(PORT).expect("the port of the quick start is free");
    let (status, errors) = Run::start(&[]).end();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(PORT) && errors.contains("is taken"), "{errors}");
    drop(holder);

    let (status, errors) = Run::start(&["--operator", "/bin/false"]).end();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("the operator ended with status 1"), "{errors}");

    let mut run = Run::start(&[]);
    let printed = run.read_until("helm install");
    run.interrupt();
    let (status, errors) = run.end();
    assert_eq!(status.code(), Some(130), "{printed}\n{errors}");
    TcpListener::bind(PORT).expect("the port is free again");
}
