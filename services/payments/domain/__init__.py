"""The rules of payments: reading bank files, and which payment pays what."""
