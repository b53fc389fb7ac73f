"""The accounts of a new admin service: the groups `login` and `account` of its contract, and their logic."""

from collections.abc import Iterator

from mallgen.emit import LogicBody
from mallgen.python.code import Code

_TYPES = """type (
	LoginRequest {
		Name string `json:"name" validate:"max=64"`
		Password string `json:"password" validate:"max=1024"`
	}

	LoginResponse {
		Name string `json:"name"`
		Roles []string `json:"roles"`
		Csrf string `json:"csrf"` // what X-CSRF-Token must have where the cookie lets in
		AccessToken string `json:"accessToken"`
		ExpiresIn int64 `json:"expiresIn"` // seconds
		RefreshToken string `json:"refreshToken"` // for one refresh
	}

	RefreshRequest {
		RefreshToken string `json:"refreshToken" validate:"max=256"`
	}

	MeResponse {
		Name string `json:"name"`
		Roles []string `json:"roles"`
		Csrf string `json:"csrf"`
	}

	PasswordRequest {
		OldPassword string `json:"oldPassword" validate:"max=1024"`
		NewPassword string `json:"newPassword" validate:"max=1024"`
	}
)"""
_ROUTES = """@server (
	prefix: /v1
	group: login
)
service %s {
	@doc "begin a session; sets its cookie, too"
	@handler Login
	post /login (LoginRequest) returns (LoginResponse)

	@doc "new tokens for a refresh token"
	@handler Refresh
	post /refresh (RefreshRequest) returns (LoginResponse)
}

@server (
	prefix: /v1
	group: account
	jwt: Auth
)
service %s {
	@doc "end the session"
	@handler Logout
	post /logout

	@doc "who has logged in"
	@handler Me
	get /me returns (MeResponse)

	@doc "change the own password, which ends all sessions"
	@handler Password
	post /password (PasswordRequest)
}"""
_ENTRY = (
    "return LoginResponse(",
    "    name=entry.name,",
    "    roles=entry.roles,",
    "    csrf=entry.csrf,",
    "    access_token=entry.access_token,",
    "    expires_in=entry.expires_in,",
    "    refresh_token=entry.refresh_token,",
    ")",
)
_LOGIC = (
    ("POST /v1/login", ("entry = await self.svc.admin_accounts.login(self.ctx, req.name, req.password)", *_ENTRY)),
    ("POST /v1/refresh", ("entry = await self.svc.admin_accounts.refresh(self.ctx, req.refresh_token)", *_ENTRY)),
    ("POST /v1/logout", ("await self.svc.admin_accounts.logout(self.ctx)", "return None")),
    (
        "GET /v1/me",
        (
            "mine = self.svc.admin_accounts.me(self.ctx)",
            "return MeResponse(name=mine.name, roles=mine.roles, csrf=mine.csrf)",
        ),
    ),
    (
        "POST /v1/password",
        (
            "await self.svc.admin_accounts.change_password(",
            "    self.ctx, req.old_password, req.new_password",
            ")",
            "return None",
        ),
    ),
)
NAMES = ("admin_accounts", "login", "refresh", "logout", "me", "password")  # of its routes, and in the service context


def types() -> str:
    """Return the types of the group; the formatter lays them out."""
    return _TYPES


def routes(service: str) -> str:
    """Return the routes of the group."""
    return _ROUTES % (service, service)


def bodies() -> Iterator[tuple[str, LogicBody]]:
    """Yield the logic of each route: the runtime does the work."""
    for title, lines in _LOGIC:
        yield title, LogicBody(tuple(map(Code, lines)))
