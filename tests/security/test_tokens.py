"""Check 22: what is not exactly one of our session tokens is refused, and what is revoked stays so."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.errors import Unauthenticated
from livecommerce.foundation.core.ids import PersonId, SessionId, new_id
from livecommerce.identity.keys import KeyRing
from livecommerce.identity.tokens import Tokens

SESSION, PERSON = SessionId(new_id()), PersonId(new_id())


@pytest.fixture
def keys(data_dir: Path) -> KeyRing:
    return KeyRing.open(data_dir)


@pytest.fixture
def tokens(keys: KeyRing, clock: Any) -> Tokens:
    return Tokens(keys, clock, issuer="livecommerce")


def _claims(clock: Any, **changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    claims = {
        "iss": "livecommerce", "aud": "livecommerce", "typ": "session", "sub": PERSON, "sid": SESSION,
        "jti": new_id(), "iat": now, "nbf": now, "exp": now + 3600, **changes,
    }  # fmt: skip
    return {name: value for name, value in claims.items() if value is not None}


def _signed(keys: KeyRing, claims: dict[str, Any], *, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, keys.current.secret, algorithm=algorithm, headers={"kid": keys.current.kid, **header})


def test_our_own_tokens_are_read(tokens: Tokens, keys: KeyRing, clock: Any) -> None:
    signed = tokens.sign(SESSION, PERSON, clock.now() + timedelta(hours=1))

    assert tokens.read(signed).session_id == SESSION
    # The forger of the tests below makes a good token when nothing is changed: what they refuse is the change.
    assert tokens.read(_signed(keys, _claims(clock))).person_id == PERSON


def test_check_22_a_token_without_a_signature_is_refused(tokens: Tokens, keys: KeyRing, clock: Any) -> None:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = part(_claims(clock))
    for algorithm in ("none", "None", "NONE", "", None):
        for signature in ("", "AAAA"):
            header = part({"alg": algorithm, "kid": keys.current.kid, "typ": "JWT"})
            with pytest.raises(Unauthenticated):
                tokens.read(f"{header}.{body}.{signature}")


def test_check_22_the_token_does_not_choose_the_algorithm(tokens: Tokens, keys: KeyRing, clock: Any) -> None:
    with pytest.warns():
        other_hash = _signed(keys, _claims(clock), algorithm="HS512")
    header, body, signature = _signed(keys, _claims(clock)).split(".")
    fields = json.loads(base64.urlsafe_b64decode(header + "=="))
    confused = [
        base64.urlsafe_b64encode(json.dumps({**fields, "alg": alg}).encode()).rstrip(b"=").decode()
        for alg in ("RS256", "ES256", "EdDSA", "HS384", "hs256")
    ]

    for forged in [other_hash, *(f"{each}.{body}.{signature}" for each in confused)]:
        with pytest.raises(Unauthenticated):
            tokens.read(forged)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-shop"},
        {"aud": None},
        {"aud": ["another-shop"]},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"typ": "refresh"},
        {"typ": None},
        {"sid": None},
        {"sid": "1; DROP TABLE sessions"},
        {"sid": 7},
        {"sub": None},
        {"sub": "owner"},
        {"jti": None},
        {"nbf": None},
        {"exp": None},
        {"exp": "never"},
        {"exp": 1e30},
    ],
    ids=str,
)
def test_check_22_every_claim_must_be_ours(tokens: Tokens, keys: KeyRing, clock: Any, change: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(_signed(keys, _claims(clock, **change)))


def test_check_22_times_have_a_leeway_of_30_s(tokens: Tokens, keys: KeyRing, clock: Any) -> None:
    now = int(clock.now().timestamp())

    tokens.read(_signed(keys, _claims(clock, exp=now - 29)))
    tokens.read(_signed(keys, _claims(clock, nbf=now + 30)))

    for change in ({"exp": now - 30}, {"nbf": now + 31}):
        with pytest.raises(Unauthenticated):
            tokens.read(_signed(keys, _claims(clock, **change)))


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5u": "https://evil.example/cert"},
        {"crit": ["exp"]},
        {"kid": "../../etc/passwd"},
        {"kid": ["a"]},
        {"kid": ""},
    ],
    ids=str,
)
def test_check_22_a_header_brings_no_key(tokens: Tokens, keys: KeyRing, clock: Any, header: dict[str, Any]) -> None:
    claims = _claims(clock)
    try:
        forged = _signed(keys, claims, **header)
    except jwt.InvalidTokenError:  # the library will not even write it
        good, body, signature = _signed(keys, claims).split(".")
        fields = {**json.loads(base64.urlsafe_b64decode(good + "==")), **header}
        encoded = base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
        forged = f"{encoded}.{body}.{signature}"

    with pytest.raises(Unauthenticated):
        tokens.read(forged)


def test_check_22_another_installation_s_key_is_refused(tokens: Tokens, tmp_path: Path, clock: Any) -> None:
    stranger = Tokens(KeyRing.open(tmp_path / "elsewhere"), clock, issuer="livecommerce")

    with pytest.raises(Unauthenticated):
        tokens.read(stranger.sign(SESSION, PERSON, clock.now() + timedelta(hours=1)))


def test_a_token_of_the_previous_key_is_read_after_a_rotation(tokens: Tokens, keys: KeyRing, clock: Any) -> None:
    old = tokens.sign(SESSION, PERSON, clock.now() + timedelta(hours=1))

    keys.rotate()

    assert tokens.read(old).session_id == SESSION
    assert jwt.get_unverified_header(old)["kid"] != keys.current.kid


@pytest.fixture(scope="module")
def lasting_tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    return Tokens(KeyRing.open(tmp_path_factory.mktemp("fuzz")), SystemClock(), issuer="livecommerce")


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,80}"))
def test_check_22_any_other_text_is_just_not_a_token(lasting_tokens: Tokens, text: str) -> None:
    with pytest.raises(Unauthenticated):
        lasting_tokens.read(text)


def test_a_token_with_one_bit_changed_is_refused(tokens: Tokens, clock: Any) -> None:
    signed = tokens.sign(SESSION, PERSON, clock.now() + timedelta(hours=1))

    for index in range(0, len(signed) - 1, 3):  # the last character has unused bits
        other = "A" if signed[index] != "A" else "B"
        with pytest.raises(Unauthenticated):
            tokens.read(signed[:index] + other + signed[index + 1 :])
