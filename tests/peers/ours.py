"""aptlet, asked for the same."""

from apt import Result, run

# names of files that a settings folder may have, and that both sides read
BASE = "base.status"


class Aptlet:
    """One case's settings folder and destination."""

    def __init__(self, binary, folder, question):
        self.binary, self.folder, self.question = binary, folder, question
        self.config, self.destination = folder / "config", folder / "p"
        self.config.mkdir(parents=True)
        for name, text in question.sources.items():
            (self.config / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, content in question.keyrings.items():
            (self.config / name).write_bytes(content)
        if question.preferences:
            (self.config / "peers.pref").write_text(question.preferences)
        if question.auth:
            (self.config / "auth.conf").write_text(question.auth)
        self.options = ["--arch", question.arch]
        if question.base:
            (folder / BASE).write_bytes(question.base)
            self.options += ["--base", str(folder / BASE)]
        if question.authority:
            self.options += ["--ca-certificate", str(question.authority)]
        if question.recommends:
            self.options += ["--recommends"]
        self.environment = {"http_proxy": question.proxy, "https_proxy": question.proxy} if question.proxy else {}
        if question.client:
            for name, path in zip(("tls.crt", "tls.key"), question.client):
                (self.config / name).write_bytes(path.read_bytes())

    def begin_anew(self):
        """The volume stays, as it does in a cluster."""

    def retries(self):
        return [] if "--retries" in self.question.aptlet_options else ["--retries", "1"]

    def install(self):
        code, said = run([self.binary, "install", "--config", self.config, "--dest", self.destination, "--prefix", "/", *self.retries(), *self.options,
                          *self.question.aptlet_options, *self.question.requests], self.environment)
        return Result(code == 0, f"exit {code}: {said}", self.destination / ".aptlet/current")
