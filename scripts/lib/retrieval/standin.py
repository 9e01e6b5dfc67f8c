"""A stand-in for whoever makes vectors: OpenAI's embeddings, as far as the service asks for them."""

import base64
import hashlib
import json
from array import array
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

NAME, MODEL = "stand-in", "written"


class Embeddings:
    """Serves on the loopback for as long as it is entered. A text's vector is made of its hash: as far from all others as can be."""

    def __init__(self, numbers):
        self.numbers = numbers

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.numbers = self.numbers
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def settings(self):
        """The service's variables that make it known."""
        base_url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/"
        return {"ENDPOINTS": json.dumps({NAME: {"preset": "ollama", "base_url": base_url, "default_model": MODEL}})}


class Handler(BaseHTTPRequestHandler):
    """Answers each request with as many vectors as it has texts."""

    protocol_version = "HTTP/1.1"
    # Head and body go out as they are written: the second would wait for the first to be acknowledged.
    disable_nagle_algorithm = True

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        data = [{"object": "embedding", "index": at, "embedding": self.vector(text, asked)} for at, text in enumerate(texts)]
        used = sum(len(text) for text in texts) // 4
        body = json.dumps({"object": "list", "data": data, "model": asked["model"],
                           "usage": {"prompt_tokens": used, "total_tokens": used}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def vector(self, text, asked):
        """In the form that was asked for."""
        values = array("f", (byte - 127.5 for byte in hashlib.shake_128(text.encode()).digest(self.server.numbers)))
        return base64.b64encode(values.tobytes()).decode() if asked.get("encoding_format") == "base64" else values.tolist()
