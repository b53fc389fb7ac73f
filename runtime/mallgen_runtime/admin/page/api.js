// Requests to the service that serves this page.

const LARGE = /^-?[0-9]{16,}$/;

export class Refused extends Error {
  constructor(status, problem, wait) {
    super(problem.detail || problem.title || String(status));
    this.status = status;
    this.code = problem.code || "";
    this.errors = problem.errors || [];
    this.wait = wait;
  }
}

// Numbers beyond 2^53 stay what they are: keys of 64 bits would else be those of other rows.
// A browser that does not say how a number was spelled would round them: what has one is refused.
export function decode(text) {
  return JSON.parse(text, (key, value, context) => {
    if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
    if (!context) throw new Refused(0, { code: "old_browser" });
    return LARGE.test(context.source) ? BigInt(context.source) : value;
  });
}

export function encode(value) {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}:${encode(each)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

export const session = { csrf: "", name: "", roles: null, again: null };

export function address(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

// The path of an action on a row: its key is part of the path, or of the query.
export function pathOf(action, values = {}, more = {}) {
  const left = { ...values, ...more };
  const path = action.path.replace(/:([^/]+)/g, (_, name) => {
    const value = left[name];
    delete left[name];
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(left)) {
    if (value !== undefined && value !== "") query.append(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

// Takes the token of a session that another tab has begun. Throws where it is that of another account.
async function takeToken() {
  const mine = await send("GET", "/v1/me", undefined, true);
  if (mine.name !== session.name) throw new Refused(403, { code: "other_account" });
  session.csrf = mine.csrf;
  session.roles = mine.roles;
}

export async function send(method, path, body, isFinal = false, hasToken = false) {
  const headers = { accept: "application/json" };
  if (body !== undefined && !(body instanceof FormData)) headers["content-type"] = "application/json";
  if (method !== "GET" && session.csrf) headers["x-csrf-token"] = session.csrf;
  let answer;
  try {
    const content = body === undefined || body instanceof FormData ? body : encode(body);
    answer = await fetch(address(path), { method, headers, body: content, credentials: "same-origin" });
  } catch {
    throw new Refused(0, { code: "unreachable" });
  }
  const text = await answer.text();
  if (answer.ok) return text ? decode(text) : null;
  let problem = {};
  try {
    problem = decode(text);
  } catch {
    problem = { code: "", title: answer.statusText };
  }
  if (answer.status === 401 && session.again && !isFinal) {
    await session.again();
    return send(method, path, body, true);
  }
  if (answer.status === 403 && problem.code === "bad_csrf" && !hasToken) {
    await takeToken();
    return send(method, path, body, isFinal, true);
  }
  throw new Refused(answer.status, problem, Number(answer.headers.get("retry-after")) || 0);
}

export function may(table, verb) {
  return isAllowed(table.actions[verb]);
}

export function isAllowed(action) {
  if (!action) return false;
  return action.roles.length === 0 || session.roles === null || action.roles.some((role) => session.roles.includes(role));
}
