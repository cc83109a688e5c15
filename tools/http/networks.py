"""Which addresses of the network may be spoken to: public ones, and what settings open by name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from tools.errors import BadInput, Refused

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


def _all(*texts: str) -> tuple[IPNetwork, ...]:
    return tuple(ip_network(text) for text in texts)


METADATA: Final = _all(
    "169.254.169.254/32",
    "169.254.170.2/32",
    "168.63.129.16/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "fd00:ec2::254/128",
)
"""Where clouds hand out the machine's credentials: never opened, whatever settings say."""

SPECIAL: Final = _all(
    # Python's own `is_global` changes between versions and calls some of these global.
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
    *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
    # All of IPv6 but global unicast, and of that what is not the public internet.
    *("::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16"),
    *("2620:4f:8000::/48", "3fff::/20"),
)
"""The special-purpose registries of IANA for IPv4 and IPv6."""

_MAPPED: Final = ip_network("::ffff:0:0/96")
_NAT64: Final = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Networks:
    """The public internet, and networks that settings open.

    Args:
        opened: Networks that a host may be in when the allow-list names it without a wildcard.
    """

    opened: tuple[IPNetwork, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Networks":
        """Return the networks of settings, e.g. `10.1.0.0/16`.

        Raises:
            BadInput: A text is no network.
        """
        try:
            return cls(tuple(ip_network(text) for text in texts))
        except ValueError as fault:
            raise BadInput(
                f"allow_networks: {fault}.", advice="Write it as 10.1.0.0/16."
            ) from fault

    def checked(self, host: str, found: Sequence[str], *, named: bool) -> tuple[str, ...]:
        """Return the addresses of a host, all of which may be spoken to.

        Args:
            host: For messages.
            found: What looking it up gave.
            named: Whether the allow-list names exactly this host.

        Raises:
            Refused: One of them may not, which is enough to distrust the name.
        """
        addresses = [_parsed(text, host) for text in found]
        for address in addresses:
            why = self.forbidden(address, named=named)
            if why:
                raise Refused(
                    f"The host {host!r} leads to {address}, which is {why}.",
                    changed="Nothing was sent.",
                )
        return tuple(str(address) for address in addresses)

    def forbidden(self, address: IPAddress, *, named: bool) -> str:
        """Return why an address may not be spoken to; empty when it may."""
        for meant in _meanings(address):
            if _within(meant, METADATA):
                return "where a cloud hands out credentials"
            opened = named and _within(meant, self.opened)
            special = _within(meant, SPECIAL) or not meant.is_global or meant.is_multicast
            if special and not opened:
                return "no public address"
        return ""


def _meanings(address: IPAddress) -> Iterator[IPAddress]:
    """Yield the address at which packets arrive; what carries an IPv4 address is taken as that."""
    carries = isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64)
    yield IPv4Address(int(address) & 0xFFFFFFFF) if carries else address


def _within(address: IPAddress, networks: Iterable[IPNetwork]) -> bool:
    return any(address in network for network in networks)


def _parsed(text: str, host: str) -> IPAddress:
    try:
        return ip_address(text)
    except ValueError as fault:
        raise Refused(f"The host {host!r} leads to {text!r:.60}, which is no address.") from fault
