"""Stands between a client and the rig's nginx, on plain HTTP and loopback, and writes down every exchange.

  r = Recorder("npc.localhost", rig_port, ca_file)
  r.start()
  ...                            # calls to r.url
  r.exchanges                    # dicts: method, url, request and answer with headers and body
  r.stop()

The Host header is passed on as it came, so that signatures over it stay valid.
"""
import http.client
import http.server
import socket
import ssl
import threading

HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect"}


def exchange(method, url, request_headers, request_body, status, headers, body):
    """One exchange as the validators read it; header names in lower case."""
    return {"method": method, "url": url, "request_headers": {k.lower(): v for k, v in request_headers.items()},
            "request_body": (request_body or b"").decode("utf-8", "replace"), "status": status,
            "headers": {k.lower(): v for k, v in headers.items()}, "body": body.decode("utf-8", "replace")}


class _Upstream(http.client.HTTPSConnection):
    """The rig's host names are this machine, whatever its resolver thinks."""

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


class Recorder:
    def __init__(self, host, port, ca_file):
        self.exchanges = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sent = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
                context = ssl.create_default_context(cafile=ca_file)  # the file need not be there before the first call
                upstream = _Upstream(host, port, timeout=60, context=context)
                try:
                    upstream.request(self.command, self.path, body, sent)
                    r = upstream.getresponse()
                    answer = r.read()
                except (OSError, http.client.HTTPException):
                    self.close_connection = True  # an answer that is lost stays lost
                    return
                finally:
                    upstream.close()
                recorder.exchanges.append(exchange(self.command, recorder.url + self.path, dict(self.headers.items()),
                                                   body, r.status, dict(r.getheaders()), answer))
                self.send_response_only(r.status)
                for name, value in r.getheaders():
                    if name.lower() not in HOP and name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

            def log_message(self, *args):  # nginx keeps the log
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{host}:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def start(self):
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
