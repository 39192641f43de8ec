"""How media and results look in a notebook: rich, bounded, and with nothing of a hub unescaped."""

import base64

import pytest
from aki_runtime.fields.base import OutputModel
from aki_runtime.media import display
from aki_runtime.media.objects import Audio, Image, Video

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
EVIL = '"><script>alert(1)</script>'


class Painting(OutputModel):
    """What a model paints."""

    images: list[Image]
    text: str
    seed: int
    error: str | None = None


class TestMedia:
    """A picture is a picture, a sound has a player."""

    @pytest.mark.parametrize(("data", "mime"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
    def test_a_picture_is_shown_as_such(self, data, mime):
        bundle = Image(data)._repr_mimebundle_(include=None, exclude=None)
        assert base64.b64decode(bundle[mime]) == data
        assert bundle["text/plain"].startswith("<Image")

    @pytest.mark.parametrize(("kind", "tag"), [(Audio, "audio"), (Video, "video")])
    def test_sound_and_film_have_a_player(self, kind, tag):
        html = kind(f"data:{tag}/webm;base64,AAAA")._repr_mimebundle_()["text/html"]
        assert html.startswith(f"<{tag} controls")
        assert f'src="data:{tag}/webm;base64,AAAA"' in html

    @pytest.mark.parametrize("kind", [Image, Audio, Video])
    @pytest.mark.parametrize("head", [EVIL, f"image/png{EVIL}", "x/y", "text/html"])
    def test_a_foreign_header_adds_no_markup(self, kind, head):
        bundle = kind(f"data:{head};base64,AAAA")._repr_mimebundle_()
        assert "<script" not in bundle.get("text/html", "")
        assert "text/html;" not in bundle.get("text/html", "")

    def test_what_is_no_base64_is_told(self):
        bundle = Image("data:image/png;base64,!!!")._repr_mimebundle_()
        assert "not shown here" in bundle["text/html"]

    def test_a_medium_that_is_too_large_is_named(self, monkeypatch):
        monkeypatch.setattr(display, "MOST_BYTES", len(PNG) - 1)
        bundle = Image(PNG)._repr_mimebundle_()
        assert "image/png" not in bundle
        assert "save()" in bundle["text/html"]

    def test_a_format_that_browsers_do_not_show_is_named(self):
        assert "<img" not in Image("data:image/TIFF;base64,AAAA")._repr_mimebundle_()["text/html"]


class TestResults:
    """A result shows its outputs."""

    def test_text_and_pictures_stand_together(self):
        output = Painting.read({"images": [PNG, PNG], "text": "a robot", "seed": 3})
        html = output._repr_mimebundle_()["text/html"]
        assert html.count("<img ") == 2
        assert "a robot" in html
        assert "seed" in html

    def test_outputs_that_are_missing_or_none_are_left_out(self):
        html = Painting.read({"text": "a robot"})._repr_mimebundle_()["text/html"]
        assert "images" not in html
        assert "error" not in html

    def test_text_is_escaped(self):
        html = Painting.read({"text": EVIL, "seed": {"<b>": EVIL}})._repr_mimebundle_()["text/html"]
        assert "<script" not in html
        assert "<b>" not in html

    def test_half_a_surrogate_pair_does_not_keep_the_rest_from_being_shown(self):
        bundle = Painting.read({"text": "a \ud800 robot"})._repr_mimebundle_()
        assert "a ? robot" in bundle["text/html"]
        assert all(form.encode() for form in bundle.values())

    def test_a_long_text_is_cut(self):
        html = Painting.read({"text": "x" * 1_000_000})._repr_mimebundle_()["text/html"]
        assert len(html) < 110_000
        assert "and 900,000 characters more" in html

    def test_many_pictures_share_one_allowance(self, monkeypatch):
        monkeypatch.setattr(display, "MOST_BYTES", 2 * len(PNG) + 2)
        output = Painting.read({"images": [PNG] * 40, "text": "", "seed": 1})
        html = output._repr_mimebundle_()["text/html"]
        assert html.count("<img ") == 2
        assert "and 16 more" in html
