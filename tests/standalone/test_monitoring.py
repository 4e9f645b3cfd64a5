"""What a server tells those who run it, and the browser."""

import asyncio
import json
import logging
import sys

import pytest
from make_tabs import Tab

from jdaviz_stage3.standalone import monitoring
from jdaviz_stage3.standalone.headers import protection


def get(application, path, authorization=""):
    """Get a path; gives the status and the content, or None where another is asked."""
    sent = []
    headers = [(b"authorization", authorization.encode())] if authorization else []
    scope = {"type": "http", "path": path, "headers": headers}

    async def send(message):
        sent.append(message)

    asyncio.run(application(scope, None, send))
    return (sent[0]["status"], sent[1]["body"].decode()) if sent else None


async def nothing(scope, receive, send):
    """An application that does not answer."""


def test_health():
    page = monitoring.HealthPage(nothing)
    assert get(page, "/healthz") == (200, "ok\n") and get(page, "/") is None
    page.is_stopping = True
    assert get(page, "/healthz") == (503, "stopping\n")


def test_metrics(serving, tabs, monkeypatch):
    pytest.importorskip("prometheus_client")
    from prometheus_client.parser import text_string_to_metric_families

    Tab(tabs, "1", 1)
    Tab(tabs, "2", 1, connected=False)
    serving.restored = 3
    page = monitoring.MetricsPage(nothing, serving)
    status, text = get(page, "/metrics")
    found = {f.name: f.samples[0].value for f in text_string_to_metric_families(text)}
    assert status == 200 and get(page, "/other") is None
    assert (found["jdaviz_stage3_apps"], found["jdaviz_stage3_apps_connected"]) == (2, 1)
    assert found["jdaviz_stage3_sessions_restored"] == 3
    assert found["jdaviz_stage3_memory_bytes"] > 1e6
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert get(page, "/metrics")[0] == 501


def test_metrics_with_a_token_of_their_own(serving):
    page = monitoring.MetricsPage(nothing, serving, "0123456789abcdef")
    for brought in ("", "Bearer x", "Basic 0123456789abcdef", "Bearer é", "Bearer "):
        status, text = get(page, "/metrics", brought)
        assert status == 403 and "JDAVIZ_STAGE3_METRICS_TOKEN" in text
    assert get(page, "/metrics", "Bearer 0123456789abcdef")[0] in (200, 501)
    assert get(page, "/", "Bearer 0123456789abcdef") is None  # it opens nothing else
    closed = monitoring.MetricsPage(nothing, serving, "")
    for brought in ("", "Bearer "):
        status, text = get(closed, "/metrics", brought)
        assert status == 403 and "of all people" in text


def test_numbers_of_solara_are_for_those_who_get_ours(serving):
    """They tell each of several people how many the others are, and what they do."""
    for token in ("", "0123456789abcdef"):
        page = monitoring.MetricsPage(nothing, serving, token)
        assert get(page, "/resourcez")[0] == 403
    assert get(page, "/resourcez", "Bearer 0123456789abcdef") is None  # the guard is asked next
    assert get(monitoring.MetricsPage(nothing, serving), "/resourcez") is None


def test_the_log_is_a_line_of_json_whatever_is_in_it():
    record = logging.LogRecord("a", logging.WARNING, "", 0, 'x "%s"\n{}', ("\x1b[2J é",), None)
    record.user = "bob"
    line = monitoring.JsonFormatter().format(record)
    found = json.loads(line)
    assert "\n" not in line and "\x1b" not in line
    assert (found["message"], found["level"]) == ('x "\x1b[2J é"\n{}', "warning")
    assert found["user"] == "bob" and found["time"].endswith("+00:00")
    assert set(found) == {"time", "level", "logger", "message", "user"}


def test_the_browser_is_told_what_to_refuse():
    found = {name: value.decode() for name, value in protection()}
    policy = found[b"content-security-policy"]
    for part in ("frame-ancestors 'none'", "object-src 'none'", "script-src-attr 'none'",
                 "base-uri 'none'", "connect-src 'self'", "form-action 'self'"):  # fmt: skip
        assert part in policy
    assert "//" not in policy and found[b"x-content-type-options"] == "nosniff"
    [elsewhere, *_] = (value.decode() for _, value in protection("https://cdn.example"))
    assert elsewhere.count("https://cdn.example") == 5
