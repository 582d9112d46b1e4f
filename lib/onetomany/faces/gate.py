"""Open deepface with everything but detection and embedding switched off.

deepface can also guess race, emotion, age and sex from looks, open a camera, fetch images from the
web, and download weights by itself. Opened here it does none of these: the kit compares faces, it
does not classify people.
"""

import importlib
import os
from functools import cache
from types import ModuleType
from typing import Any, NoReturn

from onetomany.errors import RefusedError
from onetomany.extras import require_extra
from onetomany.sources.weights import deepface_home, install_weights, model, resolve


def _no_analysis(*_: Any, **__: Any) -> NoReturn:
    raise RefusedError(
        "Telling race, emotion, age or sex from a face is not part of this kit and can't be "
        "switched on: it has no reliable basis and does harm."
    )


def _no_camera(*_: Any, **__: Any) -> NoReturn:
    raise RefusedError("No camera or stream is opened: faces come only from sets with a datasheet.")


def _no_web(*_: Any, **__: Any) -> NoReturn:
    raise RefusedError("No image is fetched from the web: faces come only from sets on this disk.")


@cache
def open_deepface() -> ModuleType:
    """Return deepface's `DeepFace` module with all but detection and embedding off."""
    require_extra("faces")
    os.environ["DEEPFACE_HOME"] = str(deepface_home())
    os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
    os.environ.setdefault("DEEPFACE_LOG_LEVEL", "40")
    deepface: ModuleType = importlib.import_module("deepface.DeepFace")
    parts = {
        name: importlib.import_module(f"deepface.{name}")
        for name in (
            "commons.image_utils",
            "commons.weight_utils",
            "modules.demography",
            "modules.modeling",
            "modules.streaming",
        )
    }
    parts["modules.modeling"].AVAILABLE_MODELS["facial_attribute"].clear()
    deepface.analyze = parts["modules.demography"].analyze = _no_analysis  # type: ignore[attr-defined]
    deepface.stream = parts["modules.streaming"].analysis = _no_camera  # type: ignore[attr-defined]
    parts["commons.image_utils"].load_image_from_web = _no_web  # type: ignore[attr-defined]
    parts["commons.weight_utils"].download_weights_if_necessary = (  # type: ignore[attr-defined]
        lambda file_name, *_, **__: resolve(file_name)
    )
    return deepface


@cache
def load_model(name: str) -> None:
    """Build a model inside deepface once a process, from checked weights.

    Raises InputError or IntegrityError if its weights are missing or not the pinned ones.
    """
    require_extra("faces")  # before its packages' files are looked for
    paths = install_weights(model(name).name)
    open_deepface()
    modeling = importlib.import_module("deepface.modules.modeling")
    client = modeling.build_model("facial_recognition", name)
    if name == "Dlib":
        from .dlib_network import DlibNetwork

        weight_file = paths["dlib_face_recognition_resnet_model_v1.dat"]
        client.model.model = DlibNetwork(weight_file)
    elif name == "SFace":
        from .sface_network import checked_session

        client.model = checked_session(paths["face_recognition_sface_2021dec_int8bq.onnx"])
