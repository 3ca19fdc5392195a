"""Door 1 of payments: every method with who may call it."""

from chassis.runtime import Runtime
from services.payments.api.decisions import DecisionsDoor
from services.payments.api.files import FilesDoor, load_profiles
from services.payments.api.lines import LinesDoor

_READERS, _CLERKS = frozenset({"clerk", "collector", "auditor"}), frozenset({"clerk"})

ROLES = {
    "ImportStatement": frozenset({"clerk", "integrator"}),
    "GetImport": frozenset({"clerk", "integrator"}),
    "GetCashInFlight": _READERS,
    "ListLines": frozenset({"clerk", "auditor"}),
    "GetLine": frozenset({"clerk", "auditor"}),
    "ListSuggestions": frozenset({"clerk", "auditor"}),
    "ListRefundQuestions": frozenset({"clerk", "auditor"}),
    "GetPrecision": frozenset({"clerk", "auditor"}),
    "ConfirmMatch": _CLERKS,
    "RejectMatch": _CLERKS,
    "SplitLine": _CLERKS,
    "CombineLines": _CLERKS,
    "UndoMatch": _CLERKS,
    "ApplyOnAccount": _CLERKS,
    "Forget": _CLERKS,
    "GetFigures": _READERS,
    "GetBooks": frozenset({"auditor"}),
}


class Api(FilesDoor, LinesDoor, DecisionsDoor):
    """Door 1: translate in, begin, command, translate out."""

    def __init__(self, runtime: Runtime) -> None:
        self._database, self._profiles = runtime.database, load_profiles()
