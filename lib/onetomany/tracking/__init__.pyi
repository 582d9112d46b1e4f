"""What this package offers; `make generate` writes it from __init__.py."""

from .association import associate
from .clocks import associate_setting_clocks, fit_travel_times, set_clocks
from .comparison import Filmed, compare_trackers, simulated_detections
from .dials import stored_dials
from .evaluation import track_errors
from .film import decode_film, find_tracks, still_tracks
from .ground import ground_trajectories, read_ground, with_metres
from .likelihood import FaceLikelihood, calibration_cost, fit_face, score_sighting_pairs
from .metrics import identity, score_points, score_tracks, score_tracks_again
from .mot import MOT, open_mot, read_mot, write_mot
from .people_detectors import hog_detector, yolox_detector
from .sequences import open_folder
from .shared_noise import estimate_shared_noise, share_noise, visit_share
from .sightings import check_sightings
from .threshold_linking import calibrated_threshold, link_by_threshold, link_threshold_at_fmr, threshold_curve
from .tracks import Association, cut_weak_links
from .transit import TransitModel, fit_transit
from .visits import visit_templates
from .within import TRACKERS, track

__all__ = [
    "Association",
    "FaceLikelihood",
    "Filmed",
    "MOT",
    "TRACKERS",
    "TransitModel",
    "associate",
    "associate_setting_clocks",
    "calibrated_threshold",
    "calibration_cost",
    "check_sightings",
    "compare_trackers",
    "cut_weak_links",
    "decode_film",
    "estimate_shared_noise",
    "find_tracks",
    "fit_face",
    "fit_transit",
    "fit_travel_times",
    "ground_trajectories",
    "hog_detector",
    "identity",
    "link_by_threshold",
    "link_threshold_at_fmr",
    "open_folder",
    "open_mot",
    "read_ground",
    "read_mot",
    "score_points",
    "score_sighting_pairs",
    "score_tracks",
    "score_tracks_again",
    "set_clocks",
    "share_noise",
    "simulated_detections",
    "still_tracks",
    "stored_dials",
    "threshold_curve",
    "track",
    "track_errors",
    "visit_share",
    "visit_templates",
    "with_metres",
    "write_mot",
    "yolox_detector",
]
