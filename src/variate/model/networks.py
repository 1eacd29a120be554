"""Internet addresses and networks as conditions compare them: whole numbers on one line, IPv4 before IPv6."""

from __future__ import annotations

from collections.abc import Iterable

from variate.errors import InvalidInputError
from variate.model.remembered import Remembered
from variate.model.rules import check_text, shown

MAX_ADDRESS_CHARACTERS = 45
"""``ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255``."""

_MAX_NETWORK_BYTES = 64
_IPV6_STARTS = 1 << 32


def _read(text: str) -> int | None:
    from ipaddress import ip_address  # noqa: PLC0415 - only who targets addresses waits for it

    if "%" in text:  # a scope: it has a meaning on one machine only
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if address.version == 4:
        return int(address)
    mapped = address.ipv4_mapped
    return int(address) + _IPV6_STARTS if mapped is None else int(mapped)


ADDRESSES = Remembered(_read, longest=MAX_ADDRESS_CHARACTERS)
"""The place of each address, None for other text. An IPv4-mapped IPv6 address is the IPv4 address it carries."""


def network_edges(networks: Iterable[str]) -> tuple[int, ...]:
    """Return, in order, where the union of ``networks`` begins, ends, begins again and so on.

    An address is inside if an odd number of edges is at or below its key.
    """
    from ipaddress import ip_network  # noqa: PLC0415 - only who targets addresses waits for it

    edges: list[int] = []
    found = map(ip_network, networks)
    starts = {0: 0, 4: 0, 6: _IPV6_STARTS}
    for start, end in sorted(
        (int(each.network_address) + starts[each.version], int(each.broadcast_address) + starts[each.version] + 1)
        for each in found
    ):
        if edges and start <= edges[-1]:
            edges[-1] = max(end, edges[-1])
        else:
            edges += (start, end)
    return tuple(edges)


def check_network(field: str, value: object) -> str:
    """Return ``value`` if it is an address or a network, such as 10.0.0.0/8, else raise ``InvalidInputError``."""
    from ipaddress import ip_network  # noqa: PLC0415 - only who targets addresses waits for it

    text = check_text(field, value, max_bytes=_MAX_NETWORK_BYTES)
    address, scope, _ = text.partition("%")
    try:
        network = ip_network(text, strict=False)
        first = ip_network(address.partition("/")[0]).network_address
    except ValueError as error:
        raise InvalidInputError(
            field, f"must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32, not {shown(text)}"
        ) from error
    if scope:
        raise InvalidInputError(field, f"must have no scope, which means something on one machine only: {shown(text)}")
    if network.network_address != first:
        raise InvalidInputError(field, f"must be a whole network: {shown(text)} lies within {network}")
    if network.version == 6 and network.network_address.ipv4_mapped is not None and network.prefixlen >= 96:
        raise InvalidInputError(field, f"must be written as the IPv4 network it is, not {shown(text)}")
    return text
