"""Follow people: tracks within one camera, links across cameras, and the errors of both.

Within a camera: `track`, scored by `score_tracks`. Across cameras: `fit_face` and `fit_transit`
learn from a labelled run, `associate` links sightings, `track_errors` counts the errors. The
functions below are imported when first used; each has a module of its own topic, such as
`tracking.dossier`.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("tracking")

_OFFERED = {  # by module; imported when first used
    "association": ("associate",),
    "clocks": ("associate_setting_clocks", "fit_travel_times", "set_clocks"),
    "comparison": ("Filmed", "compare_trackers", "simulated_detections"),
    "dials": ("stored_dials",),
    "evaluation": ("track_errors",),
    "film": ("decode_film", "find_tracks", "still_tracks"),
    "ground": ("ground_trajectories", "read_ground", "with_metres"),
    "likelihood": ("FaceLikelihood", "calibration_cost", "fit_face", "score_sighting_pairs"),
    "metrics": ("identity", "score_points", "score_tracks", "score_tracks_again"),
    "mot": ("MOT", "open_mot", "read_mot", "write_mot"),
    "people_detectors": ("hog_detector", "yolox_detector"),
    "sequences": ("open_folder",),
    "shared_noise": ("estimate_shared_noise", "share_noise", "visit_share"),
    "sightings": ("check_sightings",),
    "threshold_linking": (
        "calibrated_threshold",
        "link_by_threshold",
        "link_threshold_at_fmr",
        "threshold_curve",
    ),
    "tracks": ("Association", "cut_weak_links"),
    "transit": ("TransitModel", "fit_transit"),
    "visits": ("visit_templates",),
    "within": ("TRACKERS", "track"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
