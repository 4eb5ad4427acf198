//! The demo as a person runs it. It takes the port of the quick start, so its runs follow one another.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
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

    /// Reads what it prints until a line contains `text`, or to the end.
    fn read_until(&mut self, text: &str) -> String {
        let mut read = String::new();
        let mut out = BufReader::new(self.demo.stdout.as_mut().unwrap());
        while !text_found(&read, text) && out.read_line(&mut read).unwrap() > 0 {}
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

fn text_found(read: &str, text: &str) -> bool {
    !text.is_empty() && read.contains(text)
}

#[test]
fn the_demo_proves_itself_can_be_interrupted_and_leaves_nothing_behind() {
    let holder = TcpListener::bind(PORT).expect("the port of the quick start is free");
    let (status, errors) = Run::start(&[]).end();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains(PORT) && errors.contains("is taken"), "{errors}");
    drop(holder);

    let mut run = Run::start(&[]);
    let printed = run.read_until("helm install");
    run.interrupt();
    let (status, errors) = run.end();
    assert_eq!(status.code(), Some(130), "{printed}\n{errors}");

    let mut run = Run::start(&["--keep"]);
    let printed = run.read_until("Ctrl-C here ends all of it");
    let kubeconfig = printed.lines().find_map(|line| line.trim().strip_prefix("export KUBECONFIG="));
    assert!(kubeconfig.is_some_and(|file| Path::new(file).is_file()), "{printed}");
    run.interrupt();
    let (status, errors) = run.end();
    assert_eq!(status.code(), Some(0), "{printed}\n{errors}");
    for proof in ["acme/acme", "bea@bpo.example", "put right after", "ten, not eleven", "10 accounts made"] {
        assert!(printed.contains(proof), "{proof} is missing in\n{printed}");
    }
    TcpListener::bind(PORT).expect("the port is free again");
}
