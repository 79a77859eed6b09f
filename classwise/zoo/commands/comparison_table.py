"""Several models in one table: mAP, and whatever else was asked for by name."""

from classwise.zoo.foundation.printing import four_digits, print_table


def print_comparison(documents: list[dict], top_k: list[int] | None, radius: list[int] | None):
    """Prints one table with a row a model: mAP, and what else was asked for by name."""
    columns = ["model", ">bits", ">map", ">std. error", ">worst", ">best"]
    from classwise.zoo.retrieval.metrics import metrics_of

    given = (("k", top_k or ()), ("radius", radius or ()))
    asked = [
        metric.named(value)
        for parameter, values in given
        for value in values
        for metric in metrics_of("codes", parameter)
        if metric.compared
    ]
    rows = []
    for document in documents:
        metrics = document["metrics"]
        values = [metrics["map"][key] for key in ("expected", "standard_error", "worst", "best")]
        values += [metrics[name]["expected"] for name in asked]
        bits = document["code_statistics"]["code_length"]
        rows.append([document["model"], bits, *map(four_digits, values)])
    print_table(
        title(f"{len(documents)} models", documents[0]),
        [*columns, *(f">{name.replace('_', ' ')}" for name in asked)],
        rows,
    )
    print("Every other metric: --json or --report.")


def title(subject: str, document: dict) -> str:
    if document["protocol"]:
        return f"{subject} under {document['protocol']}"
    return f"{subject}: {document['images']}" if "images" in document else subject
