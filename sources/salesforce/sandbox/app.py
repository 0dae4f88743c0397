"""The org over HTTP: tokens, versions, and the REST API behind a bearer token."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import parse_qsl

import orjson
from fastapi import FastAPI, Request, Response

from sources.salesforce.sandbox.call import Call, Reply
from sources.salesforce.sandbox.errors import ApiError, not_found
from sources.salesforce.sandbox.oauth import Tokens, identity
from sources.salesforce.sandbox.org import USERNAME, Org
from sources.salesforce.sandbox.router import answer

JSON: Final = "application/json;charset=UTF-8"
LONGEST_HEAD: Final = 16_384
LONGEST_BODY: Final = 10_000_000
VERSIONS: Final = {
    59: "Winter '24", 60: "Spring '24", 61: "Summer '24", 62: "Winter '25", 63: "Spring '25", 64: "Summer '25",
    65: "Winter '26", 66: "Spring '26", 67: "Summer '26", 68: "Winter '27",
}  # fmt: skip


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(org: Org, tokens: Tokens, lifespan: Lifespan | None = None) -> FastAPI:
    """The app that serves an org; `lifespan` is what runs beside it."""
    app = FastAPI(title="Salesforce sandbox", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)

    @app.post("/services/oauth2/token")
    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True))
        host = request.headers.get("host", "")
        return _response(tokens.grant(form, request.headers.get("authorization", ""), host, _base(request)))

    @app.get("/id/{path:path}")
    @app.get("/services/oauth2/userinfo")
    async def who(request: Request, path: str = "") -> Response:
        del path  # there is one org and one user
        if not tokens.valid(_token(request)):
            return Response("Bad_OAuth_Token", 403, media_type="text/plain")
        return _response(Reply(200, identity(_base(request), USERNAME)))

    @app.get("/services/data")
    @app.get("/services/data/")
    async def versions() -> Response:
        listed = [
            {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number, label in VERSIONS.items()
        ]
        return _response(Reply(200, listed))

    @app.get("/services/data/v{version}")
    @app.api_route("/services/data/v{version}/{path:path}", methods=["GET", "POST", "PATCH", "DELETE", "PUT"])
    async def api(request: Request, version: str) -> Response:
        reply = _refused(request, tokens, org, version)
        if reply is None:
            reply = _api(org, request, version, await request.body())
        return _response(reply, {"Sforce-Limit-Info": org.usage.header})

    return app


def _refused(request: Request, tokens: Tokens, org: Org, version: str) -> Reply | None:
    """What is refused before any resource looks at it: too long, no session, no allowance, no such version."""
    try:
        _refuse_long(request)
        if not tokens.valid(_token(request)):
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        org.usage.spend()
        if version.removesuffix(".0") not in {str(number) for number in VERSIONS}:
            raise not_found()
    except ApiError as refused:
        return Reply(refused.status, refused.body())
    return None


def _refuse_long(request: Request) -> None:
    target = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
    if target > LONGEST_HEAD:
        raise ApiError(414, "URI_TOO_LONG", f"The URI is longer than {LONGEST_HEAD} bytes")
    if target + sum(len(name) + len(value) + 4 for name, value in request.scope["headers"]) > LONGEST_HEAD:
        raise ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", f"URI and headers are longer than {LONGEST_HEAD} bytes")


def _api(org: Org, request: Request, version: str, raw: bytes) -> Reply:
    # The raw path keeps %2F in an external id's value apart from a slash between resources.
    path = request.scope["raw_path"].decode("latin-1").split(f"/v{version}", 1)[1]
    try:
        body = _json(request, raw)
    except ApiError as refused:
        return Reply(refused.status, refused.body())
    query = dict(request.query_params)
    headers = dict(request.headers)
    org.capture.origin = _origin(version, headers.get("sforce-call-options", ""))
    call = Call(request.method, version, path.rstrip("/"), query, headers, body, lambda inner: answer(org, inner))
    return answer(org, call)


def _origin(version: str, options: str) -> str:
    """Who writes, as change events say it: the API, and the client where it names itself."""
    client = dict(part.strip().partition("=")[::2] for part in options.split(",")).get("client")
    return f"com/salesforce/api/rest/{version}" + (f";client={client}" if client else "")


def _json(request: Request, raw: bytes) -> object:
    if not raw:
        return None
    kind = request.headers.get("content-type", "application/json")
    if "json" not in kind:
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content type '{kind}' not supported")
    try:
        if request.headers.get("content-encoding", "").lower() == "gzip":
            raw = gzip.decompress(raw)
        return orjson.loads(raw)
    except (orjson.JSONDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as wrong:
        raise ApiError(400, "JSON_PARSER_ERROR", "Unexpected character in the request body") from wrong


def _response(reply: Reply, headers: Mapping[str, str] | None = None) -> Response:
    content = b"" if reply.body is None else orjson.dumps(reply.body)
    kind = {} if reply.body is None else {"content-type": JSON}
    return Response(content, reply.status, headers={**kind, **reply.headers, **(headers or {})})


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() in {"bearer", "oauth"} else ""
