//! What cannot be rendered.

use std::borrow::Cow;

use crate::config;

/// Why there is nothing to print. All of these are the user's to mend (exit code 2).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file for the ConfigMap that cannot be read.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A manifest that is not YAML.
    #[error("{place}:{line}: it is not YAML: {reason}")]
    Malformed {
        /// The file.
        place: String,
        /// From 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A manifest with nothing in it that runs containers.
    #[error("{place} has no pod, and nothing that has a template of one")]
    NoPod {
        /// The file.
        place: String,
    },
    /// No such workload.
    #[error("{place} has no workload {wanted}; it has {there}")]
    NoWorkload {
        /// The file.
        place: String,
        /// KIND/NAME.
        wanted: String,
        /// Those that it has.
        there: String,
    },
    /// Several workloads, and none was named.
    #[error("{place} has several workloads: {there}")]
    ManyWorkloads {
        /// The file.
        place: String,
        /// All of them, as KIND/NAME.
        there: String,
    },
    /// No such container.
    #[error("{workload} has no container '{wanted}'; it has {there}")]
    NoContainer {
        /// KIND/NAME.
        workload: String,
        /// The container.
        wanted: String,
        /// Those that there are.
        there: String,
    },
    /// A pod that has no containers, or something else in their place.
    #[error("{workload} is not as Kubernetes has it: {reason}")]
    Shape {
        /// KIND/NAME.
        workload: String,
        /// What is not.
        reason: String,
    },
    /// Mode entrypoint is for one container.
    #[error("{workload} has the containers {there}, and an entrypoint is that of one")]
    ManyContainers {
        /// KIND/NAME.
        workload: String,
        /// Those that there are.
        there: String,
    },
    /// A container that leaves its command to the image.
    #[error("container {container} of {workload} has no command, which an entrypoint has to start")]
    NoCommand {
        /// KIND/NAME.
        workload: String,
        /// The container.
        container: String,
    },
    /// A PATH from a ConfigMap or the like.
    #[error(
        "container {container} of {workload} has a PATH from elsewhere (valueFrom), which cannot be extended"
    )]
    PathFromElsewhere {
        /// KIND/NAME.
        workload: String,
        /// The container.
        container: String,
    },
    /// A list of folders of libraries from a ConfigMap or the like.
    #[error(
        "container {container} of {workload} has a {variable} from elsewhere (valueFrom), which cannot be extended"
    )]
    LibrariesFromElsewhere {
        /// Its name.
        variable: &'static str,
        /// KIND/NAME.
        workload: String,
        /// The container.
        container: String,
    },
    /// A volume of the user's where one of aptlet's is to be.
    #[error("container {container} of {workload} mounts volume {volume} at {path}, where {own} is to be")]
    Occupied {
        /// KIND/NAME.
        workload: String,
        /// The container.
        container: String,
        /// The volume that is there.
        volume: String,
        /// Where.
        path: String,
        /// The volume that is to be there.
        own: String,
    },
    /// A volume of the user's where the commands are to be, or around that place.
    #[error("container {container} of {workload} mounts {there}, and the commands are to be at {own}")]
    Exposed {
        /// KIND/NAME.
        workload: String,
        /// The container.
        container: String,
        /// The volume, and where.
        there: String,
        /// Where the commands are to be.
        own: String,
    },
    /// A container of the user's with the name of ours.
    #[error("{workload} has a container '{name}' already, which is to be the name of the one that installs", name = super::pieces::NAME)]
    NameTaken {
        /// KIND/NAME.
        workload: String,
    },
    /// A volume of the user's with the name of ours.
    #[error("{workload} has a volume '{volume}' already, which is to be the name of one of aptlet's")]
    VolumeTaken {
        /// KIND/NAME.
        workload: String,
        /// The volume.
        volume: &'static str,
    },
    /// A ConfigMap that Kubernetes lets nobody change.
    #[error("the ConfigMap {name} is immutable, and other data are to be in it")]
    Immutable {
        /// Its name.
        name: String,
    },
    /// A container of the user's with the port of the sidecar.
    #[error("container {container} of {workload} has port {port}, at which the sidecar is to listen")]
    PortTaken {
        /// KIND/NAME.
        workload: String,
        /// The container.
        container: String,
        /// The port.
        port: u16,
    },
    /// A place where the text cannot be changed without changing more.
    #[error("{place}:{line}: aptlet has to add to this, but it {reason}")]
    Stuck {
        /// The file.
        place: String,
        /// From 1.
        line: usize,
        /// Why it cannot.
        reason: Cow<'static, str>,
    },
    /// More than Kubernetes takes.
    #[error("the ConfigMap {name} would have {bytes} bytes, and Kubernetes takes 1048576")]
    TooLarge {
        /// Its name.
        name: String,
        /// The sum of its values.
        bytes: usize,
    },
    /// Nobody says which image aptlet is started from.
    #[error("which image aptlet is to be started from is not given, and there is no published one")]
    NoImage,
    /// A file that the chart has no value for.
    #[error("the Helm chart has no value for the file '{key}'")]
    NoValue {
        /// The name of the file.
        key: String,
    },
}

impl Error {
    /// What to do about it, where the message does not say so already.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Config(error) => return error.hint(),
            Self::Malformed { .. } => {
                "give a manifest; templates of Helm are none until they are rendered: add the library chart instead"
            }
            Self::NoPod { .. } => {
                "give a Pod, Deployment, StatefulSet, DaemonSet, Job or CronJob, or whatever has a pod template in it"
            }
            Self::NoWorkload { .. } => "name one of these with --workload",
            Self::ManyWorkloads { .. } => "name one of these with --workload, or take them all with --all",
            Self::NoContainer { .. } => "name one of these with --container",
            Self::ManyContainers { .. } => "name one of them with --container",
            Self::NoCommand { .. } => {
                "write the command of the image into the manifest; 'podman image inspect IMAGE' shows it as Entrypoint \
                 and Cmd"
            }
            Self::PathFromElsewhere { .. } => "give it a value in the manifest, or drop --expose path",
            Self::LibrariesFromElsewhere { .. } => {
                "give it a value in the manifest, or use --mode entrypoint"
            }
            Self::Occupied { .. } => "mount that volume elsewhere, or choose another place with --mount",
            Self::Exposed { .. } => {
                "choose another folder on the PATH of the image with --expose-at, or give --expose path"
            }
            Self::NameTaken { .. } | Self::VolumeTaken { .. } => "rename it",
            Self::Immutable { .. } => "give another name to --configmap",
            Self::PortTaken { .. } => "give the sidecar another one with --listen :PORT",
            Self::TooLarge { .. } => "put large packages into a repository, or under a URL with a digest",
            Self::NoImage => {
                "build it and push it to a registry of yours (docs/tasks/quickstart.md), and give --image, such as \
                 registry.example/aptlet:0.1, or APTLET_IMAGE"
            }
            Self::NoValue { .. } => "leave it out, or render manifests without --helm-values",
            Self::Shape { .. } => "correct the manifest",
            Self::Stuck { .. } => "change the manifest there as it says, in a line for each thing",
        };
        Some(hint.to_owned())
    }
}
