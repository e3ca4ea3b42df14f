"""A time-stamping authority of our own: OpenSSL behind a small server; says why where OpenSSL is missing."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from threading import Thread

import pytest

SETTINGS = """\
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/chain.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
tsa_name = yes
ess_cert_id_alg = sha256
"""
EXTENSIONS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:false\n"
REPLY = "application/timestamp-reply"


class Authority:
    """A root, an authority below it, and how it answers."""

    def __init__(self, folder: Path, name: str = "Test") -> None:
        if which("openssl") is None:
            pytest.skip("OpenSSL is not here (Debian: openssl)")
        self.folder = folder
        self.roots = folder / "ca.pem"
        self.asked: list[str] = []
        """The kinds of content that came in."""
        folder.mkdir(parents=True, exist_ok=True)
        new = ("req", "-newkey", "rsa:2048", "-nodes")
        self._run(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", f"/CN={name} CA", "-days", "30")
        self._run(*new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", f"/CN={name} TSA")
        (folder / "extensions").write_text(EXTENSIONS)
        issued = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions", "-days", "30")
        self._run("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *issued)
        (folder / "chain.pem").write_bytes(self.roots.read_bytes())
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))

    def answer(self, query: bytes) -> bytes:
        """Return the answer to a TimeStampReq."""
        (self.folder / "query").write_bytes(query)
        self._run("ts", "-reply", "-config", "tsa.cnf", "-section", "here", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def stamp(self, data: bytes) -> bytes:
        """Return a time stamp over some bytes, as if somebody had asked."""
        (self.folder / "data").write_bytes(data)
        self._run("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "asked")
        return self.answer((self.folder / "asked").read_bytes())

    def _run(self, *words: str) -> None:
        ran = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr

    @contextmanager
    def served(self, *, status: int = 200, instead: bytes | None = None) -> Iterator[str]:
        """Serve it on this machine, and give its address; `instead` is sent whatever was asked."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # how http.server calls it
                authority.asked.append(self.headers["Content-Type"])
                query = self.rfile.read(int(self.headers["Content-Length"]))
                body = authority.answer(query) if instead is None else instead
                self.send_response(status)
                self.send_header("Content-Type", REPLY)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/tsr"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
