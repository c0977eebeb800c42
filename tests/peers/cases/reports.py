"""What people reported of repositories and packages that real programs made and real servers gave out, as far as no other file has it."""

import bz2
import gzip
import lzma
import tarfile

from cases import case
from cases.archives import BINARY, CONTROL, FILE, by_path, control, data, entry, served
from cases.releases import plain
from debs import gzipped, tar
from repository import date, digest

# --- Release files, by the program or vendor that wrote such a one -----------------------------------------------
RELEASES = {
    # an Architectures that goes on without a blank in front
    "proxysql-architectures-on-two-lines": lambda body: body.replace(b"Architectures: amd64\n", b"Architectures: amd64\narm64\n"),
    # a field whose line end was forgotten, so that the digests that follow are its own
    "gitea-field-joined-to-digests": lambda body: body.replace(b"MD5Sum:\n", b"Acquire-By-Hash: yesMD5Sum:\n"),
    "nginx-digests-without-colon": lambda body: body.replace(b"SHA256:\n", b"SHA256\n"),
    "nginx-weak-digests-without-colon": lambda body: body.replace(b"MD5Sum:\n", b"MD5Sum\n"),
    "rpgp-empty-line-before-signature": lambda body: body + b"\n",
    "rpgp-empty-line-first": lambda body: b"\n" + body,
    "elastic-architectures-of-rpm": lambda body: body.replace(b"Architectures: amd64\n", b"Architectures: noarch x86_64\n"),
    "bintray-architecture-of-another": lambda body: body.replace(b"Architectures: amd64\n", b"Architecture: i386\n"),
    "cvmfs-singular-fields": lambda body: body.replace(b"Architectures:", b"Architecture:").replace(b"Components:", b"Component:"),
    "artipie-month-before-day": lambda body: dated(body, b"Mon, Jan 08 2024 15:24:22 +0000"),
    "nexus-weekday-with-dot": lambda body: dated(body, b"Thu., 09 May 2024 06:03:43 GMT"),
    "shell-zone-of-the-machine": lambda body: dated(body, b"Mon, 19 Jun 2017 12:17:34 +0800"),
    "hwraid-components-of-its-own": lambda body: body.replace(b"Components: main", b"Components: hwraid"),
    "components-on-lines": lambda body: body.replace(b"Components: main", b"Components:\n main\n extra"),
    "digests-with-sizes-first": lambda body: b"\n".join(
        b" %s %s %s" % (line.split()[1], line.split()[0], line.split()[2]) if line.startswith(b" ") else line for line in body.split(b"\n")),
    "digests-with-a-blank-line-between": lambda body: body.replace(b"SHA256:\n", b"\nSHA256:\n"),
    "digests-of-a-star": lambda body: body.replace(b" main/binary-amd64/Packages\n", b" *main/binary-amd64/Packages\n"),
    "only-gz-and-sizes-padded": lambda body: b"\n".join(
        b" %s %20s %s" % tuple(line.split()) if line.startswith(b" ") else line for line in body.split(b"\n")),
}


def dated(body, value):
    return b"".join(b"Date: " + value + b"\n" if line.startswith(b"Date:") else line for line in body.splitlines(True))


for label, change in RELEASES.items():
    @case(f"report/release-{label}")
    def release(site, change=change):
        plain(site).write(release=change)
        return site.ask()


@case("report/release-of-prm-debs-in-dists")
def prm(site):
    """prm keeps packages beside their index, and names them by a path that begins at the root."""
    repository = site.repository()
    for deb in (site.deb("tool", Depends="lib"), site.deb("lib")):
        repository.add(deb, filename=f"dists/stable/main/binary-amd64/{deb.filename}")
    repository.write(how="detached", digests=("MD5Sum", "SHA1", "SHA256"))
    return site.ask()


@case("report/release-by-hash-of-a-weaker-digest")
def by_hash(site):
    """SHA-512 is the strongest that the Release has, by-hash has SHA-256 only, and the index itself is newer."""
    repository = plain(site).write(by_hash=True, Acquire_By_Hash="yes", digests=("MD5Sum", "SHA256", "SHA512"))
    stale(repository)
    return site.ask()


@case("report/release-by-hash-index-renewed")
def by_hash_renewed(site):
    """As at a registry that writes an index anew after each upload, and is asked in between: by-hash still has what was promised."""
    repository = plain(site).write(by_hash=True, Acquire_By_Hash="yes")
    stale(repository)
    return site.ask()


def stale(repository):
    """The indexes are other ones than those of the Release."""
    for form, pack in (("", bytes), (".gz", gzip.compress)):
        (repository.dist / f"main/binary-amd64/Packages{form}").write_bytes(pack(b"Package: other\n"))


@case("report/release-one-form-is-stale")
def one_form(site):
    """A CDN that has the old Packages.gz, and the right Packages."""
    repository = plain(site).write()
    (repository.dist / "main/binary-amd64/Packages.gz").write_bytes(gzip.compress(b"Package: other\n"))
    return site.ask()


@case("report/release-one-component-of-one-architecture")
def forgotten_index(site):
    """The Release promises a component, and no index of it for this architecture."""
    repository = plain(site, components=("main", "extra")).write(only=("main/binary-amd64/Packages",))
    assert repository.dist.joinpath("extra/binary-amd64/Packages").exists()
    return site.ask(sources=site.source(components="main extra"))


# --- indexes -----------------------------------------------------------------------------------------------------
def index(label):
    """A case of one function, which adds to an ordinary repository."""
    def add(change):
        @case(f"report/index-{label}")
        def build(site):
            repository = plain(site)
            return change(site, repository) or (repository.write(), site.ask())[1]
        return build
    return add


@index("artifactory-stanza-of-digests")
def digests_alone(_, repository):
    repository.stanza(b"Filename: pool/x.deb\nSHA1: " + b"a" * 40 + b"\nSHA256: " + b"a" * 64 + b"\nSize: 48905302\n")


@index("aptly-description-takes-the-next-stanza")
def joined(site, repository):
    """No empty line between two stanzas: the second is a part of the first."""
    two = [site.deb("odd", "1.0"), site.deb("next", "2.0")]
    stanzas = [deb.control + f"Filename: pool/{deb.filename}\nSize: {len(deb.content)}\nSHA256: {digest('SHA256', deb.content)}\n".encode() for deb in two]
    for deb in two:
        (repository.root / "pool").mkdir(exist_ok=True)
        (repository.root / "pool" / deb.filename).write_bytes(deb.content)
    repository.stanza(stanzas[0] + b" 2678 bytes,    21 lines   *  postinst             #!/bin/sh\n" + stanzas[1])


@index("nexus-redeployed-old-digest-last")
def redeployed(site, repository):
    """One version was uploaded twice, the index has both, and only the newer file is there."""
    old, new = site.deb("twice", mark="old"), site.deb("twice", mark="new")
    repository.add(old, filename="pool/twice.deb")
    old_stanza = repository.stanzas["main", "amd64"].pop()
    repository.add(new, filename="pool/twice.deb").stanza(old_stanza)
    repository.write()
    return site.ask("twice")


@index("nexus-redeployed-old-digest-first")
def redeployed_first(site, repository):
    repository.add(site.deb("twice", mark="old"), filename="pool/twice.deb").add(site.deb("twice", mark="new"), filename="pool/twice.deb").write()
    return site.ask("twice")


@index("doca-names-what-is-not-there")
def missing_beside(site, repository):
    repository.add(site.deb("odd"), place="elsewhere/odd.deb")


@index("pulp-key-in-place-of-stanzas")
def key_inside(site, repository):
    repository.stanzas["main", "amd64"] = [site.world.keys.public(armor=True)]


@index("bintray-empty-relations")
def empty_relations(site, repository):
    """Each relation field is there, and most are empty."""
    names = ("Pre-Depends", "Recommends", "Suggests", "Conflicts", "Replaces", "Breaks", "Enhances")
    repository.add(site.deb("docli", Provides="docli"), raw=lambda stanza: stanza + b"Depends:\n" + b"".join(f"{name}:\n".encode() for name in names))
    repository.write()
    return site.ask("docli")


@index("vscode-white-line-in-description")
def white_line(site, repository):
    repository.add(site.deb("code"), raw=lambda stanza: stanza + b"X-Description: Code editing.\n Redefined.\n \n More.\n")
    repository.write()
    return site.ask("code")


@index("fpm-depends-on-a-path")
def path_needed(_, repository):
    repository.stanza(b"Package: fromrpm\nVersion: 1.0\nArchitecture: amd64\nDepends: /bin/sh, lib\nFilename: x\nSize: 1\nSHA256: " + b"a" * 64 + b"\n")


@index("rpm-architectures-in-stanzas")
def noarch(site, repository):
    repository.add(site.deb("odd"), Architecture="noarch")


@index("essential-no-and-empty-fields")
def essential_no(site, repository):
    repository.add(site.deb("odd", Essential="no"), Homepage="", Bugs="", Task="", Tag="").write()
    return site.ask("odd")


@index("size-of-the-unpacked")
def wrong_size(site, repository):
    """A registry that takes the size of what is in the package for the size of the package."""
    repository.add(site.deb("odd"), Size="9" * 9)


@index("two-architectures-all-in-each")
def all_in_each(site, repository):
    """The same package of architecture all, once in each component."""
    repository.components.append("extra")
    shared = site.deb("shared", arch="all")
    repository.add(shared).add(shared, component="extra").write()
    return site.ask("shared", sources=site.source(components="main extra"))


@index("filename-percent-encoded-already")
def encoded(site, repository):
    """The index has the name as a URL has it, and the file its own."""
    repository.add(site.deb("odd", "1.0+b1"), filename="pool/odd_1.0%2Bb1_amd64.deb", place="pool/odd_1.0+b1_amd64.deb").write()
    return site.ask("odd")


@index("filename-is-a-url")
def full_url(site, repository):
    repository.add(site.deb("odd"), filename=f"{site.url}/pool/odd.deb", place="pool/odd.deb").write()
    return site.ask("odd")


@index("filename-backslashes")
def backslashes(site, repository):
    """dpkg-scanpackages on Windows."""
    repository.add(site.deb("odd"), filename="pool\\odd.deb", place="pool/odd.deb").write()
    return site.ask("odd")


# --- packages ----------------------------------------------------------------------------------------------------
PLAIN_CONTROL = tar([("./control", CONTROL)])
ARCHIVES = {
    # zlib passes what is no gzip through
    "gz-is-plain": [BINARY, control(), ("data.tar.gz", tar([FILE]))],
    "control-gz-is-plain": [BINARY, ("control.tar.gz", PLAIN_CONTROL), data()],
    "gz-is-xz": [BINARY, control(), ("data.tar.gz", lzma.compress(tar([FILE])))],
    "gz-is-bz2": [BINARY, control(), ("data.tar.gz", bz2.compress(tar([FILE])))],
    "control-gz-is-bz2": [BINARY, ("control.tar.gz", bz2.compress(PLAIN_CONTROL)), data()],
    "xz-is-gz": [BINARY, control(), ("data.tar.xz", gzipped(tar([FILE])))],
    "xz-is-lzma": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE]), format=lzma.FORMAT_ALONE))],
    "bz2-zeros-after": [BINARY, control(), ("data.tar.bz2", bz2.compress(tar([FILE])) + b"\0" * 64)],
    "bz2-two-streams": [BINARY, control(), ("data.tar.bz2", bz2.compress(tar([FILE])[:512]) + bz2.compress(tar([FILE])[512:]))],
    "xz-garbage-after": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE])) + b"garbage")],
    "xz-one-zero-after": [BINARY, control(), ("data.tar.xz", lzma.compress(tar([FILE])) + b"\0")],
    "lzma-garbage-after": [BINARY, control(), ("data.tar.lzma", lzma.compress(tar([FILE]), format=lzma.FORMAT_ALONE) + b"garbage")],
    "bsd-names": [BINARY, ("#1/16", b"control.tar.gz\0\0" + control()[1]), ("#1/12", b"data.tar.gz\0" + data()[1])],
    "paragraph-in-description": [BINARY, control(CONTROL + b"\n more of it\n"), data()],
    "paragraph-of-text-in-description": [BINARY, control(CONTROL + b"\nmore of it: a colon\n"), data()],
    "description-not-indented": [BINARY, control(CONTROL.rstrip() + b" has\nflexibility, functionality and speed.\n"), data()],
    "depends-on-a-path": [BINARY, control(CONTROL + b"Depends: /bin/sh\n"), data()],
    "depends-empty": [BINARY, control(CONTROL + b"Depends:\nPre-Depends: \nProvides:\n"), data()],
    "priority-and-section-of-fpm": [BINARY, control(CONTROL + b"Section: default\nPriority: extra\nLicense: unknown\nVendor: root@host\nHomepage: http://mirror.example/no-uri-given\n"), data()],
    "owner-wheel": [BINARY, control(), data((entry("./usr/share/peers/tool", uname="root", gname="wheel"), b"x\n"))],
    "apple-double": [BINARY, control(), data(FILE, ("./usr/share/peers/._tool", b"\0\5\x16\7"))],
    "hard-link-to-link": [BINARY, control(), data(FILE, (entry("./usr/share/peers/a", tarfile.SYMTYPE, "tool"), None),
                                                  (entry("./usr/share/peers/b", tarfile.LNKTYPE, "./usr/share/peers/a"), None))],
    "hard-link-chain": [BINARY, control(), data(FILE, (entry("./usr/share/peers/a", tarfile.LNKTYPE, "./usr/share/peers/tool"), None),
                                                (entry("./usr/share/peers/b", tarfile.LNKTYPE, "./usr/share/peers/a"), None))],
    "hard-link-with-size": [BINARY, control(), data(FILE, (entry("./usr/share/peers/hard", tarfile.LNKTYPE, "./usr/share/peers/tool"), b""))],
    "folder-mode-none": [BINARY, control(), data(("./usr/share/peers", None), FILE, (entry("./usr/share/closed/", tarfile.DIRTYPE, mode=0), None))],
    "folder-mode-group-writable": [BINARY, control(), data((entry("./usr/share/wide", tarfile.DIRTYPE, mode=0o777), None), FILE)],
    "file-mode-all": [BINARY, control(), data((entry("./usr/share/peers/tool", mode=0o777), b"x\n"))],
    "sticky-folder": [BINARY, control(), data((entry("./usr/share/sticky", tarfile.DIRTYPE, mode=0o1777), None), FILE)],
    "dot-without-slash-names": [BINARY, control(name="control"), data((".", None), ("./usr", None), FILE)],
    "nested-deb": [BINARY, control(), data(FILE, ("./usr/share/peers/inner.deb", b"!<arch>\n"))],
    "name-of-spaces-and-quotes": [BINARY, control(), data(FILE, ("./usr/share/peers/it's \"a\" file", b"x\n"))],
    "name-of-emoji": [BINARY, control(), data(FILE, ("./usr/share/peers/" + "\u00e9".encode().decode("latin-1"), b"x\n"))],
    "control-in-crlf-with-continuation": [BINARY, control(CONTROL.replace(b"\n", b"\r\n") + b" more\r\n .\r\n even more\r\n"), data()],
    "control-with-tabs": [BINARY, control(CONTROL + b"\tmore\n\t.\n\tand more\n"), data()],
    "control-with-white-line": [BINARY, control(CONTROL + b" more\n \n and more\n"), data()],
    "md5sums-of-crlf": [BINARY, control(more=[("./md5sums", b"0" * 32 + b"  usr/share/peers/tool\r\n")]), data()],
    "control-two-folders-deep": [BINARY, ("control.tar.gz", gzipped(tar([("./", None), ("././control", CONTROL)]))), data()],
    "version-2.0-crlf": [("debian-binary", b"2.0\r\n"), control(), data()],
}
for label, members in ARCHIVES.items():
    case(f"report/deb-{label}")(lambda site, members=members: served(site, members))
    if label.startswith(("paragraph", "description", "depends", "control", "priority", "version")):
        case(f"report/deb-{label}-by-path")(lambda site, members=members: by_path(site, members))


@case("report/deb-same-file-in-two-packages")
def same_file(site):
    """Of which neither replaces the other; both have the same bytes."""
    one = [BINARY, control(), data(FILE, ("./usr/share/peers/LICENSE", b"MIT\n"))]
    text = CONTROL.replace(b"tool\n", b"user\n", 1)
    # a package of which every file is another's disappears
    other = [BINARY, control(text), data(("./usr/share/peers/LICENSE", b"MIT\n"), ("./usr/share/peers/user", b"user\n"))]
    site.repository().add(site.raw_deb(CONTROL, one)).add(site.raw_deb(text, other, name="user")).write()
    return site.ask("tool", "user")


# --- keys --------------------------------------------------------------------------------------------------------
@case("report/key-file-with-colons")
def colons(site):
    """As the Open Build Service names what it hands out."""
    plain(site).write()
    path = site.folder / "isv:vendor:stable.gpg"
    path.write_bytes(site.world.keys.public())
    return site.ask(sources=site.source(key=path))


@case("report/key-of-old-self-signature")
def sha1_self(site):
    """A key whose own name it signed with SHA-1, as those of before 2014."""
    plain(site).write(sign="sha1self")
    return site.ask(sources=site.source(key=site.keyring("sha1self")))


@case("report/key-without-name")
def no_user_id(site):
    """keys.openpgp.org gives out keys without a user ID, where nobody has confirmed one."""
    plain(site).write()
    content = site.world.keys.public()
    path = site.folder / "bare.gpg"
    path.write_bytes(content[:packet_end(content)])
    return site.ask(sources=site.source(key=path))


def packet_end(content):
    from keys import packet_length  # pylint: disable=import-outside-toplevel
    return packet_length(content)


@case("report/key-with-length-of-four")
def four_bytes(site):
    """A packet header with a length of four bytes, as some programs write each."""
    plain(site).write()
    content = site.world.keys.public()
    end = packet_end(content)
    length = 1 + {0: 1, 1: 2, 2: 4}[content[0] & 3]
    path = site.folder / "four.gpg"
    path.write_bytes(bytes([content[0] & 0xFC | 2]) + (end - length).to_bytes(4, "big") + content[length:])
    return site.ask(sources=site.source(key=path))


@case("report/key-expired-and-prolonged-in-one-file")
def prolonged(site):
    """A vendor's key as it was, with an end that has passed, and as it is now, one after the other."""
    plain(site).write(sign="prolonged")
    path = site.folder / "both.gpg"
    path.write_bytes(site.world.keys.before + site.world.keys.public("prolonged"))
    return site.ask(sources=site.source(key=path))


@case("report/key-prolonged-and-expired-in-one-file")
def prolonged_first(site):
    plain(site).write(sign="prolonged")
    path = site.folder / "both.gpg"
    path.write_bytes(site.world.keys.public("prolonged") + site.world.keys.before)
    return site.ask(sources=site.source(key=path))


@case("report/key-expired-before-it-was-prolonged")
def expired_copy(site):
    """Only the copy of before."""
    plain(site).write(sign="prolonged")
    path = site.folder / "old.gpg"
    path.write_bytes(site.world.keys.before)
    return site.ask(sources=site.source(key=path))


# --- lists -------------------------------------------------------------------------------------------------------
LISTS = {
    "puppet-two-brackets": "deb [    ] [signed-by={key}] {url} stable main",
    "options-comma-between": "deb [arch=amd64,signed-by={key}] {url} stable main",
    "options-space-around-equals": "deb [arch = amd64 signed-by={key}] {url} stable main",
    "uri-in-angle-brackets": "deb [signed-by={key}] <{url}> stable main",
    "release-left-out": "deb [signed-by={key}] {url} main",
    "shell-variable-left": "deb [signed-by={key}] {url} $(lsb_release -cs) main\ndeb [signed-by={key}] {url} stable main",
    "no-break-space": "deb [signed-by={key}] {url}\u00a0stable main",
    "two-on-a-line": "deb [signed-by={key}] {url} stable main deb-src [signed-by={key}] {url} stable main",
    "semicolon": "deb [signed-by={key}] {url} stable main;",
}
for label, text in LISTS.items():
    @case(f"report/list-{label}")
    def one_line(site, text=text):
        plain(site).write()
        return site.ask(list=text.format(key=site.key, url=site.url) + "\n")

SOURCES = {
    "extrepo-suite": lambda source: source.replace("Suites:", "Suite:"),
    "uri": lambda source: source.replace("URIs:", "URI:"),
    "type": lambda source: source.replace("Types:", "Type:"),
    "component": lambda source: source.replace("Components:", "Component:"),
    "upper-uris": lambda source: source.replace("URIs:", "Uris:"),
    "suites-with-comma": lambda source: source.replace("stable", "stable,"),
    "components-with-comma": lambda source: source.replace("main", "main, extra", 1).replace("main, extra.gpg", "main.gpg"),
    "architecture": lambda source: source + "Architecture: amd64\n",
    "signed-by-in-quotes": lambda source: source.replace("Signed-By: ", 'Signed-By: "').rstrip() + '"\n',
    "signed-by-file-uri": lambda source: source.replace("Signed-By: ", "Signed-By: file://"),
    "suite-with-slash-and-components": lambda source: source.replace("Suites: stable", "Suites: stable/"),
    "stanza-after-text": lambda source: "Enabled: yes\n\n" + source,
    "one-line-inside": lambda source: "deb http://127.0.0.1:9/debian stable main\n\n" + source,
    "comment-with-blank-in-front": lambda source: " # a comment\n" + source,
}
for label, change in SOURCES.items():
    @case(f"report/sources-{label}")
    def stanza(site, change=change):
        plain(site).write()
        return site.ask(sources=change(site.source()))


# --- servers -----------------------------------------------------------------------------------------------------
def store_with_one_login(handler, rest):
    """An object store behind a signed URL, which takes one way of logging in only."""
    return 400 if handler.headers.get("Authorization") else None


@case("report/server-login-not-for-the-store")
def login_and_store(site):
    """A registry that wants a login, and redirects to a store that refuses whoever shows one."""
    plain(site).write()
    site.answer("", store_with_one_login)
    target = f"{site.odd}$path?X-Amz-Algorithm=x&X-Amz-Signature=y"
    (site.folder / ".users").write_text("user:{PLAIN}password\n")
    site.nginx(f"location $here/ {{ auth_basic x; auth_basic_user_file $root/.users; if ($uri ~ ^$here(.*)$) {{ set $path $1; }} "
               f"try_files /none @store{site.slug}; }} location @store{site.slug} {{ return 302 {target}; }}")
    return site.ask(auth=f"machine 127.0.0.1 login user password password\n")


DATES = {"zone": "Tue, 16 Apr 2019 12:00:00 CEST", "empty": "", "iso": "2019-04-16T12:00:00Z", "future": date(400).replace("UTC", "GMT"),
         "epoch": "Thu, 01 Jan 1970 00:00:00 GMT", "offset": "Tue, 16 Apr 2019 12:00:00 +0200"}
for label, value in DATES.items():
    @case(f"report/server-last-modified-{label}")
    def last_modified(site, value=value):
        plain(site).write()

        def answer(handler, rest):
            file = site.folder / rest
            return (200, {"Last-Modified": value}, file.read_bytes()) if file.is_file() else 404
        site.answer("", answer)
        return site.ask(sources=site.source(uris=site.odd))


@case("report/server-github-releases")
def github(site):
    """A flat repository among the files of a release: `latest` leads to a tag, and that to a store."""
    plain(site, flat="./").write()
    site.nginx("location ~ ^$here/releases/latest/download/(.*)$ { return 302 $here/releases/download/v1/$1; } "
               "location ~ ^$here/releases/download/v1/(.*)$ { return 302 $here/$1?sp=r&sv=2018-11-09&sig=a%2Bb%3D&rscd=attachment%3B+filename%3D$1; }")
    return site.ask(list=site.line(rest=f"{site.url}/releases/latest/download/ ./"))


@case("report/server-path-style-query-of-php")
def php(site):
    """A script that serves files by its path."""
    plain(site).write()
    site.nginx("location ~ ^$here/index.php(/.*)$ { alias $root$1; }")
    return site.ask(sources=site.source(uris=f"{site.url}/index.php"))
