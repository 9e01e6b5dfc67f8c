"""The service: one that is started here, and what is asked of it, or of any other."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import time
import urllib.parse
from contextlib import contextmanager
from datetime import datetime, timezone

from .sets import Fault

# A change of settings counts within five seconds, at every process.
SETTLED_SECONDS = 6
# Whoever says that it has too much to do is asked again so often.
ATTEMPTS = 30
EMAIL = "eval@example.com"
# Without these there is no vector index.
KEYS_OF_VECTORS = ("ENDPOINTS", "OPENAI_API_KEY", "PINECONE_API_KEY", "INDEX_NAME")


class Tenant:
    """One tenant of a service, as one of its administrators."""

    def __init__(self, base_url, slug, email, password):
        self.url = urllib.parse.urlsplit(base_url)
        self.login = {"tenant": slug, "email": email, "password": password}
        self.token = None
        self.connection = None

    def again(self):
        """The same, by a connection of its own."""
        other = Tenant(self.url.geturl(), self.login["tenant"], self.login["email"], self.login["password"])
        other.token = self.token
        return other

    def ask(self, method, path, body=None):
        """The answer's JSON. Waits where the service says so, and logs in anew where a login has ended."""
        for _ in range(ATTEMPTS):
            answer, said = self.once(method, path, body)
            if answer.status in (429, 503):
                time.sleep(min(float(answer.headers.get("Retry-After") or 1), 60))
            elif answer.status == 401 and path != "/login":
                self.token = self.ask("POST", "/login", self.login)["access_token"]
            elif answer.status >= 400:
                raise Fault(f"{method} {path} was answered {answer.status}: {said.decode(errors='replace')[:500]}")
            else:
                return json.loads(said) if said else None
        raise Fault(f"{method} {path} was refused {ATTEMPTS} times; the last answer was {answer.status}")

    def once(self, method, path, body):
        """The answer and its body, by a connection that is kept. A body that is not JSON comes with its type."""
        given, kept, kind = body, self.connection, "application/json"
        if isinstance(body, tuple):
            body, kind = body
        elif body is not None:
            body = json.dumps(body)
        headers = {"Content-Type": kind}
        if self.token and path != "/login":
            headers["Authorization"] = f"Bearer {self.token}"
        if self.connection is None:
            secure = self.url.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connection = kind(self.url.hostname, self.url.port, timeout=60)
        try:
            self.connection.request(method, self.url.path.rstrip("/") + path, body, headers)
            answer = self.connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException) as cause:
            self.connection = None
            if kept and isinstance(cause, (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected)):
                # It was idle for so long that the service closed it.
                return self.once(method, path, given)
            raise Fault(f"{self.url.netloc} does not answer: {cause}") from cause

    def settings(self):
        """What is set for it."""
        return self.ask("GET", "/tenants/current")

    def keep_vectors(self, provider, model):
        """From when this returns on, vectors are made by that server and kept in PostgreSQL."""
        self.ask("PATCH", "/tenants/current", {"embedding_provider": provider, "embedding_model": model,
                                               "retrieval": {"vectors": "postgres"}})
        time.sleep(SETTLED_SECONDS)

    def wait_for_vectors(self, without=("pending",)):
        """Returns when no document is without its vectors any more."""
        cursor = ""
        while True:
            page = self.ask("GET", f"/documents?limit=100{cursor}")
            while any(document["vectors"] in without for document in page["items"]):
                time.sleep(1)
                page = self.ask("GET", f"/documents?limit=100{cursor}")
            if not page.get("next_cursor"):
                return
            cursor = f"&cursor={page['next_cursor']}"

    def set_threshold(self, min_score):
        """From when this returns on, only passages that fit so well are found."""
        self.ask("PATCH", "/tenants/current", {"retrieval": {"min_score": min_score}})
        time.sleep(SETTLED_SECONDS)

    def embeddings(self):
        """How many calls for vectors it has made today: whether it has a vector index, no setting alone says."""
        today = datetime.now(timezone.utc).date().isoformat()
        report = self.ask("GET", f"/admin/usage?from={today}&to={today}&group_by=operation")
        return sum(row["calls"] for row in report["rows"] if row["operation"] == "embedding")

    def add(self, documents, added):
        """Adds all of them, and to `added` the set's id of each by the service's."""
        for document in documents:
            body = {"title": document["title"][:300], "text": document["text"]}
            answer = self.ask("POST", "/documents", body)
            added[answer["id"]] = document["id"]
            while answer["status"] == "pending":
                time.sleep(0.2)
                answer = self.ask("GET", f"/documents/{answer['id']}")
            if answer["status"] != "ready":
                raise Fault(f"the document {document['id']} was not indexed: {answer.get('error')}")

    def upload(self, name, content):
        """Adds a file; gives the document, which is read later."""
        line = secrets.token_hex(16)
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{line}--\r\n".encode()
        return self.ask("POST", "/documents", (body, f"multipart/form-data; boundary={line}"))

    def remove(self, added):
        """Deletes these documents."""
        for document in added:
            self.ask("DELETE", f"/documents/{document}")

    def search(self, questions, added):
        """The set's ids of the documents that are found for each question, best first, by the question's id. A document is where
        the best of its passages is."""
        found = {}
        for question in questions:
            answer = self.ask("POST", "/documents/search", {"query": question["question"], "top_k": 20})
            found[question["id"]] = list(dict.fromkeys(added[hit["document_id"]] for hit in answer["items"]))
        return found


class Started:
    """The program `parlance` on a database that is there for nothing else."""

    def __init__(self, binary, log, settings=None):
        self.binary, self.log = binary, log
        self.password = secrets.token_urlsafe(24)
        most = "1000000"
        self.env = os.environ | {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "JWT_SECRET_KEY": secrets.token_urlsafe(48),
            # As many questions as there are, one after the other.
            "SEARCHES_PER_MINUTE_BY_USER": most,
            "SEARCHES_PER_MINUTE_BY_TENANT": most,
            "CHANGES_PER_MINUTE_BY_USER": most,
            "CHANGES_PER_MINUTE_BY_TENANT": most,
            "LOGINS_PER_MINUTE_BY_EMAIL": most,
            "LOGINS_PER_MINUTE_BY_ADDRESS": most,
            "LIMITS": "{}",
            "DATABASE_QUEUE_MILLISECONDS": "10000",
        } | (settings or {})
        self.operate("migrate")

    def operate(self, *arguments, said=None):
        """One of the operator's commands."""
        done = subprocess.run(
            [self.binary, *arguments], env=self.env, input=said, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            raise Fault(f"parlance {arguments[0]} failed: {done.stderr[-1000:]}")

    def make_tenant(self, slug):
        """A tenant with a superuser in it."""
        self.operate("create-superuser", "--email", EMAIL, "--tenant", slug, "--password-stdin", said=self.password)

    def tenant(self, base_url, slug):
        """That tenant, as its superuser."""
        return Tenant(base_url, slug, EMAIL, self.password)

    @contextmanager
    def serving(self, vectors):
        """The base URL of a process that serves; without `vectors` it has no key for them."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = self.env | {"PORT": str(port)}
        if not vectors:
            env = {name: value for name, value in env.items() if name not in KEYS_OF_VECTORS}
        with open(self.log, "a") as log:
            process = subprocess.Popen([self.binary, "serve"], env=env, stdout=log, stderr=log)
        try:
            self.wait_until_ready(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()

    def wait_until_ready(self, process, port):
        """Returns with the first 200 of /ready."""
        end = time.monotonic() + 120
        while time.monotonic() < end and process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.1)
        raise Fault(f"the service is not ready; {self.log} says why")
