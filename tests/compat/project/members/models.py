"""Django's own user model in a table of the project's, its keys of 64 bits."""

from django.contrib.auth.models import AbstractUser


class Member(AbstractUser):
    pass
