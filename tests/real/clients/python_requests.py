"""Python's requests against the server at the given address; prints one result a line."""

import sys
from concurrent.futures import ThreadPoolExecutor

import requests

URL = sys.argv[1].rstrip("/")
LARGE = 20_000_000
session = requests.Session()


def text(method, path, body=None, **options):
    response = session.request(method, URL + path, data=body, timeout=30, **options)
    return f"{response.status_code} {response.text}"


def kept():
    own = requests.Session()
    own.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=1))
    for _ in range(1000):
        assert own.get(URL + "/hello", timeout=30).status_code == 200
    pools = own.get_adapter(URL).poolmanager.pools
    return f"1000 on {pools[next(iter(pools.keys()))].num_connections} connection"


def concurrent():
    own = requests.Session()
    own.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=50))

    def work(_):
        return own.get(URL + "/wait", timeout=30).json() == {"a": 1}

    with ThreadPoolExecutor(50) as pool:
        return sum(pool.map(work, range(1000)))


def pieces():
    for _ in range(LARGE // 100_000):
        yield b"x" * 100_000


def head():
    response = session.head(URL + "/hello", timeout=30)
    return f"{response.status_code} {response.headers['content-length']}"


def ignored():
    return f"{text('POST', '/hello', b'x' * LARGE)}, {text('GET', '/hello')}"


def download():
    response = session.get(URL + "/large", timeout=30)
    return f"{response.status_code} {len(response.content)}"


def fault(path):
    try:
        response = session.get(URL + path)
    except requests.exceptions.RequestException:
        return "error"
    # Versions before 2.32 leave it to the caller to notice that a body is too short.
    if len(response.content) < int(response.headers["content-length"]):
        return "error"
    return f"{response.status_code} {response.text}"


def abort_wait():
    try:
        session.get(URL + "/slow", timeout=0.2)
    except requests.exceptions.ReadTimeout:
        return "left"


def abort_body():
    with requests.Session() as own:
        with own.get(URL + "/drip", stream=True, timeout=30) as response:
            next(response.iter_content(1000))
    return "left"


RESULTS = {
    "get": lambda: text("GET", "/hello"),
    "post_empty": lambda: text("POST", "/size"),
    "post": lambda: text("POST", "/size", b"hello world"),
    "put": lambda: text("PUT", "/size", b"hello world"),
    "head": head,
    "kept": kept,
    "concurrent": concurrent,
    "upload": lambda: text("POST", "/size", b"x" * LARGE),
    "chunked": lambda: text("POST", "/size", pieces()),
    "ignored": ignored,
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
