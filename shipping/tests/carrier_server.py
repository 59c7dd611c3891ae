"""A carrier's API on this machine: a real HTTP server that replays recorded answers and writes down what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class CarrierServer:
    """`answers` maps "METHOD /path" to one answer (status, headers, body) or to a list of them, the last of which
    stays, or to a function of what was asked. `asked` has every request as (method and path, headers, query or body)."""

    def __init__(self):
        self.answers, self.asked = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _reply(self):
                url = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key = f"{self.command} {url.path}"
                said = parse_qs(url.query) if not raw else _decoded(raw)
                outer.asked.append((key, {k.lower(): v for k, v in self.headers.items()}, said))
                found = outer.answers.get(key, (404, {}, b"{}"))
                if isinstance(found, list):
                    found = found.pop(0) if len(found) > 1 else found[0]
                status, headers, body = found(said) if callable(found) else found
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _reply

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def count(self, key):
        return sum(asked == key for asked, _, _ in self.asked)


def _decoded(raw):
    try:
        return json.loads(raw)
    except ValueError:
        return parse_qs(raw.decode())
