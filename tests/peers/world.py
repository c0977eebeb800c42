"""What all cases share: keys, packages, servers; and the place of each case."""

import re
from dataclasses import dataclass, field

from debs import Workshop
from keys import Keys
from repository import Repository
from servers import Servers


@dataclass
class Question:
    """What apt and aptlet are asked for."""

    # by file name, *.sources or *.list
    sources: dict
    requests: tuple = ("tool",)
    preferences: str = ""
    # by file name, what is in trusted.gpg.d
    keyrings: dict = field(default_factory=dict)
    auth: str = ""
    # a dpkg status of what is there already
    base: bytes = b""
    proxy: str = ""
    authority: str = ""
    # certificate and key with which the client presents itself
    client: tuple = ()
    arch: str = "amd64"
    recommends: bool = False
    apt_options: tuple = ()
    aptlet_options: tuple = ()
    # what changes between a first run of both and the one that is compared
    then: object = None


class World:
    def __init__(self, work):
        self.work = work
        for folder in ("sites", "cases"):
            (work / folder).mkdir()
        self.keys, self.debs = Keys(work / "gnupg"), Workshop(work / "debs")
        self.servers = Servers(work)
        (work / "main.gpg").write_bytes(self.keys.public())

    def site(self, name):
        return Site(self, name)

    def stop(self):
        self.servers.stop()
        self.keys.stop()


class Site:
    """The place of one case: a folder, and the URLs under which it is served."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
        self.folder = world.work / "sites" / self.slug
        self.folder.mkdir()
        self.servers = world.servers
        self.url = f"http://127.0.0.1:{self.servers.port}/{self.slug}"
        self.https = f"https://localhost:{self.servers.tls_port}/{self.slug}"
        self.odd = f"http://127.0.0.1:{self.servers.odd_port}/{self.slug}"
        self.dead = f"http://127.0.0.2:{self.servers.dead_port}/{self.slug}"
        self.file = f"file:{self.folder}"

    def deb(self, *arguments, **more):
        return self.world.debs.deb(*arguments, **more)

    def raw_deb(self, *arguments, **more):
        return self.world.debs.raw(*arguments, **more)

    def repository(self, *arguments, **more):
        return Repository(self, *arguments, **more)

    def nginx(self, text):
        """Lines for nginx's server; $here is this case's place in URLs, $root its folder."""
        self.servers.snippets.append(text.replace("$here", f"/{self.slug}").replace("$root", str(self.folder)))

    def answer(self, pattern, what):
        """What the odd server answers where the path after the case's own matches: a status, `(status, headers, body)`,
        or a function of the handler and the path."""
        self.servers.rules.setdefault(self.slug, []).append((re.compile(pattern), what))

    def keyring(self, kind="main", armor=False):
        """The path of a keyring of this case."""
        path = self.folder / f"{kind}.{'asc' if armor else 'gpg'}"
        path.write_bytes(self.world.keys.public(kind, armor))
        return path

    @property
    def key(self):
        return self.world.work / "main.gpg"

    def source(self, uris=None, suites="stable", components="main", key=None, types="deb", **more):
        """A stanza in deb822. A field of None is left out; an empty `key` leaves out Signed-By."""
        text = {"Types": types, "URIs": self.url if uris is None else uris, "Suites": suites, "Components": components,
                "Signed-By": self.key if key is None else key or None}
        text |= {name.replace("_", "-"): value for name, value in more.items()}
        return "".join(f"{name}: {value}\n" for name, value in text.items() if value is not None)

    def line(self, options="", rest=None):
        """A one-line source, with Signed-By in its options."""
        rest = f"{self.url} stable main" if rest is None else rest
        return f"deb [{f'{options} ' if options else ''}signed-by={self.key}] {rest}\n"

    def ask(self, *requests, sources=None, list=None, **more):  # pylint: disable=redefined-builtin
        """The question, with this case's one ordinary source if nothing else is given."""
        files = {"peers.list": list} if list is not None else \
            sources if isinstance(sources, dict) else {"peers.sources": self.source() if sources is None else sources}
        return Question(files, requests or ("tool",), **more)
