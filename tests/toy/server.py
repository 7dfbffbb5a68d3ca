"""A toy exchange of one operation, GET /market/depth/levels, for showing what the document alone brings about."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Toy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query, keep_blank_values=True)
        good = list(asked) == ["limit"] and asked["limit"] in ([str(n)] for n in range(1, 51))
        found = parts.path == "/market/depth/levels"
        status = 404 if not found else 200 if good else 400
        answer = (
            {"code": 0, "data": {"levels": 1}} if status == 200 else {"code": 1, "message": "no"}
        )
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Toy).serve_forever()
