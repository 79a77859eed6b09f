"""Compares the losses of this package with those of others, on equal terms.

    KERAS_BACKEND=jax python -m bench.studies.rivals.run [--features DIR] [--only GROUND]

One frozen trunk, one head, one order of images, one optimizer, one number of trials. Every loss
chooses its own setting and a learning rate at 32 bits, on images or classes that are no queries,
then trains at 16, 32 and 64 bits with three seeds. What is measured is added to
bench/studies/results/rivals.json at once, and not measured again.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from bench.studies.pooled_features import TRUNK
from bench.studies.rivals.contestants import CONTESTANTS, LEARNING_RATES, STAGE_TWO
from bench.studies.rivals.grounds import ASIDE, COMPONENTS, GROUNDS, Material
from bench.studies.rivals.judge import judged
from bench.studies.rivals.training import WEIGHT_DECAY, learn_again, train_head, turned
from classwise.zoo.foundation.files import replacing_file

RESULTS = Path(__file__).parents[1] / "results" / "rivals.json"
CODE_LENGTHS, CHOSEN_AT, SEEDS = (16, 32, 64), 32, 3
FEW, FEW_GROUND = (10, 50, 100), "cifar10-5k-59k"
ROUNDS = 5


def settings() -> dict:
    """Returns everything that figures depend on, as JSON types."""
    grounds = {
        name: {
            **dataclasses.asdict(ground.plan),
            "side": ground.side,
            "title": ground.title,
            "words": ground.words,
            "asking": ground.asking,
        }
        for name, ground in GROUNDS.items()
    }
    return {
        "trunk": TRUNK,
        "components": COMPONENTS,
        "grounds": grounds,
        "learning_rates": list(LEARNING_RATES),
        "weight_decay": WEIGHT_DECAY,
        "stage_two": dict(STAGE_TWO),
        "settings": {one.name: list(one.settings) for one in CONTESTANTS},
        "code_lengths": list(CODE_LENGTHS),
        "chosen_at": CHOSEN_AT,
        "seeds": SEEDS,
        "aside": ASIDE,
        "few": list(FEW),
        "few_ground": FEW_GROUND,
    }


class Results:
    """The file of figures, to which every measured one is added at once."""

    def __init__(self, path: Path):
        self.path = path
        self.content = {"settings": settings(), "variance": {}, "trials": [], "runs": []}
        self.content["seconds"] = []
        if path.exists():
            found = json.loads(path.read_text())
            if found["settings"] != self.content["settings"]:
                raise SystemExit(f"{path} holds figures of other settings; remove it, or --output.")
            self.content = found

    def find(self, kind: str, **facts) -> dict | None:
        """Returns the first entry of a kind with these facts."""
        same = (entry for entry in self.content[kind] if facts.items() <= entry.items())
        return next(same, None)

    def add(self, kind: str, entry: dict):
        self.content[kind].append(entry)
        self.write()

    def write(self):
        with replacing_file(self.path) as temporary:
            temporary.write_text(json.dumps(self.content, indent=1) + "\n")


def embedders(contestant, head, learned, seed: int):
    """Yields what is judged of a trained head, by name."""
    yield contestant.name, head
    if contestant.turns:
        yield contestant.methods[1], turned(head, learned, seed)


def choose(material, contestant, results: Results):
    """Tries every setting and learning rate of a loss once."""
    ground, sets = material.ground.protocol.name, material.tuning()
    for setting in contestant.settings:
        for rate in LEARNING_RATES:
            facts = {"ground": ground, "loss": contestant.name, "setting": setting, "rate": rate}
            if results.find("trials", **facts):
                continue
            criterion = contestant.build(**setting)
            head = train_head(criterion, sets, CHOSEN_AT, material.ground.plan, rate, 0)
            found = {
                method: judged(embed, sets.of("queries"), sets.of("database"), CHOSEN_AT)["map"]
                for method, embed in embedders(contestant, head, sets.of("learned")[0], 0)
            }
            results.add("trials", {**facts, "map": found})


def chosen(results: Results, ground: str, contestant, method: str) -> dict:
    """Returns the trial of a loss with the highest mAP of a method; the first of equal ones."""
    trials = [
        trial
        for trial in results.content["trials"]
        if (trial["ground"], trial["loss"]) == (ground, contestant.name)
    ]
    return max(trials, key=lambda trial: trial["map"][method])


def measure(material, contestant, code_length, seed, results: Results, per_class=None):
    """Trains a loss as it was chosen, and judges its codes."""
    ground = material.ground.protocol.name
    heads: dict = {}
    sets = material.judged(per_class, seed)
    learned = sets.of("learned")[0]
    for method in contestant.methods:
        facts = {"ground": ground, "method": method, "code_length": code_length, "seed": seed}
        facts["per_class"] = per_class
        if results.find("runs", **facts):
            continue
        trial = chosen(results, ground, contestant, method)
        key = json.dumps([trial["setting"], trial["rate"]])
        if key not in heads:
            criterion = contestant.build(**trial["setting"])
            head = train_head(
                criterion, sets, code_length, material.ground.plan, trial["rate"], seed
            )
            heads[key] = dict(embedders(contestant, head, learned, seed))
        found = judged(heads[key][method], sets.of("queries"), sets.of("database"), code_length)
        results.add("runs", {**facts, **found})
        print(ground, method, code_length, seed, per_class or "", found, flush=True)


def time_steps(material, results: Results):
    """Measures seconds a step of every loss, in turns; the least of some rounds."""
    ground = material.ground.protocol.name
    if results.find("seconds", ground=ground):
        return
    sets, plan = material.judged(), dataclasses.replace(material.ground.plan, epochs=2)
    again = {
        contestant.name: learn_again(
            contestant.build(**contestant.settings[0]), sets, CHOSEN_AT, plan
        )
        for contestant in CONTESTANTS
    }
    least = dict.fromkeys(again, float("inf"))
    for _ in range(ROUNDS):
        for name, run in again.items():
            start = time.perf_counter()
            run()
            seconds = (time.perf_counter() - start) / (plan.epochs * plan.steps)
            least[name] = min(least[name], seconds)
    milliseconds = {name: round(1e3 * value, 3) for name, value in least.items()}
    results.add("seconds", {"ground": ground, "milliseconds": milliseconds})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=Path, default=Path("runs") / "pooled_features")
    parser.add_argument("--only", choices=GROUNDS, help="one ground alone")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = Results(options.output)
    for name in [options.only] if options.only else GROUNDS:
        material = Material(GROUNDS[name], options.features)
        material.features = jnp.asarray(material.features)
        results.content["variance"][name] = round(material.variance, 4)
        for contestant in CONTESTANTS:
            choose(material, contestant, results)
        # That of the trials first, so that a study which is stopped has one whole column.
        for code_length in sorted(CODE_LENGTHS, key=lambda length: length != CHOSEN_AT):
            for contestant in CONTESTANTS:
                for seed in range(SEEDS):
                    measure(material, contestant, code_length, seed, results)
        if name == FEW_GROUND:
            for contestant in CONTESTANTS:
                for per_class in FEW:
                    for seed in range(SEEDS):
                        measure(material, contestant, CHOSEN_AT, seed, results, per_class)
        time_steps(material, results)
        jax.clear_caches()


if __name__ == "__main__":
    main()
