"""Only public addresses are spoken to, and what settings open by name."""

import pytest

from tools.errors import BadInput, Refused
from tools.http.networks import Networks

PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254"),  # noqa: S104  # nothing is bound
    *("169.254.1.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1"),
    *("192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1"),
    *("240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1"),
    *("fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
]
METADATA = [
    *("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
    *("fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", [*PRIVATE, *METADATA])
def test_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="leads to"):
        Networks().checked("x.test", [address], named=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_accepted(address: str) -> None:
    assert Networks().checked("x.test", [address], named=False) == (address,)


@pytest.mark.parametrize("address", METADATA)
def test_no_setting_opens_where_credentials_are_handed_out(address: str) -> None:
    everything = Networks.parse(["0.0.0.0/0", "::/0"])
    with pytest.raises(Refused, match="credentials"):
        everything.checked("x.test", [address], named=True)


def test_opened_network_is_only_for_hosts_that_are_named() -> None:
    networks = Networks.parse(["10.1.0.0/16"])
    assert networks.checked("intranet.test", ["10.1.2.3"], named=True) == ("10.1.2.3",)
    assert networks.checked("intranet.test", ["::ffff:10.1.2.3"], named=True)
    with pytest.raises(Refused):
        networks.checked("anything.test", ["10.1.2.3"], named=False)
    with pytest.raises(Refused):
        networks.checked("intranet.test", ["10.2.0.1"], named=True)


def test_one_forbidden_answer_among_good_ones_is_enough() -> None:
    with pytest.raises(Refused, match=r"127\.0\.0\.1"):
        Networks().checked("x.test", ["8.8.8.8", "127.0.0.1"], named=True)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(Refused):
        Networks().checked("x.test", ["127.1"], named=True)


def test_setting_that_is_no_network_is_refused() -> None:
    with pytest.raises(BadInput, match="allow_networks"):
        Networks.parse(["10.1.0.1/16"])
