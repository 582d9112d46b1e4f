"""The cost of a visit's shared noise to a likelihood ratio, before and after it is estimated.

250 passengers, five simulated hours, a TMR of .40 with independent images; the labelled run has no
visits. `python -m benchmarks.visits` prints a line for each share of noise and seed.
"""

from __future__ import annotations

from benchmarks import dials
from onetomany import terminal
from onetomany.tracking import likelihood, shared_noise, visits


def run() -> None:
    """Print Cllr - Cllr_min of single and of averaged images, and the share estimated."""
    known, model = dials._seen(250, dials.CALIBRATION), dials._model()
    noise = terminal.noise_for(model, known, 0.40, 1e-4, seed=1, tolerance=0.005)
    alone = terminal.sighting_templates(model, known, dials.CALIBRATION, noise=noise)
    face = likelihood.fit_face(likelihood.score_sighting_pairs(known, alone, 1, pairs=30_000))
    for share in (0.0, 0.5, 0.8):
        for seed in dials.SEEDS:
            seen = dials._seen(250, seed)
            own = visits.visit_templates(model, seen, seed, noise=noise, share=share)
            held_out = likelihood.score_sighting_pairs(seen, own, seed, pairs=30_000)
            found = shared_noise.visit_share(
                shared_noise.estimate_shared_noise(seen, own, known, alone)
            )
            shared = shared_noise.share_noise(known, alone, found, seed)
            again = likelihood.fit_face(
                likelihood.score_sighting_pairs(known, shared, 1, pairs=30_000)
            )
            before, after = (
                likelihood.calibration_cost(each, held_out)["difference"] for each in (face, again)
            )
            print(
                f"share {share:.1f}, seed {seed}: estimated {found:.2f}; single images "
                f"{before[0]:.4f} before, {after[0]:.4f} after; several {before[1]:.4f} before, "
                f"{after[1]:.4f} after",
                flush=True,
            )


if __name__ == "__main__":
    run()
