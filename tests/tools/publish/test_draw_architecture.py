"""The picture of the house shows the imports as they are."""

from xml.etree import ElementTree

from tools.publish.draw_architecture import PICTURE, described, draw, drawn_arrows, places
from tools.publish.floors import ROOT, arrows, read, stub_homes

EVERY = arrows(read(), stub_homes())


def test_the_picture_is_of_today():
    text = "".join(ElementTree.parse(ROOT / PICTURE).getroot().itertext())
    assert described(EVERY) in text, "run python -m tools.publish.draw_architecture"


def test_every_room_is_there_and_every_arrow_points_down():
    shown = {text.get_text() for axes in draw(EVERY).axes for text in axes.texts}
    where = places(EVERY)
    for source, target in EVERY:
        assert {source, target} <= shown
        assert where[source][1] > where[target][1]
    assert len(set(where.values())) == len(where)


def test_what_a_longer_way_says_is_not_drawn():
    shown = drawn_arrows(EVERY)
    for source, target in EVERY - shown:
        ways = {source}
        while target not in ways:
            further = {end for start, end in shown if start in ways}
            assert further - ways, f"no way from {source} to {target}"
            ways |= further
