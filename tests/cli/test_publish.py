from pathlib import Path

import pytest

from livecommerce.cli.publish import InvalidSize, _encoding, _first_line, publish
from livecommerce.foundation.media.publisher import UnreadableMedia


@pytest.mark.parametrize("size", ["640", "640x", "axb", "8x8", "4000x360", "-640x360"])
def test_a_size_that_makes_no_picture_is_refused(size: str) -> None:
    with pytest.raises(InvalidSize):
        _encoding(size, 25)


def test_sides_become_multiples_of_four() -> None:
    encoding = _encoding("541x963", 500)

    assert (encoding.width, encoding.height, encoding.fps) == (540, 960, 60)


def test_the_caption_is_the_first_line_of_the_file_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "caption.txt"
    assert _first_line(path) == ""

    path.write_text("Harbour mug\nsecond line\n", encoding="utf-8")

    assert _first_line(path) == "Harbour mug"


def test_a_missing_file_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia):
        publish(str(tmp_path / "missing.mp4"), show="s", token="t")
