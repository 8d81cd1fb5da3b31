"""An ordinary Django project with Ninja JWT; the tests name its database, its algorithm, more
settings of Ninja JWT, its password hashers, or the rounds of its passwords' hashes."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization

SECRET_KEY = "compat-reference-key-0123456789abcdef0123456789abcdef"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "project.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "ninja_extra",
    "ninja_jwt",
    "ninja_jwt.token_blacklist",
]
# A user model of the project's own: `people.Person`.
if "COMPAT_USER_MODEL" in os.environ:
    AUTH_USER_MODEL = os.environ["COMPAT_USER_MODEL"]
    INSTALLED_APPS.append(f"project.{AUTH_USER_MODEL.split('.')[0]}")
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def database(url):
    """Django's words for a URL of tegata's `[database]`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        options = {"transaction_mode": "IMMEDIATE"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path, "OPTIONS": options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "NAME": parts.path.removeprefix("/"),
    }


DATABASES = {"default": database(os.environ["COMPAT_DATABASE"])}
if "COMPAT_HASHERS" in os.environ:
    PASSWORD_HASHERS = json.loads(os.environ["COMPAT_HASHERS"])
elif "COMPAT_ROUNDS" in os.environ:
    PASSWORD_HASHERS = ["project.hashers.FewRounds"]


def public_pem(private_pem: str) -> str:
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form).decode()


if os.environ["COMPAT_ALGORITHM"] == "HS256":
    NINJA_JWT = {"SIGNING_KEY": SECRET_KEY}
else:
    private = Path(os.environ["COMPAT_KEY_FILE"]).read_text()
    NINJA_JWT = {
        "ALGORITHM": os.environ["COMPAT_ALGORITHM"],
        "SIGNING_KEY": private,
        "VERIFYING_KEY": public_pem(private),
    }
NINJA_JWT |= json.loads(os.environ.get("COMPAT_JWT", "{}"))
