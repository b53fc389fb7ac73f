"""The layer that answers pages of other origins, around a whole service."""

from mallgen_runtime.http.cors import CorsPolicy
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.routing import Match, RouteTable


def shared(run: Next, table: RouteTable, default: CorsPolicy) -> Next:
    """Put the rules of each route around a service; `default` holds for the other routes, and where there is none."""

    def policy(match: Match | None) -> CorsPolicy:
        return default if match is None or match.bound.cors is None else match.bound.cors

    async def answered(ctx: Context) -> Response:
        asked = ctx.headers.get("access-control-request-method") if ctx.method == "OPTIONS" else None
        if asked and "origin" in ctx.headers:
            methods = [one for one in table.allowed(ctx.url_path) if one != "OPTIONS"]
            method = asked[0].strip().upper()
            rules = policy(table.find(method if method in methods or not methods else methods[0], ctx.url_path))
            if rules.is_given:  # a page reads the 404 of an unknown path, too
                return rules.preflight(ctx, methods or list(filter(str.isalpha, [method])))
        response = await run(ctx)
        rules = policy(ctx.matched)
        if rules.is_given:
            rules.mark(ctx, response)
        return response

    return answered
