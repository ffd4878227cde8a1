"""``http:invoke`` against an HTTPS server of our own, with connections and secrets in moto's server."""

from __future__ import annotations

import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.deadlines import end_calls
from tests.aws.moto import REGION
from tests.integrations.adapters.https_site import BASIC_HEADER, Site


def test_the_result_is_the_response(invoke: Callable[..., Any], site: Site) -> None:
    result = invoke()
    assert {name: result[name] for name in ("ResponseBody", "StatusCode", "StatusText")} == {
        "ResponseBody": {"ok": True},
        "StatusCode": 200,
        "StatusText": "OK",
    }
    assert result["Headers"]["Content-Type"] == ["application/json"]
    [asked] = site.asked
    assert (asked["method"], asked["path"], asked["body"]) == ("GET", "/orders", "")
    assert asked["headers"]["authorization"] == BASIC_HEADER
    assert asked["headers"]["user-agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"


def test_text_stays_text(invoke: Callable[..., Any], site: Site) -> None:
    site.body, site.headers = b"plain", {"Content-Type": "text/plain"}
    assert invoke()["ResponseBody"] == "plain"


def test_what_the_task_gives_is_sent(invoke: Callable[..., Any], site: Site) -> None:
    invoke(
        Method="POST",
        Headers={"X-Shop": "1", "Accept": ["a", "b"]},
        QueryParameters={"q": "a b&c", "n": 2, "many": ["x", "y"]},
        RequestBody={"name": "é", "n": 1},
    )
    [asked] = site.asked
    assert asked["path"] == "/orders?q=a%20b%26c&n=2&many=x&many=y"
    assert json.loads(asked["body"]) == {"name": "é", "n": 1}
    assert (asked["headers"]["x-shop"], asked["headers"]["content-type"]) == ("1", "application/json")


def test_the_addresss_own_query_stays(invoke: Callable[..., Any], site: Site) -> None:
    invoke(ApiEndpoint=f"{site.url}/orders?a=1#part", QueryParameters={"b": 2})
    assert site.asked[0]["path"] == "/orders?a=1&b=2"


FORMS = {
    None: "a=1&list%5B0%5D=x&list%5B1%5D=y+z&deep%5Bk%5D%5B0%5D=v&n=&t=true",
    "INDICES": "a=1&list%5B0%5D=x&list%5B1%5D=y+z&deep%5Bk%5D%5B0%5D=v&n=&t=true",
    "BRACKETS": "a=1&list%5B%5D=x&list%5B%5D=y+z&deep%5Bk%5D%5B%5D=v&n=&t=true",
    "REPEAT": "a=1&list=x&list=y+z&deep%5Bk%5D=v&n=&t=true",
    "COMMAS": "a=1&list=x%2Cy+z&deep%5Bk%5D=v&n=&t=true",
}


@pytest.mark.parametrize(("array_format", "body"), FORMS.items(), ids=map(str, FORMS))
def test_a_form(invoke: Callable[..., Any], site: Site, array_format: str | None, body: str) -> None:
    transform: dict[str, Any] = {"RequestBodyEncoding": "URL_ENCODED"}
    if array_format is not None:
        transform["RequestEncodingOptions"] = {"ArrayFormat": array_format}
    value = {"a": 1, "list": ["x", "y z"], "deep": {"k": ["v"]}, "n": None, "t": True}
    invoke(Method="POST", RequestBody=value, Transform=transform)
    assert site.asked[0]["body"] == body
    assert site.asked[0]["headers"]["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [302, 404, 429, 503])
def test_every_other_status_is_an_error_by_its_number(invoke: Callable[..., Any], site: Site, status: int) -> None:
    site.status, site.body = status, b"slow down"
    site.headers = {"Location": f"{site.url}/elsewhere"}
    with pytest.raises(StatesError) as failed:
        invoke()
    assert (failed.value.error, failed.value.cause) == (f"States.Http.StatusCode.{status}", "slow down")
    assert len(site.asked) == 1


def test_an_endpoint_that_does_not_answer(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: "):
        invoke(ApiEndpoint="https://127.0.0.1:9/orders")


def test_a_certificate_that_is_not_trusted(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: "):
        invoke()
    assert site.asked == []


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/png", "audio/ogg; rate=1"])
def test_what_is_no_text_cannot_be_a_result(invoke: Callable[..., Any], site: Site, kind: str) -> None:
    site.headers, site.body = {"Content-Type": kind}, b"\x89PNG"
    with pytest.raises(StatesError, match=r"^States\.Runtime: The response has the content type"):
        invoke()


REFUSED = {
    "http": ({"ApiEndpoint": "http://127.0.0.1/orders"}, "'ApiEndpoint' has an invalid format"),
    "a password in it": ({"ApiEndpoint": "https://ann:pw@127.0.0.1/"}, "'ApiEndpoint' has an invalid format"),
    "method": ({"Method": "TRACE"}, "'Method' must be one of GET, POST"),
    "no connection": ({"Authentication": {}}, "'ConnectionArn' is required but was missing"),
    "no ARN": ({"Authentication": {"ConnectionArn": "shop"}}, "'ConnectionArn' has an invalid format"),
    "reserved header": ({"Headers": {"Host": "other"}}, "The header 'Host' is not supported"),
    "AWS's header": ({"Headers": {"X-Amz-Date": "now"}}, "The header 'X-Amz-Date' is not supported"),
    "two header lines": ({"Headers": {"X-A": "1\r\nX-B: 2"}}, "The header 'X-A' has an invalid format"),
    "no header": ({"Headers": {"X A": "1"}}, "The header 'X A' has an invalid format"),
    "encoding": ({"Transform": {"RequestBodyEncoding": "XML"}}, "must be one of NONE, URL_ENCODED"),
    "array format": (
        {"Transform": {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "TABS"}}},
        "must be one of INDICES, REPEAT, COMMAS, BRACKETS",
    ),
    "another field": ({"Url": "https://a"}, "The field 'Url' is not supported"),
}


@pytest.mark.parametrize(("wrong", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_called_is_refused(
    invoke: Callable[..., Any], site: Site, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(StatesError) as refused:
        invoke(**wrong)
    assert refused.value.error == "States.Runtime" and told in str(refused.value.cause)
    assert site.asked == []


def test_an_answer_that_never_ends_takes_so_long_and_no_longer(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "TIMEOUT_SECONDS", 0.5)
    site.drip = True
    with pytest.raises(StatesError, match=r"States\.Http\.Socket: Read timeout on endpoint URL"):
        invoke()


def test_a_kill_ends_a_call(invoke: Callable[..., Any], site: Site) -> None:
    site.drip = True

    def kill() -> None:
        while not site.asked:
            time.sleep(0.01)
        end_calls()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(StatesError, match=r"States\.Http\.Socket: Read timeout on endpoint URL"):
        invoke()
    killer.join()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_is_limited_when_it_is_decompressed(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(https, "MAX_BODY_BYTES", 100_000)
    pack: Callable[[bytes], bytes] = gzip.compress if encoding == "gzip" else zlib.compress
    site.headers["Content-Encoding"] = encoding
    site.body = pack(json.dumps("x" * 50_000).encode())
    assert invoke()["ResponseBody"] == "x" * 50_000
    site.body = pack(b"x" * 50_000_000)
    with pytest.raises(StatesError, match=r"^States\.DataLimitExceeded: The response has more than 100,000 bytes"):
        invoke()


def test_an_encoding_that_was_not_asked_for(invoke: Callable[..., Any], site: Site) -> None:
    site.headers["Content-Encoding"] = "gzip, gzip"
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: "):
        invoke()


def test_a_redirection_is_not_followed(invoke: Callable[..., Any], site: Site) -> None:
    site.status, site.headers["Location"] = 302, f"{site.url}/elsewhere"
    with pytest.raises(StatesError, match=r"^States\.Http\.StatusCode\.302"):
        invoke()
    assert [asked["path"] for asked in site.asked] == ["/orders"]
