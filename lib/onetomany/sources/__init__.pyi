"""What this package offers; `make generate` writes it from __init__.py."""

from .cache import cache_dir as cache_dir
from .datasheets import Datasheet as Datasheet
from .datasheets import read_datasheet as read_datasheet
from .images import ImageSet as ImageSet
from .images import choose_images as choose_images
from .images import image_sets as image_sets
from .images import open_images as open_images
from .images import prepare_folder as prepare_folder
from .own_ids import is_pseudonym as is_pseudonym
from .weights import Model as Model
from .weights import fetch_weights as fetch_weights
from .weights import install_weights as install_weights
from .weights import model as model
from .weights import models as models
