#!/usr/bin/python3
"""A FastCGI program for tests of the fronts: answers with the parameters it was given, as JSON.

Serves the listening socket on standard input, one request a connection. The first argument is its name;
as "signin" it plays the password check: `sam` with the password `right` is let in (and REMOTE_USER is
then "sam"), `stopped` gets 403, everybody else 401.
"""
import base64
import json
import signal
import socket
import struct
import sys

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def read_exactly(conn, n):
    data = b""
    while len(data) < n:
        part = conn.recv(n - len(data))
        if not part:
            raise ConnectionError("cut off")
        data += part
    return data


def read_request(conn):
    params, body = b"", b""
    while True:
        _, kind, rid, length, padding, _ = struct.unpack("!BBHHBB", read_exactly(conn, 8))
        data = read_exactly(conn, length)
        read_exactly(conn, padding)
        if kind == PARAMS:
            params += data
        elif kind == STDIN:
            body += data
            if not data:
                return rid, pairs(params), body


def pairs(data):
    """[(name, value)] in the order sent: a name that comes twice must be seen twice."""
    out, at = [], 0

    def length():
        nonlocal at
        if data[at] < 128:
            at += 1
            return data[at - 1]
        at += 4
        return struct.unpack("!I", data[at - 4:at])[0] & 0x7FFFFFFF

    while at < len(data):
        n, v = length(), length()
        out.append((data[at:at + n].decode("latin-1"), data[at + n:at + n + v].decode("utf-8", "replace")))
        at += n + v
    return out


def answer(conn, rid, text):
    for i in range(0, len(text), 32768):
        part = text[i:i + 32768]
        conn.sendall(struct.pack("!BBHHBB", 1, STDOUT, rid, len(part), 0, 0) + part)
    conn.sendall(struct.pack("!BBHHBB", 1, STDOUT, rid, 0, 0, 0))
    conn.sendall(struct.pack("!BBHHBB", 1, END, rid, 8, 0, 0) + b"\0" * 8)


def signin(params):
    given = dict(params).get("HTTP_AUTHORIZATION", "")
    try:
        name, _, password = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        name = password = ""
    if name.lower() == "sam" and password == "right":
        return ("Status: 200 OK\r\nX-Remote-User: sam\r\nX-Remote-Mail: sam@example.test\r\n"
                "X-Remote-Name: Sam Example\r\nX-Remote-Groups: staff\r\n\r\n")
    if name == "stopped":
        return "Status: 403 Forbidden\r\n\r\n"
    return 'Status: 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Connected Projects", charset="UTF-8"\r\n\r\n'


def main():
    name = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.socket(fileno=0)
    while True:
        conn, _ = listener.accept()
        with conn:
            try:
                rid, params, body = read_request(conn)
            except ConnectionError:
                continue
            if name == "signin":
                text = signin(params)
            else:
                text = "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n" + json.dumps(
                    {"program": name, "params": params, "body": body.decode("utf-8", "replace")})
            try:
                answer(conn, rid, text.encode())
            except OSError:
                continue


if __name__ == "__main__":
    main()
