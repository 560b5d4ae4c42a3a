"""Python's http.client against the server at the given address; prints one result a line."""

import http.client
import socket
import sys
import threading
from urllib.parse import urlsplit

PORT = urlsplit(sys.argv[1]).port
LARGE = 20_000_000


def connect():
    return http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)


def ask(connection, method, path, body=None, **options):
    connection.request(method, path, body, **options)
    response = connection.getresponse()
    return response, response.read()


def text(method, path, body=None, connection=None, **options):
    response, read = ask(connection or connect(), method, path, body, **options)
    return f"{response.status} {read.decode()}"


def kept():
    connection = connect()
    sockets = set()
    for _ in range(1000):
        response, _ = ask(connection, "GET", "/hello")
        assert response.status == 200
        # A second connection would have another port.
        sockets.add(connection.sock.getsockname())
    return f"1000 on {len(sockets)} connection"


def concurrent():
    right = []

    def work():
        connection = connect()
        for _ in range(20):
            response, read = ask(connection, "GET", "/wait")
            if response.status == 200 and read == b'{"a":1}':
                right.append(1)

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(right)


def pieces():
    for _ in range(LARGE // 100_000):
        yield b"x" * 100_000


def ignored():
    connection = connect()
    first = text("POST", "/hello", b"x" * LARGE, connection)
    assert connection.sock is not None, "the connection was not kept"
    return f"{first}, {text('GET', '/hello', connection=connection)}"


def early():
    connection = connect()
    connection.putrequest("POST", "/hello")
    connection.putheader("Content-Length", "20")
    connection.endheaders()
    connection.send(b"x" * 10)
    # The answer is there before the second half.
    connection.sock.recv(1, socket.MSG_PEEK)
    connection.send(b"x" * 10)
    response = connection.getresponse()
    return f"{response.status} {response.read().decode()} before the end of the body"


def download():
    response, read = ask(connect(), "GET", "/large")
    return f"{response.status} {len(read)}"


def fault(path):
    try:
        return text("GET", path)
    except (ConnectionResetError, http.client.HTTPException):
        return "error"


def abort_wait():
    connection = connect()
    connection.request("GET", "/slow")
    connection.close()
    return "left"


def abort_body():
    connection = connect()
    connection.request("GET", "/drip")
    response = connection.getresponse()
    response.read(1000)
    response.close()
    connection.close()
    return "left"


def head():
    response, read = ask(connect(), "HEAD", "/hello")
    assert read == b""
    return f"{response.status} {response.getheader('content-length')}"


RESULTS = {
    "get": lambda: text("GET", "/hello"),
    "post_empty": lambda: text("POST", "/size"),
    "post": lambda: text("POST", "/size", b"hello world"),
    "put": lambda: text("PUT", "/size", b"hello world"),
    "head": head,
    "kept": kept,
    "concurrent": concurrent,
    "upload": lambda: text("POST", "/size", b"x" * LARGE),
    "chunked": lambda: text("POST", "/size", pieces(), encode_chunked=True),
    "ignored": ignored,
    "early": early,
    "download": download,
    "reset": lambda: fault("/reset"),
    "cut": lambda: fault("/cut"),
    "abort_wait": abort_wait,
    "abort_body": abort_body,
}

for name, result in RESULTS.items():
    try:
        print(f"{name}: {result()}", flush=True)
    except Exception as error:
        print(f"{name}: {type(error).__name__} {error}", flush=True)
