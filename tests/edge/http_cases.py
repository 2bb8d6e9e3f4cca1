"""The table of malformed, odd and hostile HTTP requests, and the one outcome that is right for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from websocket_wire import KEY, UPGRADE

HEADER_LIMIT = 8192
BODY_LIMIT = 131_072
HOST = "Host: edge\r\n"
BODY = b"\xa1\x65token\x61x"  # A setup token that was never issued.
REFUSED_TOKEN = 403


@dataclass(frozen=True)
class Case:
    """`statuses` are all responses that come. Where `stays`, the connection then serves on."""

    name: str
    section: str  # Of RFC 9112, 9110 or 6455, or of docs/protocol.md.
    data: bytes
    statuses: tuple[int, ...]
    stays: bool = False
    cut: bool = False  # The client hangs up behind its data.
    head: bool = False  # Answers have no body.
    chunk: int = 0  # Sent in writes of so many bytes.


def get(target: str = "/healthz", fields: str = HOST, version: str = "1.1") -> bytes:
    return f"GET {target} HTTP/{version}\r\n{fields}\r\n".encode("latin-1")


def post(fields: str, body: bytes = BODY, target: str = "/v1/setup/info") -> bytes:
    return f"POST {target} HTTP/1.1\r\n{HOST}{fields}\r\n".encode("latin-1") + body


def length(body: bytes = BODY) -> str:
    return f"Content-Length: {len(body)}\r\n"


HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n"  # Never to be answered.


def good_cases() -> Iterator[Case]:
    """Controls: what has to work, so that a refusal below means something."""
    yield Case("good-get", "9112 3", get(), (200,), stays=True)
    yield Case("good-ready", "protocol 11", get("/readyz"), (200,), stays=True)
    yield Case("good-query", "9112 3.2.1", get("/healthz?x=1"), (200,), stays=True)
    yield Case("good-head", "9110 9.3.2", f"HEAD /healthz HTTP/1.1\r\n{HOST}\r\n".encode(), (200,),
               stays=True, head=True)
    yield Case("good-http-1.0", "9112 2.3", get(version="1.0"), (200,))
    yield Case("good-http-1.0-without-host", "9112 3.2", get(fields="", version="1.0"), (200,))
    yield Case("good-http-1.0-keep-alive", "9112 9.3",
               get(fields=HOST + "Connection: keep-alive\r\n", version="1.0"), (200,), stays=True)
    yield Case("good-close", "9112 9.6", get(fields=HOST + "Connection: close\r\n"), (200,))
    yield Case("good-pipelined", "9112 9.3.2", get() * 5, (200,) * 5, stays=True)
    yield Case("good-octet-wise", "9112 2", get(), (200,), stays=True, chunk=1)
    yield Case("good-post", "protocol 11", post(length()), (REFUSED_TOKEN,), stays=True)
    yield Case("good-post-in-pieces", "protocol 11", post(length()), (REFUSED_TOKEN,), stays=True,
               chunk=3)
    yield Case("good-post-chunked", "9112 7.1",
               post("Transfer-Encoding: chunked\r\n", b"3\r\n\xa1\x65t\r\n6\r\noken\x61x\r\n0\r\n\r\n"),
               (REFUSED_TOKEN,), stays=True)
    yield Case("good-chunk-extension", "9112 7.1.1",
               post("Transfer-Encoding: chunked\r\n", b"9;a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
               (REFUSED_TOKEN,), stays=True)
    yield Case("good-chunk-trailer", "9112 7.1.2",
               post("Transfer-Encoding: chunked\r\n", b"9\r\n" + BODY + b"\r\n0\r\nA: b\r\n\r\n"),
               (REFUSED_TOKEN,), stays=True)
    yield Case("good-chunk-size-upper-case-and-zeros", "9112 7.1",
               post("Transfer-Encoding: chunked\r\n", b"0009\r\n" + BODY + b"\r\n00\r\n\r\n"),
               (REFUSED_TOKEN,), stays=True)
    yield Case("good-empty-lines-before", "9112 2.2", get() + b"\r\n" + get(), (200, 400))
    yield Case("good-fields-in-any-case", "9112 5", get(fields="hOsT: edge\r\n"), (200,), stays=True)
    yield Case("good-space-behind-a-value", "9112 5.1", get(fields="Host: edge  \t\r\n"), (200,),
               stays=True)
    yield Case("good-empty-value", "9110 5.5", get(fields=HOST + "X:\r\n"), (200,), stays=True)
    yield Case("good-latin-1-value", "9110 5.5", get(fields=HOST + "X: \xe4\xff\r\n"), (200,),
               stays=True)
    yield Case("good-header-of-8000", "limit", get(fields=HOST + "X: " + "a" * 7900 + "\r\n"),
               (200,), stays=True)


def request_line_cases() -> Iterator[Case]:
    """RFC 9112 sections 2 and 3."""
    lines = {
        "empty": "", "only-method": "GET", "no-target": "GET  HTTP/1.1", "no-version": "GET /healthz",
        "two-spaces": "GET  /healthz HTTP/1.1", "two-spaces-before-version":
        "GET /healthz  HTTP/1.1", "tab": "GET\t/healthz HTTP/1.1", "leading-space":
        " GET /healthz HTTP/1.1", "trailing-space": "GET /healthz HTTP/1.1 ", "trailing-word":
        "GET /healthz HTTP/1.1 x", "space-in-target": "GET /health z HTTP/1.1",
        "control-in-method": "G\x01T /healthz HTTP/1.1", "colon-in-method":
        "GET: /healthz HTTP/1.1", "nul-in-target": "GET /heal\x00thz HTTP/1.1", "control-in-target":
        "GET /heal\x07thz HTTP/1.1", "del-in-target": "GET /heal\x7fthz HTTP/1.1",
        "tab-in-target": "GET /heal\tthz HTTP/1.1", "lower-case-version": "GET /healthz http/1.1",
        "version-without-number": "GET /healthz HTTP/", "version-one-digit": "GET /healthz HTTP/1",
        "version-comma": "GET /healthz HTTP/1,1", "version-word": "GET /healthz HTTP/one",
        "version-long": "GET /healthz HTTP/1.10", "version-other": "GET /healthz HTTQ/1.1",
        "version-space": "GET /healthz HTTP /1.1", "version-0.9": "GET /healthz HTTP/0.9",
        "version-1.2": "GET /healthz HTTP/1.2", "version-2.0": "GET /healthz HTTP/2.0",
        "version-3.0": "GET /healthz HTTP/3.0", "version-9.9": "GET /healthz HTTP/9.9",
        "http-2-preface": "PRI * HTTP/2.0", "cr-inside": "GET /healthz\rHTTP/1.1",
        "quoted-method": '"GET" /healthz HTTP/1.1', "response-line": "HTTP/1.1 200 OK",
    }
    for name, line in lines.items():
        yield Case(f"line-{name}", "9112 3", f"{line}\r\n{HOST}\r\n".encode("latin-1"), (400,))
    yield Case("line-bare-lf", "9112 2.2", b"GET /healthz HTTP/1.1\nHost: edge\n\n", (400,))
    yield Case("line-bare-cr", "9112 2.2", b"GET /healthz HTTP/1.1\rHost: edge\r\r", (400,))
    yield Case("line-crlf-first", "9112 2.2", b"\r\n" + get(), (400,))
    yield Case("line-nul-first", "9112 3", b"\0" + get(), (400,))
    yield Case("line-bom-first", "9112 3", b"\xef\xbb\xbf" + get(), (400,))
    yield Case("line-binary", "9112 3", bytes(range(128, 256)) * 4 + b"\r\n\r\n", (400,))
    yield Case("line-tls-inside", "9112 3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 4,
               (400,))
    yield Case("line-json", "9112 3", b'{"t":"login"}\r\n\r\n', (400,))
    yield Case("line-smtp", "9112 3", b"EHLO edge\r\n\r\n", (400,))
    yield Case("line-ssh", "9112 3", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", (400,))
    yield Case("line-target-of-9000", "9112 3", get("/" + "a" * 9000), (431,))
    yield Case("line-method-of-9000", "9112 3", b"A" * 9000 + get(), (431,))
    yield Case("line-endless", "9112 3", b"A" * 65536, (431,))


def method_cases() -> Iterator[Case]:
    """RFC 9110 section 9: what is not there is not served by another name."""
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "Get", "GETT",
                   "BREW", "X"):
        yield Case(f"method-{method}-healthz", "9110 9",
                   f"{method} /healthz HTTP/1.1\r\n{HOST}\r\n".encode(), (404,), stays=True)
        yield Case(f"method-{method}-setup", "protocol 11",
                   f"{method} /v1/setup HTTP/1.1\r\n{HOST}\r\n".encode(), (405,), stays=True)
    yield Case("method-post-healthz", "protocol 11", post(length(), target="/healthz"), (404,),
               stays=True)
    yield Case("method-get-enrol", "protocol 11", get("/v1/enrol/begin"), (405,), stays=True)
    yield Case("method-head-enrol", "protocol 11",
               f"HEAD /v1/enrol/begin HTTP/1.1\r\n{HOST}\r\n".encode(), (405,), stays=True, head=True)
    yield Case("method-connect", "9110 9.3.6", b"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n",
               (404,), stays=True)
    yield Case("method-options-star", "9112 3.2.4", f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n".encode(),
               (404,), stays=True)


def target_cases() -> Iterator[Case]:
    """RFC 9112 section 3.2: paths are compared as they are; nothing is decoded, joined or fetched."""
    for name, target in {
        "root": "/", "other": "/admin", "dots": "/../etc/passwd", "many-dots": "/v1/../../healthz",
        "dot": "/./healthz", "encoded": "/%68ealthz", "encoded-dots": "/%2e%2e/healthz",
        "encoded-nul": "/healthz%00", "double-slash": "//healthz", "trailing-slash": "/healthz/",
        "upper-case": "/HEALTHZ", "backslash": "\\healthz", "semicolon": "/healthz;x=1",
        "fragment": "/healthz#x", "absolute": "http://edge/healthz", "absolute-other":
        "http://other/healthz", "absolute-https": "https://edge/v1/ws", "star": "*", "no-slash":
        "healthz", "file": "file:///etc/passwd", "metrics": "/metrics", "v1": "/v1", "v2-ws":
        "/v2/ws", "ws-slash": "/v1/ws/", "ws-encoded": "/v1/%77s", "setup-slash": "/v1/setup/",
        "latin-1": "/h\xe4lthz", "long": "/" + "b" * 6000, "query-only": "?x", "git": "/.git/config",
        "well-known": "/.well-known/security.txt", "userinfo": "http://a:b@edge/healthz",
    }.items():
        yield Case(f"target-{name}", "9112 3.2", get(target), (404,), stays=True)


def host_cases() -> Iterator[Case]:
    """RFC 9112 section 3.2: exactly one Host field."""
    yield Case("host-missing", "9112 3.2", get(fields=""), (400,))
    yield Case("host-twice", "9112 3.2", get(fields=HOST + HOST), (400,))
    yield Case("host-twice-different", "9112 3.2", get(fields=HOST + "Host: other\r\n"), (400,))
    yield Case("host-missing-post", "9112 3.2",
               b"POST /v1/setup/info HTTP/1.1\r\nContent-Length: 9\r\n\r\n" + BODY, (400,))
    yield Case("host-missing-websocket", "9112 3.2", UPGRADE.replace(b"Host: edge\r\n", b""), (400,))
    yield Case("host-empty", "9112 3.2", get(fields="Host:\r\n"), (200,), stays=True)
    yield Case("host-other", "9110 7.2", get(fields="Host: other.example\r\n"), (200,), stays=True)
    yield Case("host-odd", "9110 7.2", get(fields="Host: [::1]:8443\r\n"), (200,), stays=True)


def field_cases() -> Iterator[Case]:
    """RFC 9112 section 5 and RFC 9110 section 5."""
    bad = {
        "space-before-colon": "X : 1\r\n", "tab-before-colon": "X\t: 1\r\n", "no-colon": "X\r\n",
        "empty-name": ": 1\r\n", "space-in-name": "X Y: 1\r\n", "control-in-name": "X\x01: 1\r\n",
        "nul-in-name": "X\x00Y: 1\r\n", "nul-in-value": "X: a\x00b\r\n", "control-in-value":
        "X: a\x01b\r\n", "bell-in-value": "X: \x07\r\n", "del-in-value": "X: a\x7fb\r\n",
        "paren-in-name": "X(Y): 1\r\n", "quote-in-name": '"X": 1\r\n', "slash-in-name": "X/Y: 1\r\n",
        "at-in-name": "X@Y: 1\r\n", "latin-1-in-name": "\xc4: 1\r\n", "bare-cr-in-value":
        "X: a\rb\r\n", "leading-space": " X: 1\r\n",
    }
    for name, line in bad.items():
        section = "9112 5.1" if "colon" in name else "9110 5"
        if name == "leading-space":
            data = f"GET /healthz HTTP/1.1\r\n{line}{HOST}\r\n".encode("latin-1")
        else:
            data = get(fields=HOST + line)
        yield Case(f"field-{name}", section, data, (400,))
        yield Case(f"field-{name}-first", section,
                   get(fields=line + HOST), (400,))
    yield Case("field-bare-lf", "9112 2.2", b"GET /healthz HTTP/1.1\r\nHost: edge\n\r\n", (400,))
    # A fold may be refused or read as a space; it is read as a space.
    yield Case("field-folded", "9112 5.2", get(fields=HOST + "X: a\r\n b\r\n"), (200,), stays=True)
    yield Case("field-folded-with-tab", "9112 5.2", get(fields=HOST + "X: a\r\n\tb\r\n"), (200,),
               stays=True)
    yield Case("field-folded-host", "9112 5.2", get(fields="Host: edge\r\n .other\r\n"), (200,),
               stays=True)
    yield Case("field-folded-transfer-encoding", "9112 5.2",
               post("Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"), (400,))
    yield Case("field-folded-content-length", "9112 5.2", post("Content-Length:\r\n 9\r\n"),
               (REFUSED_TOKEN,), stays=True)
    for size in (HEADER_LIMIT, 9000, 16384, 65536, 131072, 262144):
        yield Case(f"field-value-of-{size}", "limit", get(fields=HOST + "X: " + "a" * size + "\r\n"),
                   (431,))
    yield Case("field-name-of-9000", "limit", get(fields=HOST + "a" * 9000 + ": 1\r\n"), (431,))
    yield Case("field-thousand", "limit", get(fields=HOST + "X: 1\r\n" * 2000), (431,))
    yield Case("field-endless", "limit", b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 20000, (431,))
    yield Case("field-cookie-of-65536", "limit",
               get(fields=HOST + "Cookie: " + "c" * 65536 + "\r\n"), (431,))


def framing_cases() -> Iterator[Case]:
    """RFC 9112 section 6: what says its length in two ways, or wrongly, is smuggling."""
    te, cl = "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n"
    chunked = b"0\r\n\r\n"
    both = {
        "te-cl": te + cl, "cl-te": cl + te, "te-cl-zero": te + "Content-Length: 0\r\n",
        "te-cl-large": te + "Content-Length: 44\r\n", "cl-te-upper":
        cl + "TRANSFER-ENCODING: CHUNKED\r\n",
    }
    for name, fields in both.items():
        yield Case(f"framing-{name}", "9112 6.3", post(fields, chunked + HIDDEN), (400,))
    for name, value in {
        "negative": "-1", "plus": "+9", "hex": "0x9", "word": "nine", "empty": "", "decimal": "9.0",
        "space-inside": "9 9", "comma-different": "9, 8", "exponent": "9e0", "octal-sign": "9h",
        "2^64": "18446744073709551616", "2^65": "36893488147419103232", "digits-of-100": "9" * 100,
        "non-ascii": "\xb9", "quoted": '"9"', "leading-comma": ",9", "trailing-comma": "9,",
    }.items():
        yield Case(f"framing-content-length-{name}", "9110 8.6",
                   post(f"Content-Length: {value}\r\n", BODY + HIDDEN), (400,))
    yield Case("framing-content-length-twice-different", "9112 6.3",
               post("Content-Length: 9\r\nContent-Length: 8\r\n", BODY + HIDDEN), (400,))
    yield Case("framing-content-length-twice-zero", "9112 6.3",
               post("Content-Length: 9\r\nContent-Length: 0\r\n", BODY + HIDDEN), (400,))
    yield Case("framing-content-length-twice-same", "9112 6.3",
               post("Content-Length: 9\r\nContent-Length: 9\r\n"), (400,))
    yield Case("framing-content-length-list-of-same", "9112 6.3", post("Content-Length: 9, 9\r\n"),
               (400,))
    for name, value in {
        "identity": "identity", "gzip": "gzip", "x-chunked": "xchunked", "chunked-gzip":
        "chunked, gzip", "gzip-chunked": "gzip, chunked", "chunked-twice": "chunked, chunked",
        "tab-chunked": "\x0bchunked", "quoted": '"chunked"', "empty": "", "semicolon":
        "chunked;q=1", "null": "chunked\x00",
    }.items():
        yield Case(f"framing-transfer-encoding-{name}", "9112 6.1",
                   post(f"Transfer-Encoding: {value}\r\n", chunked + HIDDEN), (400,))
        yield Case(f"framing-transfer-encoding-{name}-with-length", "9112 6.1",
                   post(f"{cl}Transfer-Encoding: {value}\r\n", chunked + HIDDEN), (400,))
    yield Case("framing-transfer-encoding-twice", "9112 6.1", post(te + te, chunked + HIDDEN), (400,))
    yield Case("framing-transfer-encoding-chunked-then-identity", "9112 6.1",
               post(te + "Transfer-Encoding: identity\r\n", chunked + HIDDEN), (400,))
    yield Case("framing-transfer-encoding-identity-then-chunked", "9112 6.1",
               post("Transfer-Encoding: identity\r\n" + te, chunked + HIDDEN), (400,))
    yield Case("framing-transfer-encoding-space-before-colon", "9112 5.1",
               post(cl + "Transfer-Encoding : chunked\r\n", chunked + HIDDEN), (400,))
    yield Case("framing-transfer-encoding-http-1.0", "9112 6.1",
               f"POST /v1/setup/info HTTP/1.0\r\n{HOST}{te}\r\n".encode() + chunked + HIDDEN, (400,))
    yield Case("framing-get-with-a-body", "9110 9.3.1", get(fields=HOST + cl) + b"hello", (200,),
               stays=True)
    yield Case("framing-get-with-chunks", "9110 9.3.1", get(fields=HOST + te) + chunked, (200,),
               stays=True)
    yield Case("framing-length-short-of-the-body", "9112 6.3",
               post("Content-Length: 4\r\n", b"\xa1\x61t\x01GARBAGE\r\n\r\n"), (400, 400))


def body_cases() -> Iterator[Case]:
    """Bodies: limits, chunks, CBOR."""
    te = "Transfer-Encoding: chunked\r\n"
    yield Case("body-one-over-the-limit", "limit",
               post(f"Content-Length: {BODY_LIMIT + 1}\r\n", b""), (413,))
    for size in (1 << 20, 1 << 31, 1 << 32, (1 << 63) - 1, (1 << 64) - 1):
        yield Case(f"body-claims-{size}", "limit", post(f"Content-Length: {size}\r\n", b""), (413,))
    yield Case("body-chunk-over-the-limit", "limit", post(te, b"20001\r\n"), (413,))
    yield Case("body-chunks-over-the-limit", "limit",
               post(te, (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 3 + b"0\r\n\r\n"), (413,))
    for name, chunks in {
        "size-word": b"x\r\n", "size-empty": b"\r\n", "size-negative": b"-1\r\n", "size-0x":
        b"0x9\r\n" + BODY, "size-plus": b"+9\r\n" + BODY, "size-space-first": b" 9\r\n" + BODY,
        "size-2^64": b"10000000000000000\r\n", "size-too-many-digits": b"f" * 17 + b"\r\n",
        "bare-lf": b"9\n" + BODY + b"\n0\n\n", "no-crlf-behind": b"9\r\n" + BODY + b"xx0\r\n\r\n",
        "longer-than-said": b"4\r\n" + BODY + b"\r\n0\r\n\r\n", "control-in-extension":
        b"9;\x01\r\n" + BODY + b"\r\n0\r\n\r\n", "nul-in-extension": b"9;a\x00\r\n" + BODY,
        "trailer-nul": b"0\r\nA: \x00\r\n\r\n", "trailer-no-colon": b"0\r\nA\r\n\r\n",
    }.items():
        yield Case(f"body-chunk-{name}", "9112 7.1", post(te, chunks + HIDDEN), (400,))
    yield Case("body-chunk-extension-of-200000", "limit",
               post(te, b"9;" + b"a" * 200_000 + b"\r\n" + BODY), (400,))
    yield Case("body-trailer-of-200000", "limit",
               post(te, b"0\r\nA: " + b"a" * 200_000 + b"\r\n\r\n"), (400,))
    yield Case("body-trailer-cannot-change-framing", "9112 7.1.2",
               post(te, b"9\r\n" + BODY + b"\r\n0\r\nContent-Length: 500\r\n\r\n"), (400,))
    for name, body in {
        "empty": b"", "not-cbor": b"\xff\xff", "json": b'{"token":"x"}', "array": b"\x81\x01",
        "two-items": BODY + BODY, "cut": BODY[:-1], "tag": b"\xc1" + BODY, "indefinite":
        b"\xbf\x65token\x61x\xff", "key-twice": b"\xa2\x65token\x61x\x65token\x61x", "deep":
        b"\x81" * 1000, "claims-much": b"\x9b" + b"\xff" * 8, "no-token": b"\xa0", "token-a-number":
        b"\xa1\x65token\x01", "xml": b"<?xml version='1.0'?>", "form": b"token=x",
    }.items():
        for target in ("/v1/setup", "/v1/setup/info", "/v1/enrol/begin", "/v1/enrol/finish"):
            yield Case(f"body-{name}-{target[4:].replace('/', '-')}", "protocol 11",
                       post(length(body), body, target), (400,), stays=True)
    for name, kind in {"json": "application/json", "form": "application/x-www-form-urlencoded",
                       "text": "text/plain", "none": ""}.items():
        yield Case(f"body-content-type-{name}", "protocol 11",
                   post(length() + f"Content-Type: {kind}\r\n"), (REFUSED_TOKEN,), stays=True)
    yield Case("body-expect-continue", "9110 10.1.1", post(length() + "Expect: 100-continue\r\n"),
               (REFUSED_TOKEN,), stays=True)
    yield Case("body-expect-other", "9110 10.1.1", post(length() + "Expect: x\r\n"),
               (REFUSED_TOKEN,), stays=True)


def cut_cases() -> Iterator[Case]:
    """RFC 9112 section 8: a request that was cut off has no effect and no answer."""
    whole = post(length())
    for at in (0, 1, 10, 30, len(whole) - len(BODY) - 2, len(whole) - len(BODY), len(whole) - 1):
        yield Case(f"cut-at-{at}", "9112 8", whole[:at], (), cut=True)
    yield Case("cut-in-a-chunk", "9112 8", post("Transfer-Encoding: chunked\r\n", b"9\r\n\xa1"), (),
               cut=True)
    yield Case("cut-before-the-last-chunk", "9112 8",
               post("Transfer-Encoding: chunked\r\n", b"9\r\n" + BODY + b"\r\n"), (), cut=True)
    yield Case("cut-behind-an-answer", "9112 8", get() + whole[:40], (200,), cut=True)


def upgrade(change: tuple[str, str] | None = None, more: str = "") -> bytes:
    text = UPGRADE.decode()
    if change is not None:
        assert change[0] in text
        text = text.replace(*change)
    return text.replace("\r\n\r\n", f"\r\n{more}\r\n").encode("latin-1")


def upgrade_cases() -> Iterator[Case]:
    """RFC 6455 section 4.2.1: the opening handshake."""
    version, key = "Sec-WebSocket-Version: 13\r\n", f"Sec-WebSocket-Key: {KEY}\r\n"
    protocol = "Sec-WebSocket-Protocol: wardline.1\r\n"
    good = {
        "plain": upgrade(), "upgrade-upper-case": upgrade(("websocket", "WebSocket")),
        "connection-list": upgrade(("Connection: Upgrade", "Connection: keep-alive, Upgrade")),
        "more-protocols": upgrade(("wardline.1", "other, wardline.1")), "extensions-offered":
        upgrade(more="Sec-WebSocket-Extensions: permessage-deflate\r\n"), "query":
        upgrade(("/v1/ws", "/v1/ws?")).replace(b"/v1/ws?", b"/v1/ws"),
        "cookie": upgrade(more="Cookie: a=b\r\n"),
    }
    for name, data in good.items():
        yield Case(f"upgrade-good-{name}", "6455 4.2.1", data, (101,), stays=True)
    bad = {
        "plain-get": (get("/v1/ws"), 426), "post": (upgrade(("GET ", "POST ")), 426), "head":
        (upgrade(("GET ", "HEAD ")), 426), "http-1.0": (upgrade(("HTTP/1.1", "HTTP/1.0")), 426),
        "no-upgrade": (upgrade(("Upgrade: websocket\r\n", "")), 426), "upgrade-h2c":
        (upgrade(("Upgrade: websocket", "Upgrade: h2c")), 426), "upgrade-empty":
        (upgrade(("Upgrade: websocket", "Upgrade:")), 426), "no-connection":
        (upgrade(("Connection: Upgrade\r\n", "")), 426), "connection-close":
        (upgrade(("Connection: Upgrade", "Connection: close")), 426),
        "no-protocol": (upgrade((protocol, "")), 400), "other-protocol":
        (upgrade(("wardline.1", "wardline.2")), 400), "protocol-upper-case":
        (upgrade(("wardline.1", "WARDLINE.1")), 400), "protocol-prefix":
        (upgrade(("wardline.1", "wardline.10")), 400), "no-key": (upgrade((key, "")), 400),
        "no-version": (upgrade((version, "")), 426),
    }
    for name, (data, status) in bad.items():
        yield Case(f"upgrade-{name}", "6455 4.2.1", data, (status,), stays="http-1.0" not in name
                   and "close" not in name, head="head" in name)
    yield Case("upgrade-connection-quoted", "9110 7.6.1",
               upgrade(("Connection: Upgrade", 'Connection: "Upgrade"')), (400,))
    yield Case("upgrade-version-twice", "6455 11.3.5", upgrade((version, version + version)), (426,),
               stays=True)
    for name, value in {
        "empty": "", "short": "YQ==", "fifteen-octets": "YWFhYWFhYWFhYWFhYWFh", "seventeen-octets":
        "YWFhYWFhYWFhYWFhYWFhYWE=", "not-base64": "!!!!!!!!!!!!!!!!!!!!!!==", "long": "a" * 1000,
    }.items():
        yield Case(f"upgrade-key-{name}", "6455 4.2.1",
                   upgrade((key, f"Sec-WebSocket-Key: {value}\r\n")), (400,), stays=True)
    yield Case("upgrade-key-twice", "6455 11.3.1", upgrade((key, key + key)), (400,), stays=True)
    for value in ("0", "8", "12", "14", "255", "x", "", "13, 8"):
        yield Case(f"upgrade-version-{value or 'empty'}", "6455 4.2.2",
                   upgrade((version, f"Sec-WebSocket-Version: {value}\r\n")), (426,), stays=True)
    yield Case("upgrade-spoke-too-early", "6455 4.1", upgrade() + b"\x82\x80abcd", ())
    yield Case("upgrade-two-at-once", "6455 4.1", upgrade() + upgrade(), ())
    yield Case("upgrade-with-a-body", "6455 4.1", upgrade(more="Content-Length: 5\r\n") + b"hello",
               (400,), stays=True)
    yield Case("upgrade-behind-a-request", "6455 4.1", get() + upgrade(), (200, 101), stays=True)
    yield Case("upgrade-token-in-the-url", "protocol 10",
               upgrade(("/v1/ws", "/v1/ws?token=secret")), (404,), stays=True)


def origin_cases() -> Iterator[Case]:
    """RFC 6455 section 10.2: pages of other sites get nothing, neither WebSockets nor answers."""
    for name, origin in {
        "other": "https://evil.example", "null": "null", "same-host": "https://edge", "http":
        "http://clinic.example", "port": "https://clinic.example:8443", "suffix":
        "https://clinic.example.evil.example", "prefix": "https://evil-clinic.example", "userinfo":
        "https://clinic.example@evil.example", "upper-case": "HTTPS://CLINIC.EXAMPLE", "slash":
        "https://clinic.example/", "list": "https://clinic.example, https://evil.example",
        "list-of-two": "https://clinic.example https://evil.example", "star": "*", "file": "file://",
        "extension": "chrome-extension://abcdefghijklmnop", "empty": "", "localhost":
        "http://localhost", "ip": "https://127.0.0.1", "tab": "https://clinic.example\thttp://x",
    }.items():
        line = f"Origin: {origin}\r\n"
        yield Case(f"origin-{name}-websocket", "6455 10.2", upgrade(more=line), (403,), stays=True)
        yield Case(f"origin-{name}-post", "6455 10.2", post(length() + line), (403,), stays=True)
    line = "Origin: https://clinic.example\r\n"
    yield Case("origin-allowed-websocket", "6455 10.2", upgrade(more=line), (101,), stays=True)
    yield Case("origin-allowed-post", "6455 10.2", post(length() + line), (REFUSED_TOKEN,),
               stays=True)
    evil = "Origin: https://evil.example\r\n"
    yield Case("origin-allowed-then-other", "6455 10.2", upgrade(more=line + evil), (403,),
               stays=True)
    yield Case("origin-other-then-allowed", "6455 10.2", upgrade(more=evil + line), (403,),
               stays=True)
    yield Case("origin-other-get", "6455 10.2", get(fields=HOST + evil), (403,), stays=True)
    yield Case("origin-preflight", "6455 10.2",
               f"OPTIONS /v1/setup HTTP/1.1\r\n{HOST}{evil}Access-Control-Request-Method: POST\r\n\r\n"
               .encode(), (403,), stays=True)


GROUPS: list[Callable[[], Iterator[Case]]] = [
    good_cases, request_line_cases, method_cases, target_cases, host_cases, field_cases,
    framing_cases, body_cases, cut_cases, upgrade_cases, origin_cases,
]
CASES_AT_LEAST = 300
