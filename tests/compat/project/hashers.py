"""PBKDF2 as Django has it, with fewer rounds: for tests in which many log in."""

import os

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FewRounds(PBKDF2PasswordHasher):
    iterations = int(os.environ.get("COMPAT_ROUNDS", "1"))
