"""Ninja JWT's endpoints, two that want an access token, and the admin."""

from django.contrib import admin
from django.urls import path
from ninja_extra import ControllerBase, NinjaExtraAPI, api_controller
from ninja_extra.permissions import AllowAny
from ninja_jwt.authentication import JWTAuth, JWTStatelessUserAuthentication
from ninja_jwt.controller import (
    NinjaJWTDefaultController,
    NinjaJWTSlidingController,
    TokenBlackListController,
)


@api_controller("/token", permissions=[AllowAny], tags=["token"], auth=None)
class BlackListController(ControllerBase, TokenBlackListController):
    auto_import = False


api = NinjaExtraAPI()
api.register_controllers(
    NinjaJWTDefaultController, NinjaJWTSlidingController, BlackListController
)


@api.get("/token/user", auth=JWTAuth(), operation_id="user")
@api.get("/whoami", auth=JWTAuth())
def whoami(request):
    return {"id": request.user.id, "username": request.user.get_username()}


@api.get("/token/auth", auth=JWTStatelessUserAuthentication())
def stateless_whoami(request):
    user = request.user
    return {"id": user.id, "username": user.username, "is_staff": user.is_staff}


urlpatterns = [path("api/", api.urls), path("admin/", admin.site.urls)]
