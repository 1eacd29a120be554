"""Where a request comes from, behind proxies."""

from __future__ import annotations

import pytest

from variate.access.networks import counted_as
from variate.server.addresses import Addresses, is_loopback


def client(peer: str, forwarded: str | None, *trusted: str) -> str:
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode()}
    return Addresses(trusted).client(peer, headers)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        ("203.0.113.9", "198.51.100.1", (), "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", ("10.0.0.1",), "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:443", ("10.0.0.1",), "2001:db8::1"),
        ("::1", "2001:db8::1", ("::1",), "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", ("10.0.0.1",), "198.51.100.1"),
        ("10.0.0.1", None, ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", "unknown", ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>", ("10.0.0.1",), "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_whom_no_trusted_proxy_is(
    peer: str, forwarded: str | None, trusted: tuple[str, ...], found: str
) -> None:
    assert client(peer, forwarded, *trusted) == found


def test_a_long_chain_is_not_followed_for_ever() -> None:
    assert client("10.0.0.1", ", ".join(["10.0.0.1"] * 10_000), "10.0.0.1") == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "local"),
        ("no:address", "no:address"),
    ],
)
def test_a_machine_is_counted_once_whatever_address_of_its_network_it_takes(address: str, counted: str) -> None:
    assert counted_as(address) == counted


@pytest.mark.parametrize(("address", "own"), [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("", False)])
def test_the_own_machine_is_known(address: str, *, own: bool) -> None:
    assert is_loopback(address) is own
