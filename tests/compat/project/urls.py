"""Ninja JWT's endpoints, one that wants an access token, and the admin."""

from django.contrib import admin
from django.urls import path
from ninja_extra import NinjaExtraAPI
from ninja_jwt.authentication import JWTAuth
from ninja_jwt.controller import NinjaJWTDefaultController

api = NinjaExtraAPI()
api.register_controllers(NinjaJWTDefaultController)


@api.get("/whoami", auth=JWTAuth())
def whoami(request):
    return {"id": request.user.id, "username": request.user.username}


urlpatterns = [path("api/", api.urls), path("admin/", admin.site.urls)]
