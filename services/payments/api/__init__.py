"""What payments can be asked and told."""

from services.payments.api.files import load_profiles
from services.payments.api.service import ROLES, Api

__all__ = ["ROLES", "Api", "load_profiles"]
