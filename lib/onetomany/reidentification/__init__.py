"""Measure how few columns single people out, and which tables join to them.

`assess` counts a table in one call. The measures themselves are in modules of their topic:
`classes`, `combinations`, `crowds`, `k_map`, `mosaic`, `own_table`, `safe_harbor`,
`special_uniques` and `standing_out` each have a function of the module's name. The functions below
are imported when first used.
"""

from onetomany.lazy import offer

_OFFERED = {  # by module; imported when first used
    "assessment": ("Assessment", "assess", "describe_assessment"),
    "attack": ("fuzzy_attack", "pseudonyms_by_vote"),
    "classes": ("matching",),
    "closeness": ("hierarchical_closeness",),
    "copula": ("fit_copula", "individuals"),
    "crowds": ("crowd", "load_disclosed_crowds"),
    "distance_linkage": ("distance_links", "information_loss"),
    "face_join": ("filtered_false_candidates", "joined_searches", "posterior"),
    "fact_list": ("describe_facts", "everyday_facts"),
    "households": ("household_risk",),
    "k_map": ("k_map_bands", "k_map_threshold"),
    "linkage": ("exact_links", "fuzzy_links"),
    "local_recoding": ("compare_reductions", "recode_locally"),
    "mosaic": ("bits_learned", "check_against_table", "habits", "singled_out"),
    "own_table": ("OwnTable",),
    "persistent_key": ("key_linkage", "relinked", "reversal_times", "reverse_small_space"),
    "population": ("population_uniqueness",),
    "reduction": ("Hierarchy", "what_if"),
    "risk": (
        "Anonymity",
        "Privacy",
        "anonymity",
        "diversity",
        "individual_risk",
        "presence",
        "privacy",
        "risks",
    ),
    "safe_harbor": ("safe_harbor_rule",),
    "special_uniques": ("minimal_sample_uniques",),
    "standing_out": ("quasi_identifiers", "without_each"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
