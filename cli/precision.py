"""`saiken precision`: how often what the matcher applied or suggested was right, as far as people have said."""

from typing import Any

from cli.desk import UnitOption, with_client
from cli.lifecycle import DEFAULT_DATA, Data
from cli.output import Json, show

_MILLION = 1_000_000


def precision(business_unit: UnitOption, as_json: Json = False, data: Data = DEFAULT_DATA) -> None:
    """Show, rule by rule, how many matches people confirmed or took back, with the 95 % interval of being right.

    Example: saiken precision --business-unit rheintel --json
    """
    from proto.payments.v1.api_pb2 import GetPrecisionRequest

    answer = with_client(data, lambda client: client.ask("payments", "GetPrecision", GetPrecisionRequest(), business_unit))
    rules = [_rule(one) for one in answer.rules]
    if as_json:
        show({"business_unit": business_unit, "rules": rules})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("status", "rule", "decisions", "right", "wrong", "precision, 95 % interval")
    for one in rules:
        interval = f"{one['low']:.1%} to {one['high']:.1%}" if one["right"] + one["wrong"] else "nobody has said"
        table.add_row(one["status"], one["rule"], *(str(one[name]) for name in ("decisions", "right", "wrong")), interval)
    Console().print(table)


def _rule(one: Any) -> dict[str, Any]:
    judged = one.right + one.wrong
    return {
        "status": one.status,
        "rule": one.rule,
        "decisions": one.decisions,
        "right": one.right,
        "wrong": one.wrong,
        "precision": round(one.right / judged, 6) if judged else None,
        "low": one.low / _MILLION,
        "high": one.high / _MILLION,
    }
