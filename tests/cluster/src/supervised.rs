//! Processes that end with the one that started them, however that one ends.
//!
//! A panic or an early return runs `Drop`; a SIGKILL or an interrupt runs nothing. So every process has a small
//! shell as its parent (`scripts/supervise.sh`) that waits on a pipe whose other end we hold: the kernel closes
//! it for us in every case.

use crate::folder::with_suffix;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

const SUPERVISE: &str = include_str!("scripts/supervise.sh");
const CARETAKER: &str = include_str!("scripts/caretaker.sh");

/// How long a process may take over SIGTERM before SIGKILL. kube-apiserver waits for its watches, which would
/// be a minute, and nothing of a test server is worth waiting for.
const GRACE_SECONDS: u32 = 1;

/// A running process that ends with this value, and with this process.
///
/// Dropping it sends SIGTERM, SIGKILL after one second, and returns when the process and its children are gone.
#[derive(Debug)]
pub struct Supervised {
    name: String,
    lifeline: Option<ChildStdin>,
    supervisor: Child,
    log: Option<PathBuf>,
    pid_file: PathBuf,
}

impl Supervised {
    /// Starts `program` with what it prints appended to `log`, and its process id in `log` with `.pid` added.
    ///
    /// # Errors
    /// Neither a shell nor the log file could be opened. A program that cannot be run ends with status 127
    /// or 126, and its log says why.
    pub fn start(program: &Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write the log {}", log.display()))?;
        let errors = output.try_clone()?;
        Self::spawn(program, Some(log), &pid_file(log), Stdio::from(output), Stdio::from(errors))
    }

    /// Starts `program` with our own standard output and error, and an empty standard input.
    ///
    /// # Errors
    /// No shell could be started.
    pub fn start_in_the_open(program: &Command, pid_file: &Path) -> Result<Self> {
        Self::spawn(program, None, pid_file, Stdio::inherit(), Stdio::inherit())
    }

    /// As [`Supervised::start`], and the folder stays until the process is gone.
    pub(crate) fn start_in(folder: &Caretaker, program: &Command, log: &Path) -> Result<Self> {
        let errors = File::options().create(true).append(true).open(log)?;
        Self::spawn(program, Some(log), &pid_file(log), folder.share()?, Stdio::from(errors))
    }

    fn spawn(
        program: &Command,
        log: Option<&Path>,
        pid_file: &Path,
        output: Stdio,
        errors: Stdio,
    ) -> Result<Self> {
        let name = Path::new(program.get_program()).file_name().unwrap_or_default().to_string_lossy();
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SUPERVISE, "supervise", &GRACE_SECONDS.to_string()])
            .arg(pid_file)
            .arg(program.get_program())
            .args(program.get_args())
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C on the terminal reaches us, and we end the process; it must not be half dead before.
            .process_group(0);
        for (key, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = program.get_current_dir() {
            shell.current_dir(folder);
        }
        let mut supervisor = shell.spawn().with_context(|| format!("cannot start a shell for {name}"))?;
        Ok(Self {
            name: name.into_owned(),
            lifeline: supervisor.stdin.take(),
            supervisor,
            log: log.map(Path::to_path_buf),
            pid_file: pid_file.to_path_buf(),
        })
    }

    /// The file name of the program.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id of the program itself, for `/proc` and for signals.
    ///
    /// # Errors
    /// The shell has not come to start it yet, which takes milliseconds; or the folder of the log is gone.
    pub fn pid(&self) -> Result<u32> {
        let text = std::fs::read_to_string(&self.pid_file)
            .with_context(|| format!("{} has not been started yet", self.name))?;
        text.trim().parse().with_context(|| format!("{} holds no process id", self.pid_file.display()))
    }

    /// How the process ended, `None` while it runs. One that was killed has 128 plus the signal as its code.
    ///
    /// # Errors
    /// The operating system does not let us ask.
    pub fn ended(&mut self) -> Result<Option<i32>> {
        Ok(self.supervisor.try_wait()?.map(code))
    }

    /// Waits for the process to end by itself. Blocks the thread.
    ///
    /// # Errors
    /// The operating system does not let us wait.
    pub fn wait(mut self) -> Result<i32> {
        // `Child::wait` would close standard input, had we not taken it out of there.
        Ok(code(self.supervisor.wait()?))
    }

    /// The last lines the process printed, for error messages.
    #[must_use]
    pub fn last_words(&self) -> String {
        self.log.as_deref().map(tail).unwrap_or_default()
    }

    /// Ends the process with SIGKILL, as a crash would, and returns when it is gone. Blocks for milliseconds.
    pub fn kill(mut self) {
        if let Some(lifeline) = &mut self.lifeline {
            // A failure means that the shell is gone already, and with it the process.
            let _ = lifeline.write_all(b"kill\n");
        }
    }

    /// Tells the process to end, without waiting: so several can end at the same time.
    pub(crate) fn let_go(&mut self) {
        self.lifeline = None;
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.let_go();
        let _ = self.supervisor.wait();
    }
}

/// The shell that removes our folder after the last process that uses it.
#[derive(Debug)]
pub(crate) struct Caretaker {
    lifeline: Option<ChildStdin>,
    shell: Child,
}

impl Caretaker {
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", CARETAKER, "caretaker"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start a shell to look after the folder")?;
        Ok(Self { lifeline: shell.stdin.take(), shell })
    }

    /// One more hold on the folder, as somebody's standard output.
    fn share(&self) -> Result<Stdio> {
        let held = self.lifeline.as_ref().context("the folder is being removed")?;
        let file = std::os::fd::AsFd::as_fd(held).try_clone_to_owned()?;
        Ok(Stdio::from(file))
    }
}

impl Drop for Caretaker {
    fn drop(&mut self) {
        self.lifeline = None;
        let _ = self.shell.wait();
    }
}

fn pid_file(log: &Path) -> PathBuf {
    with_suffix(log, "pid")
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// The last 4 KiB of a log, whole lines, or a note that there is none.
fn tail(log: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let from = file.metadata()?.len().saturating_sub(4096);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(if from == 0 { text } else { text.lines().skip(1).collect::<Vec<_>>().join("\n") })
    };
    read().unwrap_or_else(|error| format!("(its log cannot be read: {error})"))
}
