//! What the help of each command ends with: where its settings come from, and examples.

pub(super) const INSTALL: &str = "\
Each setting can also be given as the environment variable beside it, where a list is separated by
spaces, commas or line ends, and in the settings folder. A flag wins over the environment, and the
environment over the folder.

The settings folder holds files in apt's own formats: packages, *.sources, *.list, *.asc, *.gpg,
*.pref and auth.conf; certificates as *.crt or *.pem; packages as *.deb, which 'packages' names as
./NAME.deb; a lock as aptlet.lock; and aptlet.yaml, whose keys are the flags without their dashes
(log-format: json).

Repositories are those of --sources or the settings folder; if there are none, those of --mirror
and --suite; if neither is given, those of /etc/apt; and failing that, those of Debian stable.

Examples:
  Install two packages into /p, one of them in an exact version:
    aptlet install curl jq=1.7.1-6

  Install a package file, and what it depends on from the repositories:
    aptlet install ./tool_1.0_amd64.deb

  Install what the ConfigMap at /etc/aptlet asks for:
    aptlet install

  Install from your own mirror, for a container that mounts the volume at /t:
    aptlet install --mirror http://mirror.example/debian --suite trixie --prefix /t git

  Install the same bytes every time:
    aptlet install --lock aptlet.lock

  Only put aptlet itself into the volume, for a container that is started by 'aptlet run':
    aptlet install --self";

pub(super) const LIVE: &str = "\
Installs the packages that are asked for, of which there may be none, and puts apt-get, apt,
apt-cache, apt-mark, dpkg, dpkg-query, add-apt-repository and sudo into commands of the destination:
this program by those names. A container that mounts the volume writable, with commands at
/usr/local/sbin, adds packages by them, as any user, without root and on a read-only root. Each
install is a generation of its own; what runs goes on with the one that it was started from.

The flags, variables and settings that are given here count for those commands as well. Where the
image is Debian's or Ubuntu's, its packages are not installed again, and its own sources are used.

Examples:
  Prepare an empty volume for a pod, in its init container:
    aptlet live

  The same with the first packages, for an image of Debian 12:
    aptlet live --release bookworm git gcc libpq-dev

  For one user of a machine on which nobody else is to be asked:
    aptlet live --dest ~/.aptlet && PATH=~/.aptlet/commands:$PATH apt-get install jq";

pub(super) const SOURCE: &str = "\
What is added is kept on the volume, with its key, and counts beside the sources that are there. A
repository is believed by its key alone. 'add-apt-repository' of the same volume does the same.

Examples:
  Add a repository, whose key is at a URL:
    aptlet source add 'deb https://mirror.example/debian bookworm main' --key https://mirror.example/key.asc

  Add a source list that lies somewhere:
    aptlet source add https://mirror.example/tools.sources

  Add a component of the sources that there are:
    aptlet source add contrib

  Show what was added, and take it back:
    aptlet source list
    aptlet source remove contrib";

pub(super) const RUN: &str = "\
Flags, environment variables and the settings folder are those of 'aptlet install'. What is
installed already is not installed again. Then this process becomes COMMAND, with bin of the
destination last on its PATH, and all else as it was: of two commands of one name the image's is
found, unless --path-order is 'first'. What the image has itself, as its /var/lib/dpkg says, is not
installed; --base none installs it all the same.

The exit code is that of COMMAND; 127 if it is not found, 126 if it cannot be executed; or that of
'aptlet install' if that fails.

Examples:
  Start a script that needs jq and curl:
    aptlet run jq curl -- /app/start.sh --port 8080

  Start a server from the volume that 'aptlet install --self' has filled, even if the mirror is down:
    /p/.aptlet/aptlet run --on-failure continue --packages 'nginx' -- nginx -g 'daemon off;'";

pub(super) const LOCK: &str = "\
Flags, environment variables and the settings folder are those of 'aptlet install'. Nothing is
installed, and a lock that is there already is not looked at.

Examples:
  Write aptlet.lock for two packages:
    aptlet lock curl jq

  Show what the settings in a folder resolve to on another architecture:
    aptlet lock --config ./settings --arch arm64 -o -

  Show why libssl3 would be installed with curl:
    aptlet lock --explain libssl3 curl";

pub(super) const BAKE: &str = "\
Requests, flags, environment variables and the settings folder are those of 'aptlet install'. The
image has at its root what 'aptlet install' makes at /p, or at --prefix: for an image volume that is
mounted there, or for COPY --from; with --prefix / it is a root file system. The same lock gives the
same digest wherever it is baked; all that is made gets the time in SOURCE_DATE_EPOCH, or that of
the newest package. All belongs to root. Nothing of the target is seen before it is whole.

Examples:
  Push an image of jq and curl for two architectures to a registry:
    aptlet bake jq curl --arch amd64,arm64 -o oci://registry.example/tools:1.0

  Write it into a folder, as an image layout:
    aptlet bake jq curl -o oci:tools:1.0

  Put them on top of an image, which stays as it is:
    aptlet bake jq curl --base-image registry.example/web:1.0 -o oci://registry.example/web-debug:1.0

  Write what a lock pins as a file for 'docker load' or 'podman load':
    aptlet bake --lock aptlet.lock -o docker-archive:tools.tar:tools:1.0

  Write a root file system as a tar file:
    aptlet bake --prefix / --with-essential -o tar:root.tar

  Push aptlet's own image:
    aptlet bake --self -o oci://registry.example/aptlet:0.1";

pub(super) const SBOM: &str = "\
Requests, flags, environment variables and the settings folder are those of 'aptlet lock'. With
neither requests nor --lock on the command line, the bill is that of what is installed in --dest,
which says more: who needs whom, licences, homepages. Both forms are in every tree and image. That
of any image with a dpkg database is printed for oci:DIR[:TAG], oci-archive:FILE[:TAG],
docker-archive:FILE or oci://REGISTRY/REPOSITORY[:TAG] in place of a request.

Examples:
  Write that of what is installed in /p:
    aptlet sbom > tools.spdx.json

  Write that of a lock:
    aptlet sbom --lock aptlet.lock --format cyclonedx > tools.cdx.json

  Write that of an image:
    aptlet sbom oci://registry.example/tools:1.0 > tools.spdx.json";

pub(super) const STATUS: &str = "\
Examples:
  Show what is installed in /p:
    aptlet status

  Show what is installed in another folder:
    aptlet status --dest /srv/tools

  Show which paths in a file were rewritten for the prefix, and which stay and why:
    aptlet status --relocation /usr/bin/git

  Show the same in numbers, for each package:
    aptlet status --relocation /";

pub(super) const VERIFY: &str = "\
Every path of the current generation is compared with what was recorded when it was installed: its
type, permission bits, content (SHA-256) or link target. Differences are printed one a line; the
exit code is 5 if there is any. Nothing vouches for the record itself, which lies in the volume.

Examples:
  Check what is installed in /p:
    aptlet verify

  Check what is installed in another folder:
    aptlet verify --dest /srv/tools";

pub(super) const WATCH: &str = "\
Requests, flags, environment variables and the settings folder are those of 'aptlet install'. The
settings folder is read anew at each change; --dest, --listen and the flags of the log hold from the
start on. What fails is tried again after 5 s, and then after up to 5 minutes; until it succeeds,
what was installed before stays.

Examples:
  Keep /p as the ConfigMap at /etc/aptlet says, and answer probes on port 8081:
    aptlet watch --listen :8081

  Install curl, and its security updates when they come:
    aptlet watch --interval 6h curl";

pub(super) const PROBE: &str = "\
Run it in the container of 'aptlet watch', with the same --dest. It prints one line; the exit code
is 0 for yes and 1 for no.

Examples:
  Ask whether a tree is installed, as a startup or readiness probe:
    aptlet probe

  Ask whether the process still works, as a liveness probe:
    aptlet probe livez";

pub(super) const RENDER: &str = "\
The manifest is that of a Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob or anything else
with a pod template, in YAML or JSON. Comments, order and style stay; what is there of aptlet
already is brought up to date, and a second time changes nothing. Flags and variables of 'aptlet
install', or of 'watch' and 'run' as the mode is, become arguments in the pod. Files (--lock,
--sources, --keyring and so on, and those of --config) become keys of the ConfigMap that
--configmap names. No image of aptlet is published: --image or APTLET_IMAGE names yours, unless
the manifest does already.

Examples:
  Print the pieces for a pod spec:
    export APTLET_IMAGE=registry.example/aptlet:0.1
    aptlet render jq

  Add jq to a Deployment, and apply it:
    aptlet render jq -f deployment.yaml | kubectl apply -f -

  The same with a ConfigMap, so that the packages can be changed without the Deployment:
    aptlet render jq --configmap web-packages -f deployment.yaml

  Make what is in a folder, such as packages and debian.sources, the ConfigMap of a sidecar:
    aptlet render --config ./settings --configmap web-packages --mode sidecar -f deployment.yaml

  Mount an image that 'aptlet bake' has pushed:
    aptlet render --mode image --baked registry.example/tools:1.0 -f deployment.yaml

  Print the values for a chart that depends on aptlet's:
    aptlet render jq curl --helm-values";

pub(super) const SEARCH: &str = "\
Repositories, flags and variables are those of 'aptlet install'. Of each package the newest version
is shown, in the order of the names.

Examples:
  Find what has to do with PDF and text:
    aptlet search pdf text

  Find the packages whose names begin with postgresql:
    aptlet search --names-only ^postgresql";

pub(super) const SHOW: &str = "\
Repositories, flags and variables are those of 'aptlet install'. Every version that they have is
shown, as its index has it, with where that is in APT-Sources.

Examples:
  Show what the sources say of jq:
    aptlet show jq

  Show one version of it:
    aptlet show jq=1.7.1-6";

pub(super) const POLICY: &str = "\
Repositories, pins, flags and variables are those of 'aptlet install'. 'Installed' is what is in the
destination. Without a name, the sources are shown with their priorities.

Examples:
  Show which versions of nginx there are, and which would be installed:
    aptlet policy nginx

  Show what pins make of the sources:
    aptlet policy";

pub(super) const LIST: &str = "\
Packages that were not asked for themselves, but are needed by others, are marked 'automatic', as
apt does. With names or patterns, only what they match is listed; if nothing is, the exit code is 3.

Examples:
  List what is installed in /p:
    aptlet list

  Find out whether libssl3 is installed in another folder, and which version:
    aptlet list --dest /srv/tools 'libssl3*'";

pub(super) const COMPLETIONS: &str = "\
Examples:
  For bash, in every new shell:
    aptlet completions bash > /etc/bash_completion.d/aptlet

  For zsh, in a folder of its fpath:
    aptlet completions zsh > /usr/local/share/zsh/site-functions/_aptlet";

pub(super) const MAN: &str = "\
Examples:
  Write them where 'man aptlet-install' finds them:
    aptlet man /usr/local/share/man/man1";
