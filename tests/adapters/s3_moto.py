"""An S3 server that checks signatures and knows conditional writes: moto, with a log of what it was asked.

Run as a program: `python -m tests.adapters.s3_moto LOG`. It prints one line of JSON: its address and credentials.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock, Thread
from typing import Any

OPEN = 3
"""Requests before signatures count: with them the one user is made."""
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def served(log: Path) -> None:
    """Serve until the process is ended."""
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(OPEN)  # read when moto is imported
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
            pass

    guard = Lock()

    def broken_now() -> str:
        """Tell whether this request is the one that fails, and how: before it was carried out, or after."""
        with guard:
            file = log.with_name("broken")
            if not file.exists():
                return ""
            number, how = file.read_text().split()
            if int(number) > 1:
                file.write_text(f"{int(number) - 1} {how}")
                return ""
            file.unlink()
            return how

    application = DomainDispatcherApplication(create_backend_app)

    def counted(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        line = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        size = int(environ.get("CONTENT_LENGTH") or 0)
        broken = broken_now()
        if broken == "before":
            start("503 Slow Down", [("Content-Length", "0")])
            return []
        if broken == "after":
            list(application(environ, lambda *_: None))
            start("500 Internal Server Error", [("Content-Length", "0")])
            return []
        sent = list(application(environ, start))
        with log.open("a") as file:
            file.write(f"{size} {sum(map(len, sent))} {line}\n")
        return sent

    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.port}"
    print(json.dumps({"url": url, **_user(url)}), flush=True)
    sys.stdin.read()  # until whoever started us is gone


def _user(url: str) -> dict[str, str]:
    from botocore.session import Session

    session = Session()
    session.set_credentials("nobody", "nothing")
    iam = session.create_client("iam", region_name="us-east-1", endpoint_url=url)
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    return {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


if __name__ == "__main__":
    served(Path(sys.argv[1]))
