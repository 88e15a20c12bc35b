"""How often people may try. Every limit holds across processes; addresses of people never stand in a key."""

from __future__ import annotations

import hashlib
import ipaddress

from livecommerce.foundation.http.limits import Rate

CODES_PER_EMAIL = Rate(5, 900)
CODES_PER_NETWORK = Rate(60, 900)
CODE_TRIES_PER_EMAIL = Rate(10, 600)
CODE_TRIES_PER_NETWORK = Rate(120, 600)
SIGN_INS_PER_EMAIL = Rate(10, 300)
SIGN_INS_PER_NETWORK = Rate(60, 300)
ONCE_TRIES_PER_NETWORK = Rate(60, 60)


def network_key(address: str) -> str:
    """The caller's address; of IPv6 the /64, because whoever has one address there has 2^64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)


def email_key(email: str) -> str:
    """A name for an e-mail address that is not the address."""
    return hashlib.sha256(email.encode()).hexdigest()[:32]
