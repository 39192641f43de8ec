"""What Python's own tools do with clients and endpoints, and what is said of a misspelt name."""

import copy
import inspect
import os
import pickle
import subprocess
import sys
from typing import get_type_hints
from unittest.mock import create_autospec, patch

import aki_client.endpoints.aio
import pytest
from aki_client import Aki, AsyncAki, ConfigurationError, NotFoundError
from aki_client.models import FluxDevInput, FluxDevOutput

KEY = "a-key-that-shows-nowhere-7731"
RESTORE = """
import pickle, sys
endpoint = pickle.loads(bytes.fromhex(sys.argv[1]))
print(len(endpoint(prompt="A lake", width=128, height=128).images))
"""


def restored(packed, **environment):
    """Restore an endpoint in another process, and call it there."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AKI_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RESTORE, packed.hex()],
        env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path), "AKI_API_KEY": "another"}
        | environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestPickle:
    """Endpoints in another process; the key never goes with them."""

    def test_an_endpoint_of_a_client_finds_its_hub_again_in_another_process(self, hub):
        with Aki(KEY, api_server=hub.url) as aki:
            packed = pickle.dumps(aki.flux_dev.with_options(timeout=60))
        assert KEY.encode() not in packed
        assert restored(packed, AKI_API_SERVER="http://127.0.0.1:9") == "1"

    def test_an_endpoint_function_does_too(self, hub, monkeypatch):
        monkeypatch.setenv("AKI_API_SERVER", hub.url)
        monkeypatch.setenv("AKI_API_KEY", KEY)
        code = "import pickle; from aki_client.endpoints import flux_dev; print(pickle.dumps(flux_dev).hex())"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            encoding="utf-8",
        )
        packed = bytes.fromhex(done.stdout.strip())
        assert KEY.encode() not in packed
        assert restored(packed) == "1"

    def test_an_endpoint_of_an_async_client_stays_async(self):
        endpoint = pickle.loads(  # noqa: S301 our own
            pickle.dumps(AsyncAki(KEY, api_server="http://127.0.0.1:9").flux_dev)
        )
        assert inspect.iscoroutinefunction(endpoint.submit)

    def test_options_go_with_an_endpoint(self):
        with Aki(KEY, api_server="http://127.0.0.1:9") as aki:
            packed = pickle.dumps(aki.with_options(allow_paths=False).qwen_image_edit)
        with pytest.raises(Exception, match="paths"):
            pickle.loads(packed)(  # noqa: S301 our own
                image="/etc/passwd", prompt="x"
            )

    def test_what_is_known_of_an_endpoint_goes_to_another_process(self):
        with Aki(KEY) as aki:
            infos = [aki.flux_dev.info, aki.endpoint("nobody_knows_this").info]
        assert repr(pickle.loads(pickle.dumps(infos))) == repr(infos)  # noqa: S301 our own


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_client_calls_with_the_same_key_and_options(hub, duplicate):
    with Aki(KEY, api_server=hub.url, timeout=30) as aki:
        other = duplicate(aki)
        assert other is not aki
        assert len(other.flux_dev(prompt="A lake", width=128, height=128).images) == 1
        aki.api_key = "replaced-key-1"
        assert other.api_key == aki.api_key


def test_a_deep_copy_of_an_endpoint_keeps_its_client(hub):
    with Aki(KEY, api_server=hub.url) as aki:
        settings = copy.deepcopy({"paint": aki.flux_dev})
        assert len(settings["paint"](prompt="A lake").images) == 1


def test_type_hints_of_an_endpoint_are_those_of_a_call():
    with Aki(KEY) as aki:
        hints = get_type_hints(aki.flux_dev)
    assert hints["prompt"] is str
    assert hints["return"] is FluxDevOutput


@pytest.mark.parametrize("place", ["client", "function", "async function"])
def test_the_signature_of_an_endpoint_returns_its_output(place):
    with Aki(KEY) as aki:
        endpoint = {
            "client": aki.flux_dev,
            "function": aki_client.endpoints.flux_dev,
            "async function": aki_client.endpoints.aio.flux_dev,
        }[place]
    signature = inspect.signature(endpoint)
    assert signature.return_annotation is FluxDevOutput
    assert list(signature.parameters)[:2] == list(FluxDevInput.model_fields)[:2]


class TestMocks:
    """Clients in the tests of whoever uses them."""

    def test_an_autospecced_client_has_the_endpoints(self):
        mock = create_autospec(Aki, instance=True)
        mock.flux_dev.return_value = "painted"
        mock.flux_dev.submit.return_value.id = "JOB"
        assert mock.flux_dev(prompt="A lake") == "painted"
        assert mock.flux_dev.submit(prompt="A lake").id == "JOB"
        with pytest.raises(AttributeError):
            mock.flux_deb(prompt="A lake")

    def test_an_autospecced_async_client_is_awaited(self):
        mock = create_autospec(AsyncAki, instance=True)
        call = mock.flux_dev.submit(prompt="A lake")
        assert inspect.iscoroutine(call)
        call.close()

    @pytest.mark.parametrize("kind", [Aki, AsyncAki])
    def test_an_endpoint_of_the_class_can_be_patched_and_is_there_again(self, kind):
        client = kind(KEY)
        with patch.object(kind, "flux_dev") as painter:
            painter.return_value = "painted"
            assert client.flux_dev(prompt="A lake") == "painted"
        assert client.flux_dev.info.name == "flux-dev"

    def test_an_endpoint_of_the_class_says_that_a_client_is_needed(self):
        with pytest.raises(ConfigurationError, match=r"not set up; Aki\(\) is"):
            Aki.flux_dev(prompt="A lake")


class TestMisspelt:
    """Names that are nearly right."""

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("base_url", "api_server"),
            ("server", "api_server"),
            ("url", "api_server"),
            ("host", "api_server"),
            ("api_servr", "api_server"),
            ("token", "api_key"),
            ("apikey", "api_key"),
            ("timout", "timeout"),
            ("retries", "max_retries"),
            ("client", "http_client"),
        ],
    )
    @pytest.mark.parametrize("client", [Aki, AsyncAki])
    def test_an_argument_of_a_client_names_the_right_one(self, client, name, meant):
        with pytest.raises(
            TypeError, match=f"^unknown argument '{name}'; did you mean {meant}\\?$"
        ):
            client("any", **{name: "value"})

    def test_an_option_names_the_right_one(self):
        with Aki("any") as aki:
            for place in (aki, aki.flux_dev):
                with pytest.raises(
                    TypeError, match="'progress_intervall'; did you mean progress_interval"
                ):
                    place.with_options(progress_intervall=1)

    def test_an_option_of_the_client_alone_is_unknown_to_an_endpoint(self):
        with Aki("any") as aki, pytest.raises(TypeError, match="'api_server'; known are timeout"):
            aki.flux_dev.with_options(api_server="http://127.0.0.1:9")

    def test_an_attribute_names_a_method_too(self):
        with Aki("any") as aki, pytest.raises(AttributeError, match="did you mean validate_key"):
            _ = aki.validatekey

    def test_check_names_the_nearest_endpoint(self):
        with Aki("any") as aki, pytest.raises(ConfigurationError, match="did you mean flux_dev"):
            aki.check("flux_deb")

    @pytest.mark.parametrize("name", ["flux_dev", "flux-deb", "FLUX-DEV"])
    def test_an_endpoint_that_the_hub_lacks_names_the_nearest(self, hub, name):
        with Aki("any", api_server=hub.url) as aki:
            for ask in (
                lambda: aki.call(name, {"prompt": "A lake"}),
                lambda: aki.submit(name, {"prompt": "A lake"}),
                lambda: aki.endpoint_details(name),
            ):
                with pytest.raises(NotFoundError, match=r"; did you mean flux-dev\?$") as caught:
                    ask()
                assert str(caught.value) == caught.value.message
