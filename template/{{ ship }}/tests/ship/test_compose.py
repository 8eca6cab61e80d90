"""The container and the proxy allow what conf/ promises, and no more."""

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def n_bytes(text):
    """Bytes of a size such as 342m."""
    return float(text[:-1]) * UNITS[text[-1]]


def conf(name):
    return yaml.safe_load((ROOT / "conf" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services():
    content = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return content["services"]


@pytest.fixture(scope="module")
def proxy():
    """Directive -> value of deploy/nginx.conf, for those with one value."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    return dict(re.findall(r"^\s*(\w+) ([^\s;]+);", text, re.MULTILINE))


@pytest.mark.serving
@pytest.mark.parametrize("name", ["service", "worker"])
def test_a_container_may_use_the_promised_memory_and_a_third_more(services, name):
    limit = services.get(name, {"mem_limit": "1g"})["mem_limit"]

    assert n_bytes(limit) >= conf("slo.yaml")["serving"]["memory_mb"] * 2**20 * 4 / 3


@pytest.mark.serving
def test_the_proxy_passes_bodies_up_to_the_limit_of_the_service(proxy):
    assert n_bytes(proxy["client_max_body_size"]) == conf("service.yaml")["limits"]["body_bytes"]


@pytest.mark.serving
def test_the_proxy_ends_slow_requests(proxy):
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert 1 <= int(proxy[name].removesuffix("s")) <= 60, name


def test_only_the_proxy_is_reachable_and_only_from_this_machine(services):
    reachable = {name: each["ports"] for name, each in services.items() if "ports" in each}

    assert list(reachable) == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for port in reachable["proxy"])
