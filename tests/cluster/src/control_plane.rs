//! A running control plane.

use crate::components::Ports;
use crate::folder::{Description, Folder, write};
use crate::kubeconfig::{self, Credential};
use crate::start::{Failure, Starter};
use crate::supervised::{Caretaker, Supervised};
use crate::tool::Tool;
use crate::tools::Tools;
use crate::{apply, certificates};
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OnceCell};

/// The variable that names the folder of a running control plane to use instead of starting one.
pub const FOLDER_VARIABLE: &str = "CONTROL_PLANE_DIR";

/// How often a start is tried anew because somebody took one of its ports first.
pub(crate) const ATTEMPTS: u32 = 5;

/// How to start a control plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, and folders of files, with definitions to install before the controllers start.
    ///
    /// Custom resources that are defined later are noticed by the garbage collector only at its next full look,
    /// 30 to 45 s after (measured with Kubernetes 1.36); until then what they own stays when they are deleted.
    pub crds: Vec<PathBuf>,
    /// For each of the three programs.
    pub ready_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { crds: Vec::new(), ready_within: Duration::from_secs(120) }
    }
}

/// A Kubernetes control plane on loopback ports: etcd, kube-apiserver, and of the controllers garbage
/// collection, namespace deletion and the aggregation of cluster roles. No nodes, so pods never start.
///
/// # Guarantees
/// What was started here ends when this value is dropped, when the process panics, and when it is killed;
/// so does the folder with all data.
#[derive(Debug)]
pub struct ControlPlane {
    folder: Folder,
    tools: Tools,
    server: String,
    /// `None`: another process runs it, and we use it.
    running: Option<Mutex<Running>>,
}

// Fields are dropped in this order, and the programs are told to end before the first is waited for.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) controllers: Option<Supervised>,
    pub(crate) api_server: Option<Supervised>,
    etcd: Supervised,
    caretaker: Caretaker,
    pub(crate) ports: Ports,
    ready_within: Duration,
}

impl Drop for Running {
    fn drop(&mut self) {
        for process in [&mut self.controllers, &mut self.api_server].into_iter().flatten() {
            process.let_go();
        }
        self.etcd.let_go();
    }
}

impl ControlPlane {
    /// Starts a control plane of its own; about three seconds on two cores, once the programs are built.
    ///
    /// # Errors
    /// The programs could not be built or found, or one of them ended or did not get ready; the message has
    /// the last lines of its log.
    pub async fn start(options: Options) -> Result<Self> {
        let tools = Tools::find().await?;
        let mut attempt = 1;
        loop {
            match Self::try_start(&tools, &options).await {
                Ok(started) => return Ok(started),
                Err(Failure::PortTaken(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }

    async fn try_start(tools: &Tools, options: &Options) -> Result<Self, Failure> {
        let (folder, caretaker) = Folder::create()?;
        let ports = Ports::pick()?;
        let server = ports.server();
        certificates::make(&folder)?;
        write(&folder.join("audit-policy.yaml"), include_str!("audit-policy.yaml"))?;
        for (file, who) in
            [(folder.kubeconfig(), "admin"), (folder.join("controllers.kubeconfig"), "controllers")]
        {
            kubeconfig::make(&folder, &file, &server, "default", Credential::Certificate(who))?;
        }
        folder.describe(&Description { server: server.clone(), tools: tools.folder().to_path_buf() })?;

        let deadline = Instant::now() + options.ready_within;
        let starter = Starter { tools, folder: &folder, caretaker: &caretaker, ports: &ports, deadline };
        let etcd = starter.etcd().await?;
        let api_server = starter.api_server().await?;
        if !options.crds.is_empty() {
            let client = crate::identity::client(crate::identity::admin(&folder, &server)?)?;
            apply::files(&client, &options.crds).await?;
        }
        let controllers = starter.controllers().await?;

        let running = Running {
            controllers: Some(controllers),
            api_server: Some(api_server),
            etcd,
            caretaker,
            ports,
            ready_within: options.ready_within,
        };
        Ok(Self { folder, tools: tools.clone(), server, running: Some(Mutex::new(running)) })
    }

    /// Uses the control plane that another process runs in `folder`. Dropping this ends nothing.
    ///
    /// # Errors
    /// None runs there.
    pub fn attach(folder: &Path) -> Result<Self> {
        let folder = Folder::existing(folder);
        let Description { server, tools } = folder.description()?;
        Ok(Self { folder, tools: Tools::at(&tools), server, running: None })
    }

    /// The one control plane of this process: the one that `CONTROL_PLANE_DIR` names, else one of its own,
    /// started at the first call and ended with the process.
    ///
    /// Tests share it by namespaces: see [`ControlPlane::namespace`].
    ///
    /// # Errors
    /// As [`ControlPlane::start`] and [`ControlPlane::attach`].
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| async {
                match std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
                    Some(folder) => Self::attach(Path::new(&folder))
                        .with_context(|| format!("{FOLDER_VARIABLE} is set; unset it to start a new one")),
                    None => Self::start(Options::default()).await,
                }
            })
            .await
    }

    /// The folder that other processes can [attach](ControlPlane::attach) to.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where the API server listens, as `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The administrator's kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.kubeconfig()
    }

    /// Copies the administrator's kubeconfig to `file`.
    ///
    /// # Errors
    /// `file` exists and is not an earlier one of ours, or cannot be written.
    pub fn copy_kubeconfig_to(&self, file: &Path) -> Result<()> {
        kubeconfig::copy_to(&self.folder, file)
    }

    /// The folder with kubectl and helm.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// Environment that makes kubectl and helm of any child process use this control plane, and
    /// [`ControlPlane::shared`] attach to it.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let mut all = vec![("KUBECONFIG", self.kubeconfig()), (FOLDER_VARIABLE, self.dir().to_path_buf())];
        all.extend(crate::tool::homes(&self.folder));
        all
    }

    /// A call of kubectl as the administrator.
    #[must_use]
    pub fn kubectl<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Tool {
        Tool::new(&self.tools, &self.folder, "kubectl").args(args)
    }

    /// A call of helm as the administrator, with a helm home of its own. Leave out `--wait`: no pod ever starts.
    #[must_use]
    pub fn helm<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Tool {
        Tool::new(&self.tools, &self.folder, "helm").args(args)
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn starter<'a>(&'a self, running: &'a Running) -> Starter<'a> {
        Starter {
            tools: &self.tools,
            folder: &self.folder,
            caretaker: &running.caretaker,
            ports: &running.ports,
            deadline: Instant::now() + running.ready_within,
        }
    }

    pub(crate) fn running(&self) -> Result<&Mutex<Running>> {
        self.running.as_ref().with_context(|| {
            format!("another process runs this control plane; a test that stops it starts one of its own ({FOLDER_VARIABLE} is for sharing)")
        })
    }
}
