"""Point 9: keys, signatures, certificates, and what changes on a volume."""

import time

from cases import case
from cases.releases import plain
from keys import KINDS
from repository import date

for kind in KINDS:
    for how in ("inline", "detached"):
        @case(f"trust/key-{kind}-{how}", first=kind == "rsa4096" and how == "inline")
        def key(site, kind=kind, how=how):
            plain(site).write(sign=kind, how=how)
            return site.ask(sources=site.source(key=site.keyring(kind)))

for algorithm in ("MD5", "SHA1", "RIPEMD160", "SHA224", "SHA256", "SHA384", "SHA512"):
    @case(f"trust/digest-{algorithm.lower()}")
    def digest(site, algorithm=algorithm):
        options = ["--digest-algo", algorithm, "--allow-weak-digest-algos"]
        plain(site).write(sign="rsa2048", how="detached", options=options)
        return site.ask(sources=site.source(key=site.keyring("rsa2048")))

SIGNERS = {"other-only": "other", "both": "main+other", "both-known-last": "other+main", "good-and-brainpool": "main+brainpoolP256r1"}
for label, kind in SIGNERS.items():
    @case(f"trust/signed-by-{label}")
    def signers(site, kind=kind):
        plain(site).write(sign=kind, how="inline")
        return site.ask()


@case("trust/signed-by-expired-and-good")
def expired_and_good(site):
    """An expired key signs with a clock of its own, so the two signatures are joined here."""
    repository, keys = plain(site).write(how="inline"), site.world.keys
    path = repository.dist / "InRelease"
    text, _, signature = path.read_bytes().partition(b"-----BEGIN PGP SIGNATURE-----\n")
    body = text.partition(b"\n\n")[2].rstrip(b"\n")
    expired = keys.sign(body, "expired", "--detach-sign", ["--textmode"])
    packets = keys.gpg("--dearmor", data=expired) + keys.gpg("--dearmor", data=b"-----BEGIN PGP SIGNATURE-----\n" + signature)
    joined = keys.gpg("--enarmor", data=packets).replace(b"ARMORED FILE", b"SIGNATURE")
    path.write_bytes(text + b"".join(line for line in joined.splitlines(True) if not line.startswith(b"Comment:")))
    ring = site.folder / "both.gpg"
    ring.write_bytes(keys.public() + keys.public("expired"))
    return site.ask(sources=site.source(key=ring))


@case("trust/signed-by-two-both-known")
def both_known(site):
    plain(site).write(sign="main+brainpoolP256r1", how="inline")
    ring = site.folder / "both.gpg"
    ring.write_bytes(site.world.keys.public() + site.world.keys.public("brainpoolP256r1"))
    return site.ask(sources=site.source(key=ring))


@case("trust/good-and-expired-both-known")
def expired_known(site):
    plain(site).write(sign="main", how="inline")
    ring = site.folder / "both.gpg"
    ring.write_bytes(site.world.keys.public() + site.world.keys.public("expired"))
    return site.ask(sources=site.source(key=ring))


# forms of keyrings
def keyring_case(label, make):
    @case(f"trust/keyring-{label}")
    def build(site):
        plain(site).write()
        content, name = make(site.world.keys)
        path = site.folder / name
        path.write_bytes(content)
        return site.ask(sources=site.source(key=path))


def old_ring(keys):
    """As GnuPG 1 and apt-key kept one, with packets of the kind Trust in it."""
    path = keys.folder / "old-ring.gpg"
    # the keys of the run are none of this ring, which a look at their trust would find a failure
    keys.gpg("--no-default-keyring", "--trust-model", "always", "--no-auto-check-trustdb", "--keyring", f"gnupg-ring:{path}", "--import", data=keys.public())
    return path.read_bytes()


RINGS = {
    "binary": lambda keys: (keys.public(), "k.gpg"),
    "armoured": lambda keys: (keys.public(armor=True), "k.asc"),
    "armoured-named-gpg": lambda keys: (keys.public(armor=True), "k.gpg"),
    "binary-named-asc": lambda keys: (keys.public(), "k.asc"),
    "binary-no-suffix": lambda keys: (keys.public(), "k"),
    "armoured-no-suffix": lambda keys: (keys.public(armor=True), "k"),
    "armoured-crlf": lambda keys: (keys.public(armor=True).replace(b"\n", b"\r\n"), "k.asc"),
    "armoured-no-blank-line": lambda keys: (keys.public(armor=True).replace(b"\n\n", b"\n", 1), "k.asc"),
    "armoured-comment": lambda keys: (keys.public(armor=True).replace(b"\n\n", b"\nVersion: GnuPG v1\nComment: x\n\n", 1), "k.asc"),
    "armoured-text-before": lambda keys: (b"The vendor's key:\n\n" + keys.public(armor=True), "k.asc"),
    "armoured-text-after": lambda keys: (keys.public(armor=True) + b"\nEnd of key.\n", "k.asc"),
    "armoured-two-blocks": lambda keys: (keys.public("other", True) + keys.public(armor=True), "k.asc"),
    "armoured-no-checksum": lambda keys: (b"".join(line for line in keys.public(armor=True).splitlines(True) if not line.startswith(b"=")), "k.asc"),
    "armoured-wrong-checksum": lambda keys: (b"".join(b"=AAAA\n" if line.startswith(b"=") else line for line in keys.public(armor=True).splitlines(True)), "k.asc"),
    "armoured-no-line-end": lambda keys: (keys.public(armor=True).rstrip(), "k.asc"),
    "armoured-spaces-at-ends": lambda keys: (keys.public(armor=True).replace(b"\n", b" \n"), "k.asc"),
    "two-binary": lambda keys: (keys.public("other") + keys.public(), "k.gpg"),
    "html": lambda keys: (b"<!DOCTYPE html><html>404</html>\n", "k.gpg"),
    "empty": lambda keys: (b"", "k.gpg"),
    "truncated": lambda keys: (keys.public()[:-20], "k.gpg"),
    "trailing-garbage": lambda keys: (keys.public() + b"garbage here", "k.gpg"),
    "secret-key": lambda keys: (keys.gpg("--export-secret-keys", keys.fingerprint()), "k.gpg"),
    "secret-key-armoured": lambda keys: (keys.gpg("--armor", "--export-secret-keys", keys.fingerprint()), "k.asc"),
    "keybox": lambda keys: (keys.fingerprint() and (keys.folder / "pubring.kbx").read_bytes(), "k.gpg"),
    "of-gnupg-1": lambda keys: (old_ring(keys), "k.gpg"),
    "revoked-beside": lambda keys: (keys.public("revoked") + keys.public(), "k.gpg"),
    "byte-order-mark": lambda keys: (b"\xef\xbb\xbf" + keys.public(armor=True), "k.asc"),
    "signature-in-place": lambda keys: (keys.sign(b"x", how="--detach-sign"), "k.asc"),
}
for label, make in RINGS.items():
    keyring_case(label, make)

# what is signed, and what is not
INLINE = {
    "text-before": lambda text: b"Hello\n" + text,
    "text-after": lambda text: text + b"Hello\n",
    "blank-before": lambda text: b"\n\n" + text,
    "blank-after": lambda text: text + b"\n\n\n",
    "crlf": lambda text: text.replace(b"\n", b"\r\n"),
    "changed": lambda text: text.replace(b"Peers", b"Other", 1),
    "trailing-spaces": lambda text: text.replace(b"Label: Peers\n", b"Label: Peers   \n"),
    "twice": lambda text: text + text,
    "no-blank-after-hash": lambda text: text.replace(b"\n\nOrigin", b"\nOrigin", 1),
    "no-hash-header": lambda text: text.replace(b"Hash: SHA512\n", b"", 1),
    "other-hash-header": lambda text: text.replace(b"Hash: SHA512\n", b"Hash: SHA256\n", 1),
    "two-hash-headers": lambda text: text.replace(b"Hash: SHA512\n", b"Hash: SHA512\nHash: SHA256\n", 1),
    "comment-header": lambda text: text.replace(b"Hash: SHA512\n", b"Hash: SHA512\nComment: x\n", 1),
    "signature-version": lambda text: text.replace(b"SIGNATURE-----\n\n", b"SIGNATURE-----\nVersion: GnuPG v2.0.22 (GNU/Linux)\n\n", 1),
    "signature-removed": lambda text: text.partition(b"-----BEGIN PGP SIGNATURE")[0],
    "no-end-line": lambda text: text.replace(b"-----END PGP SIGNATURE-----\n", b""),
    "no-line-end": lambda text: text.rstrip(b"\n"),
    "signature-no-checksum": lambda text: b"".join(line for line in text.splitlines(True) if not (line.startswith(b"=") and len(line) == 6)),
    "dashes-escaped-needlessly": lambda text: text.replace(b"\nOrigin", b"\n- Origin", 1),
    "nul-after": lambda text: text + b"\0",
    "byte-order-mark": lambda text: b"\xef\xbb\xbf" + text,
    "truncated": lambda text: text[:len(text) // 2],
    "html-before": lambda text: b"<html>\n" + text,
}
for label, change in INLINE.items():
    @case(f"trust/inrelease-{label}")
    def inline(site, change=change):
        repository = plain(site).write(how="inline")
        path = repository.dist / "InRelease"
        path.write_bytes(change(path.read_bytes()))
        return site.ask()

    @case(f"trust/inrelease-{label}-release-beside")
    def inline_fallback(site, change=change):
        repository = plain(site).write()
        path = repository.dist / "InRelease"
        path.write_bytes(change(path.read_bytes()))
        return site.ask()


@case("trust/release-gpg-of-another")
def detached_of_another(site):
    repository = plain(site).write(how="detached")
    repository.put("Release.gpg", site.world.keys.sign(b"other", "main", "--detach-sign"))
    return site.ask()


@case("trust/release-gpg-binary")
def detached_binary(site):
    repository = plain(site).write(how="detached")
    armoured = (repository.dist / "Release.gpg").read_bytes()
    repository.put("Release.gpg", site.world.keys.gpg("--dearmor", data=armoured))
    return site.ask()


@case("trust/release-gpg-two-blocks")
def detached_two(site):
    repository = plain(site).write(how="detached")
    body = (repository.dist / "Release").read_bytes()
    repository.put("Release.gpg", site.world.keys.sign(body, "other", "--detach-sign") + site.world.keys.sign(body, "main", "--detach-sign"))
    return site.ask()


for notation in ("note@mirror.example=x", "!critical@mirror.example=x"):
    @case(f"trust/notation-{'critical' if notation[0] == '!' else 'plain'}")
    def notations(site, notation=notation):
        plain(site).write(how="inline", options=["--sig-notation", notation])
        return site.ask()


@case("trust/signature-expires")
def signature_expires(site):
    plain(site).write(how="inline", options=["--default-sig-expire", "1d"])
    return site.ask()


@case("trust/signature-expired")
def signature_expired(site):
    """It was good for a second, and is asked for again after that."""
    plain(site).write(how="inline", options=["--default-sig-expire", "seconds=1"])
    return site.ask(then=lambda: time.sleep(2))


@case("trust/key-in-trusted-parts")
def trusted_parts(site):
    plain(site).write()
    return site.ask(list=f"deb {site.url} stable main\n", keyrings={"peers.gpg": site.world.keys.public()})


@case("trust/key-in-trusted-parts-asc")
def trusted_parts_asc(site):
    plain(site).write()
    return site.ask(list=f"deb {site.url} stable main\n", keyrings={"peers.asc": site.world.keys.public(armor=True)})


@case("trust/key-in-trusted-parts-wrong-suffix")
def trusted_parts_suffix(site):
    plain(site).write()
    return site.ask(list=f"deb {site.url} stable main\n", keyrings={"peers.asc": site.world.keys.public()})


@case("trust/key-elsewhere-and-signed-by-other")
def not_that_key(site):
    plain(site).write()
    return site.ask(sources=site.source(key=site.keyring("other")), keyrings={"peers.gpg": site.world.keys.public()})


# certificates of servers and clients
def tls(site, port="tls_port", name="localhost"):
    plain(site).write()
    return site.source(uris=f"https://{name}:{getattr(site.servers, port)}/{site.slug}")


@case("trust/tls-authority")
def authority(site):
    return site.ask(sources=tls(site), authority=site.world.work / "tls/ca.crt")


@case("trust/tls-no-authority")
def no_authority(site):
    return site.ask(sources=tls(site))


@case("trust/tls-other-name")
def other_name(site):
    return site.ask(sources=tls(site, name="vm"), authority=site.world.work / "tls/ca.crt")


@case("trust/tls-by-address")
def by_address(site):
    return site.ask(sources=tls(site, name="127.0.0.1"), authority=site.world.work / "tls/ca.crt")


@case("trust/tls-own-certificate")
def own_certificate(site):
    return site.ask(sources=tls(site, "self_port"), authority=site.world.work / "tls/self.crt")


@case("trust/tls-server-certificate-pinned")
def pinned(site):
    return site.ask(sources=tls(site), authority=site.world.work / "tls/server.crt")


@case("trust/tls-client-certificate")
def client(site):
    folder = site.world.work / "tls"
    return site.ask(sources=tls(site, "mutual_port"), authority=folder / "ca.crt", client=(folder / "client.crt", folder / "client.key"))


@case("trust/tls-client-certificate-missing")
def no_client(site):
    return site.ask(sources=tls(site, "mutual_port"), authority=site.world.work / "tls/ca.crt")


# what changes between two runs on one volume
for field in ("Origin", "Label", "Suite", "Codename", "Version", "Description"):
    @case(f"trust/changes-{field.lower()}")
    def changes(site, field=field):
        repository = plain(site)
        repository.write(**{field: "stable"}, Date=date(-1))

        def then():
            repository.write(**{field: "other"})
        return site.ask(then=then)


@case("trust/changes-origin-allowed")
def changes_allowed(site):
    repository = plain(site)
    repository.write(Origin="One", Date=date(-1))

    def then():
        repository.write(Origin="Two")
        # the option of that name is one of `update` alone
        return site.ask(apt_options=("-o", "Acquire::AllowReleaseInfoChange=true"), aptlet_options=("--allow-releaseinfo-change",))
    return site.ask(then=then)


@case("trust/changes-keyring")
def changes_keyring(site):
    """The key is taken out of the keyring."""
    plain(site).write()
    ring = site.keyring()

    def then():
        ring.write_bytes(site.world.keys.public("other"))
    return site.ask(sources=site.source(key=ring), then=then)


@case("trust/login")
def login(site):
    plain(site).write()
    site.nginx("location $here/ { auth_basic x; auth_basic_user_file $root/.users; }")
    (site.folder / ".users").write_text("user:{PLAIN}pass/#?word\n")
    return site.ask(auth=f"machine http://127.0.0.1:{site.servers.port}/{site.slug} login user password pass/#?word\n")


@case("trust/login-missing")
def no_login(site):
    plain(site).write()
    site.nginx("location $here/ { auth_basic x; auth_basic_user_file $root/.users; }")
    (site.folder / ".users").write_text("user:{PLAIN}password\n")
    return site.ask()


@case("trust/login-in-uri")
def login_in_uri(site):
    plain(site).write()
    site.nginx("location $here/ { auth_basic x; auth_basic_user_file $root/.users; }")
    (site.folder / ".users").write_text("user:{PLAIN}pass/word\n")
    return site.ask(sources=site.source(uris=site.url.replace("//", "//user:pass%2Fword@")))
