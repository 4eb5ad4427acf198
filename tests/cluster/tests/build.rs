//! The build of the programs, with a Go that only pretends.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAMS: [&str; 5] = ["etcd", "helm", "kube-apiserver", "kube-controller-manager", "kubectl"];

const TOOLS: [&str; 14] = [
    "awk", "bash", "chmod", "cut", "date", "dirname", "flock", "head", "mkdir", "mv", "rm", "sh", "sort",
    "cat",
];

/// Writes its arguments to `calls` and empty programs where it is told to, as `go build` and `go install` do.
const GO: &str = r#"#!/bin/sh
set -e
case $1 in env) echo "$PRETEND"; exit;; esac
echo "$*" >>"$HERE/calls"
echo some/package
[ ! -e "$HERE/broken" ] || { echo "main.go:1:1: this does not compile"; exit 1; }
make() { printf '#!/bin/sh\n' >"$1"; chmod +x "$1"; }
[ "$1" != install ] || make "$GOBIN/helm"
while [ $# -gt 0 ]; do
  case $1 in
    -o) out=$2; shift;;
    k8s.io/kubernetes/cmd/*) make "$out${1##*/}";;
    go.etcd.io/*) make "$out";;
  esac
  shift
done
"#;

struct Workshop(tempfile::TempDir);

impl Workshop {
    fn new(go: Option<&str>) -> Self {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("path");
        fs::create_dir(&path).unwrap();
        // Only what the script calls: a real Go may live in the same folder as bash.
        for tool in TOOLS {
            let found = ["/bin", "/usr/bin"]
                .iter()
                .map(|folder| Path::new(folder).join(tool))
                .find(|file| file.exists());
            std::os::unix::fs::symlink(found.unwrap_or_else(|| panic!("no {tool} here")), path.join(tool))
                .unwrap();
        }
        if let Some(go) = go {
            let file = path.join("go");
            fs::write(&file, go).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(here)
    }

    fn path(&self, part: &str) -> PathBuf {
        self.0.path().join(part)
    }

    fn build(&self, version: &str) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("control-plane/build"));
        command
            .env_clear()
            .env("PATH", self.path("path"))
            .env("CHATWOOT_OPERATOR_CACHE", self.path("cache"))
            .env("HERE", self.0.path())
            .env("PRETEND", version)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn programs(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", stderr(output));
    let folder = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<String> = fs::read_dir(folder.trim_end())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lock")
        .collect();
    names.sort();
    names
}

#[test]
fn a_machine_without_go_is_told_in_one_line_what_to_install() {
    let workshop = Workshop::new(None);
    let output = workshop.build("").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("Go 1.26.0 or newer is needed"), "{}", stderr(&output));
}

#[test]
fn whoever_starts_a_control_plane_reads_the_reason_once() {
    let workshop = Workshop::new(None);
    let mut command = Command::new(env!("CARGO_BIN_EXE_control-plane"));
    command
        .env_clear()
        .env("PATH", workshop.path("path"))
        .env("CHATWOOT_OPERATOR_CACHE", workshop.path("cache"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("cannot build the control plane: Go 1.26.0 or newer"), "{said}");
    assert_eq!(said.matches("is needed to build it").count(), 1, "{said}");
}

#[test]
fn an_old_go_is_named_with_the_version_it_takes() {
    let workshop = Workshop::new(Some(GO));
    let output = workshop.build("go1.19.8").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("1.26.0 or newer") && stderr(&output).contains("1.19.8"),
        "{}",
        stderr(&output)
    );
    assert!(workshop.calls().is_empty(), "nothing is built with it");
}

#[test]
fn a_broken_build_says_why_and_the_next_one_builds_only_what_is_missing() {
    let workshop = Workshop::new(Some(GO));
    fs::write(workshop.path("broken"), "").unwrap();
    let output = workshop.build("go1.26.0").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("this does not compile"), "{}", stderr(&output));
    assert_eq!(workshop.calls().len(), 1, "it stops at the first failure");

    fs::remove_file(workshop.path("broken")).unwrap();
    let output = workshop.build("go1.26.0").output().unwrap();
    assert_eq!(programs(&output), PROGRAMS);
    let folder = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end());
    fs::remove_file(folder.join("kubectl")).unwrap();
    fs::remove_file(workshop.path("calls")).unwrap();

    assert_eq!(programs(&workshop.build("go1.26.0").output().unwrap()), PROGRAMS);
    let calls = workshop.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("cmd/kubectl") && !calls[0].contains("kube-apiserver"), "{calls:?}");
}

#[test]
fn two_builds_at_once_are_one_build() {
    let workshop = Workshop::new(Some(GO));
    let both: Vec<_> = (0..2).map(|_| workshop.build("go1.26.0").spawn().unwrap()).collect();
    for build in both {
        assert_eq!(programs(&build.wait_with_output().unwrap()), PROGRAMS);
    }
    assert_eq!(workshop.calls().len(), 3, "Kubernetes, etcd and helm, each once: {:?}", workshop.calls());
}

#[test]
fn programs_in_the_cache_need_no_go() {
    let workshop = Workshop::new(Some(GO));
    let output = workshop.build("go1.26.0").output().unwrap();
    assert_eq!(programs(&output), PROGRAMS);
    fs::remove_file(workshop.path("path/go")).unwrap();
    let again = workshop.build("").output().unwrap();
    assert_eq!(again.stdout, output.stdout);
    assert_eq!(stderr(&again), "");
}
