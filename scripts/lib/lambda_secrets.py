"""Writes the two secrets of a Lambda deployment; scripts/deploy-lambda runs this and passes the files on.

Usage: lambda_secrets.py FOLDER
Reads what the secrets hold now from FOLDER/runtime.old and FOLDER/operator.old (no file: no secret yet) and new values
from the environment. Writes FOLDER/runtime.json and FOLDER/operator.json, and says what it did without a value.
"""

import base64
import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

KEYS = ["SECRET_KEY", "JWT_SECRET_KEY"]
PREVIOUS = ["SECRET_KEY_PREVIOUS", "JWT_SECRET_KEY_PREVIOUS"]
OPTIONAL = ["APP_DATABASE_URL", "PLATFORM_DATABASE_URL", "OPENAI_API_KEY", "DEEPSEEK_API_KEY", "PINECONE_API_KEY"]


def old(path):
    if not path.exists():
        return {}
    try:
        held = json.loads(path.read_text())
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise SystemExit(f"the secret {path.stem} is not a JSON object of names and values; correct or delete it.")
    return held


def without_login(url):
    """The functions log in as roles of their own, so they need not hold this login."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
        raise SystemExit("DATABASE_URL must be a URL such as postgresql://user:password@host:5432/name")
    query = [(k, v) for k, v in parse_qsl(parts.query) if k not in ("user", "password")]
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query=urlencode(query)).geturl()


def server_keys(endpoints):
    """The variables with keys of the servers that are named."""
    try:
        return [name.upper().replace("-", "_") + "_API_KEY" for name in json.loads(endpoints or "{}").keys()]
    except (AttributeError, ValueError):
        raise SystemExit('ENDPOINTS must be JSON such as {"groq": {}}; see docs/providers.md.') from None


def main(folder):
    given = {name: value for name, value in os.environ.items() if value.strip()}
    runtime, operator = old(folder / "runtime.old"), old(folder / "operator.old")
    url = given.get("DATABASE_URL") or operator.get("DATABASE_URL")
    if not url:
        raise SystemExit("DATABASE_URL is required the first time, with a login that may create roles.")
    for name in KEYS:
        if name in runtime:
            print(f"{name}: kept as it is in the secret")
            if given.get(name, runtime[name]) != runtime[name]:
                print(f"{name}: the one in the environment is another, and was NOT taken")
        elif name in given:
            runtime[name] = given[name]
            print(f"{name}: taken from the environment")
        else:
            runtime[name] = base64.b64encode(os.urandom(48)).decode()
            print(f"{name}: made up")
    runtime["DATABASE_URL"] = without_login(url)
    optional = OPTIONAL + PREVIOUS + server_keys(given.get("ENDPOINTS"))
    runtime.update({name: given[name] for name in optional if name in given})
    operator.update(DATABASE_URL=url, SECRET_KEY=runtime["SECRET_KEY"])
    operator.pop("SECRET_KEY_PREVIOUS", None)
    if "SECRET_KEY_PREVIOUS" in runtime:
        operator["SECRET_KEY_PREVIOUS"] = runtime["SECRET_KEY_PREVIOUS"]
    os.umask(0o077)
    for name, held in ("runtime", runtime), ("operator", operator):
        before = folder / f"{name}.old"
        unchanged = old(before) == held
        (folder / f"{name}.json").write_text(before.read_text() if unchanged else json.dumps(held))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
