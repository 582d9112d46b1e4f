"""What this package offers; `make generate` writes it from __init__.py."""

from .assessment import Assessment, assess, describe_assessment
from .attack import fuzzy_attack, pseudonyms_by_vote
from .classes import matching
from .closeness import hierarchical_closeness
from .copula import fit_copula, individuals
from .crowds import crowd, load_disclosed_crowds
from .distance_linkage import distance_links, information_loss
from .face_join import filtered_false_candidates, joined_searches, posterior
from .fact_list import describe_facts, everyday_facts
from .households import household_risk
from .k_map import k_map_bands, k_map_threshold
from .linkage import exact_links, fuzzy_links
from .local_recoding import compare_reductions, recode_locally
from .mosaic import bits_learned, check_against_table, habits, singled_out
from .own_table import OwnTable
from .persistent_key import key_linkage, relinked, reversal_times, reverse_small_space
from .population import population_uniqueness
from .reduction import Hierarchy, what_if
from .risk import Anonymity, Privacy, anonymity, diversity, individual_risk, presence, privacy, risks
from .safe_harbor import safe_harbor_rule
from .special_uniques import minimal_sample_uniques
from .standing_out import quasi_identifiers, without_each

__all__ = [
    "Anonymity",
    "Assessment",
    "Hierarchy",
    "OwnTable",
    "Privacy",
    "anonymity",
    "assess",
    "bits_learned",
    "check_against_table",
    "compare_reductions",
    "crowd",
    "describe_assessment",
    "describe_facts",
    "distance_links",
    "diversity",
    "everyday_facts",
    "exact_links",
    "filtered_false_candidates",
    "fit_copula",
    "fuzzy_attack",
    "fuzzy_links",
    "habits",
    "hierarchical_closeness",
    "household_risk",
    "individual_risk",
    "individuals",
    "information_loss",
    "joined_searches",
    "k_map_bands",
    "k_map_threshold",
    "key_linkage",
    "load_disclosed_crowds",
    "matching",
    "minimal_sample_uniques",
    "population_uniqueness",
    "posterior",
    "presence",
    "privacy",
    "pseudonyms_by_vote",
    "quasi_identifiers",
    "recode_locally",
    "relinked",
    "reversal_times",
    "reverse_small_space",
    "risks",
    "safe_harbor_rule",
    "singled_out",
    "what_if",
    "without_each",
]
