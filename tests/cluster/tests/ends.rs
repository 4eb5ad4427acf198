//! Everything that is started ends, however its starter ends.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use control_plane::Supervised;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_control-plane");

/// The running processes that have `text` in their command line.
fn processes_with(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains(text) {
            found.push(command);
        }
    }
    found
}

fn is_running(pid: u32) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Nothing tells us about processes that are not our children, so this has to look again and again.
fn until(what: &str, within: Duration, done: impl Fn() -> bool) {
    let deadline = Instant::now() + within;
    while !done() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(name: &str, child: &Child) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Starts the binary and reads from it where the control plane is.
fn start(arguments: &[&str]) -> (Child, PathBuf) {
    let mut child = Command::new(BINARY)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let dir = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("export CONTROL_PLANE_DIR=").map(PathBuf::from))
        .expect("the binary names its folder");
    (child, dir)
}

fn all_run(dir: &Path) {
    let running = processes_with(dir.to_str().unwrap()).join("\n");
    for program in ["/etcd ", "/kube-apiserver ", "/kube-controller-manager ", "caretaker "] {
        assert!(running.contains(program), "{program} does not run:\n{running}");
    }
}

fn all_gone(dir: &Path) {
    let text = dir.to_str().unwrap();
    until("every process is gone", Duration::from_secs(10), || processes_with(text).is_empty());
    until("the folder is gone", Duration::from_secs(10), || !dir.exists());
}

#[test]
fn a_killed_control_plane_leaves_nothing_behind() {
    let (mut child, dir) = start(&[]);
    all_run(&dir);
    child.kill().unwrap();
    child.wait().unwrap();
    all_gone(&dir);
}

#[test]
fn an_interrupted_control_plane_ends_in_order() {
    let kubeconfig = tempfile::NamedTempFile::new().unwrap();
    let (mut child, dir) = start(&["--kubeconfig", kubeconfig.path().to_str().unwrap()]);
    all_run(&dir);
    signal("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!dir.exists() && processes_with(dir.to_str().unwrap()).is_empty(), "when it has ended, all has");
}

#[test]
fn a_command_runs_with_its_own_control_plane_and_gives_its_status() {
    let output = Command::new(BINARY)
        .args([
            "--for",
            "sh",
            "-c",
            "kubectl get ns -o name; echo $CONTROL_PLANE_DIR; helm version --short; exit 7",
        ])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("namespace/kube-system"), "{printed}");
    assert!(printed.contains("control-plane-") && printed.contains("v4."), "{printed}");
}

#[test]
fn a_killed_control_plane_takes_the_command_and_its_children_along() {
    let script = "echo export CONTROL_PLANE_DIR=$CONTROL_PLANE_DIR; \
                  trap '' TERM; sh -c 'trap \"\" TERM; sleep 3600; true' $CONTROL_PLANE_DIR; true";
    let (mut child, dir) = start(&["--for", "sh", "-c", script]);
    let name = dir.to_str().unwrap().to_owned();
    until("the grandchild runs", Duration::from_secs(5), || {
        processes_with(&name).iter().any(|command| command.contains("sleep 3600"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    all_gone(&dir);
}

#[test]
fn somebody_elses_kubeconfig_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, "{current-context: production}").unwrap();
    let output =
        Command::new(BINARY).arg("--kubeconfig").arg(&file).args(["--for", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is not one of ours"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{current-context: production}");
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// A program that shows whether it was asked to end.
const GOODBYE: &str = "trap 'echo goodbye; exit' TERM; echo ready; while :; do sleep 0.01; done";

fn pid_of(process: &Supervised) -> u32 {
    until("it has a process id", Duration::from_secs(5), || process.pid().is_ok());
    process.pid().unwrap()
}

#[test]
fn a_panic_ends_what_the_test_started() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let process = Supervised::start(&shell("sleep 3600; true"), &log).unwrap();
        tell.send(pid_of(&process)).unwrap();
        panic!("on purpose");
    });
    let pid = told.recv().unwrap();
    assert!(thread.join().is_err());
    assert!(!is_running(pid));
}

#[test]
fn a_process_is_asked_first_and_killed_when_it_does_not_listen() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let polite = Supervised::start(&shell(GOODBYE), &log).unwrap();
    until("it listens", Duration::from_secs(5), || polite.last_words() == "ready\n");
    drop(polite);
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.ends_with("goodbye\n"), "{said}");

    let stubborn = Supervised::start(&shell("trap '' TERM; while :; do sleep 1; done"), &log).unwrap();
    let pid = pid_of(&stubborn);
    drop(stubborn);
    assert!(!is_running(pid));
}

#[test]
fn a_killed_process_gets_no_chance_to_say_goodbye() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let process = Supervised::start(&shell(GOODBYE), &log).unwrap();
    let pid = pid_of(&process);
    until("it listens", Duration::from_secs(5), || process.last_words() == "ready\n");
    process.kill();
    assert!(!is_running(pid));
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "ready\n");
}

#[test]
fn a_program_that_is_not_there_says_so_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let process = Supervised::start(&Command::new("/nonexistent/program"), &log).unwrap();
    assert_eq!(process.wait().unwrap(), 127);
    let mut text = String::new();
    std::fs::File::open(&log).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("/nonexistent/program"), "{text}");
}
