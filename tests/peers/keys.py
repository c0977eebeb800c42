"""Throw-away OpenPGP keys, each made once, and what they sign."""

import os
import subprocess
import threading

# By the name that cases use: what gpg is told to make.
KINDS = {
    "main": "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\n",
    "other": "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\n",
    "rsa2048": "Key-Type: rsa\nKey-Length: 2048\nKey-Usage: sign\n",
    "rsa1024": "Key-Type: rsa\nKey-Length: 1024\nKey-Usage: sign\n",
    "rsa4096": "Key-Type: rsa\nKey-Length: 4096\nKey-Usage: sign,cert\n",
    "dsa2048": "Key-Type: dsa\nKey-Length: 2048\n",
    "dsa1024": "Key-Type: dsa\nKey-Length: 1024\n",
    "nistp256": "Key-Type: ecdsa\nKey-Curve: nistp256\nKey-Usage: sign\n",
    "nistp384": "Key-Type: ecdsa\nKey-Curve: nistp384\nKey-Usage: sign\n",
    "nistp521": "Key-Type: ecdsa\nKey-Curve: nistp521\nKey-Usage: sign\n",
    "brainpoolP256r1": "Key-Type: ecdsa\nKey-Curve: brainpoolP256r1\nKey-Usage: sign\n",
    "brainpoolP512r1": "Key-Type: ecdsa\nKey-Curve: brainpoolP512r1\nKey-Usage: sign\n",
    "secp256k1": "Key-Type: ecdsa\nKey-Curve: secp256k1\nKey-Usage: sign\n",
    "subkey": "Key-Type: rsa\nKey-Length: 2048\nKey-Usage: cert\nSubkey-Type: rsa\nSubkey-Length: 2048\nSubkey-Usage: sign\n",
    "revoked": "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\n",
    "sha1self": "Key-Type: rsa\nKey-Length: 2048\nKey-Usage: sign\n",
    "prolonged": "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\nExpire-Date: 20200601T000000\n",
    # made as if by a clock of long ago, so that it has expired
    "expired": "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\nExpire-Date: 20200601T000000\n",
}
AGED = ("expired", "prolonged")
LONG_AGO = ("--faked-system-time", "20200101T000000!")


class Keys:
    """A GnuPG home; keys are made when they are first asked for."""

    def __init__(self, folder):
        self.folder, self.fingerprints, self.lock = folder, {}, threading.RLock()
        # the key `prolonged` as it was
        self.before = b""
        folder.mkdir(mode=0o700)

    def gpg(self, *arguments, data=b""):
        environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(self.folder), "LC_ALL": "C"}
        done = subprocess.run(["gpg", "--batch", "--quiet", "--no-tty", "--yes", *arguments], input=data, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise RuntimeError(f"gpg {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout

    def fingerprint(self, kind="main"):
        with self.lock:
            if kind not in self.fingerprints:
                parameters = f"%no-protection\n{KINDS[kind]}Name-Real: peers {kind}\nName-Email: {kind}@mirror.example\n%commit\n"
                past = LONG_AGO if kind in AGED else ()
                weak = ("--cert-digest-algo", "SHA1") if kind == "sha1self" else ()
                self.gpg(*past, *weak, "--gen-key", data=parameters.encode())
                listed = self.gpg("--with-colons", "--list-keys", f"={'peers'} {kind} <{kind}@mirror.example>").decode()
                self.fingerprints[kind] = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
                if kind == "revoked":
                    self.revoke(kind)
                if kind == "prolonged":
                    self.before = self.gpg("--export", self.fingerprints[kind])
                    self.gpg("--quick-set-expire", self.fingerprints[kind], "0")
            return self.fingerprints[kind]

    def revoke(self, kind):
        """Signs with it are still to be made, so the revoked copy is only what is exported."""
        ready = (self.folder / f"openpgp-revocs.d/{self.fingerprints[kind]}.rev").read_text().replace(":-----", "-----")
        certificate = self.gpg("--dearmor", data=ready[ready.index("-----BEGIN"):].encode())
        own = self.gpg("--export", self.fingerprints[kind])
        # the revocation stands behind the primary key, before the user id
        length = packet_length(own)
        (self.folder / "revoked.gpg").write_bytes(own[:length] + certificate + own[length:])

    def public(self, kind="main", armor=False):
        """The public key, as a keyring."""
        fingerprint = self.fingerprint(kind)
        if kind == "revoked":
            content = (self.folder / "revoked.gpg").read_bytes()
            return self.gpg("--enarmor", data=content).replace(b"ARMORED FILE", b"PUBLIC KEY BLOCK") if armor else content
        return self.gpg(*["--armor"] * armor, "--export", fingerprint)

    def sign(self, content, kind="main", how="--clearsign", options=()):
        """InRelease, or with `--detach-sign` Release.gpg; `kind` may name several, with `+` between."""
        users, past = [], ()
        for one in kind.split("+"):
            users += ["--local-user", self.fingerprint(one) + "!" * (one != "subkey")]
            if one == "expired":
                past = LONG_AGO
        armor = ["--armor"] if how == "--detach-sign" else []
        return self.gpg(*past, *options, *users, *armor, how, data=content)

    def stop(self):
        subprocess.run(["gpgconf", "--homedir", self.folder, "--kill", "all"], check=False)


def packet_length(content):
    """The length of the first packet, header included; gpg exports old headers."""
    width = {0: 1, 1: 2, 2: 4}[content[0] & 3]
    return 1 + width + int.from_bytes(content[1:1 + width], "big")
