"""The same project with Simple JWT in the place of Ninja JWT."""

from .settings import *  # noqa: F403
from .settings import INSTALLED_APPS, NINJA_JWT

INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("ninja")] + [
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
]
SIMPLE_JWT = NINJA_JWT
ROOT_URLCONF = None
