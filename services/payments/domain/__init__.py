"""The rules of payments: pure functions and values."""
