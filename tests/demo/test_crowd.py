"""Who the simulated viewers are."""

from collections import Counter

from livecommerce.demo.client import Client, open_session
from livecommerce.demo.crowd import MOST_VIEWERS, Crowd, load_script
from livecommerce.foundation.core.settings import ChatSettings
from livecommerce.identity.model import clean_name


async def people(viewers: int) -> list[str]:
    async with open_session() as session:
        crowd = Crowd(Client(session, "http://127.0.0.1:1"), "show", viewers, Counter())
        return [viewer.name for viewer in crowd.people()]


async def test_everybody_has_a_name_of_their_own_that_identity_takes() -> None:
    names = await people(120)

    assert len(set(names)) == 120
    assert [clean_name(name) for name in names] == names


async def test_a_crowd_is_bounded() -> None:
    assert len(await people(100_000)) == MOST_VIEWERS


def test_a_small_crowd_already_speaks_several_languages() -> None:
    languages = [language for _, language in load_script().people()]

    assert len(set(languages[:8])) >= 6


def test_lines_fit_the_chat_and_hold_no_links() -> None:
    script = load_script()

    lines = [line for group in (script.any, script.sale) for spoken in group.values() for line in spoken]

    assert max(map(len, lines)) <= ChatSettings().text_max
    assert not any("http" in line or "www" in line for line in lines)
    assert {speakers.language for speakers in script.viewer} == set(script.any) == set(script.sale)
