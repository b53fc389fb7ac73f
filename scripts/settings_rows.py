"""The facts of docs/settings.md that no class has: units, versions, go-zero's names, and the keys of mallgen.toml."""

from typing import NamedTuple

FIRST = "0.1.0"
SINCE: dict[str, str] = {}  # by `Class.field`, the version that a key came with; FIRST for all others

# by `Class.field`, else by field, else by the end of a field's name
UNITS = {
    "AccountsConf.attempts": "attempts",
    "AccountsConf.address_attempts": "attempts",
    "AccountsConf.hashing": "passwords",
    "AccountsConf.min_length": "characters",
    "access_expire": "s",
    "blocked_loop": "ms",
    "cpu_threshold": "1/1000 core",
    "id": "number of a lease",
    "jwks_refresh": "s",
    "leeway": "s",
    "local_entries": "values",
    "max_age": "s",
    "max_backups": "files",
    "max_conns": "requests",
    "max_idle": "connections",
    "max_message": "bytes",
    "max_open": "connections",
    "max_parts": "files and fields",
    "max_size": "megabytes",
    "port": "TCP port",
    "sampler": "share of traces",
    "threads": "threads",
    "batch_size": "messages",
    "batch_time": "ms",
    "conns": "members",
    "consumers": "messages for each processor",
    "partitions": "partitions",
    "processors": "messages at once",
    "retries": "attempts",
    "timeout": "ms",
    "weight": "share of keys",
    "workers": "processes",
}
UNITS_BY_END = {
    "_bytes": "bytes",
    "_seconds": "s",
    "_port": "TCP port",
    "_days": "days",
    "_timeout": "ms",
    "_conns": "connections",
}

SERVICE = "Name Log Mode Prometheus Telemetry DevServer Shutdown Profiling MetricsUrl"
GO_ZERO = {
    "RestConf": (
        "rest.RestConf",
        f"{SERVICE} Host Port CertFile KeyFile Verbose MaxConns MaxBytes Timeout CpuThreshold Signature Middlewares "
        "TraceIgnorePaths",
    ),
    "MiddlewaresConf": (
        "rest.MiddlewaresConf",
        "Trace Log Prometheus MaxConns Breaker Shedding Timeout Recover Metrics MaxBytes Gunzip",
    ),
    "LogConf": (
        "logx.LogConf",
        "ServiceName Mode Encoding TimeFormat Path Level MaxContentLength Compress Stat KeepDays StackCooldownMillis "
        "MaxBackups MaxSize Rotation FileTimeFormat FieldKeys",
    ),
    "ShutdownConf": ("proc.ShutdownConf", "WrapUpTime WaitTime"),
    "TelemetryConf": (
        "trace.Config",
        "Name Endpoint Sampler Batcher OtlpHeaders OtlpHttpPath OtlpHttpSecure Disabled",
    ),
    "SignatureConf": ("rest.SignatureConf", "Strict Expiry PrivateKeys"),
    "PrivateKeyConf": ("rest.PrivateKeyConf", "Fingerprint KeyFile"),
    "PrometheusConf": ("prometheus.Config", "Host Port Path"),
    "DevServerConf": (
        "devserver.Config",
        "Enabled Host Port MetricsPath HealthPath EnableMetrics EnablePprof HealthResponse",
    ),
    "RpcServerConf": (
        "zrpc.RpcServerConf",
        f"{SERVICE} ListenOn Etcd Auth Redis StrictControl Timeout CpuThreshold Health Middlewares MethodTimeouts",
    ),
    "ServerMiddlewaresConf": ("zrpc.ServerMiddlewaresConf", "Trace Recover Stat StatConf Prometheus Breaker"),
    "MethodTimeoutConf": ("zrpc.MethodTimeoutConf", "FullMethod Timeout"),
    "RpcClientConf": (
        "zrpc.RpcClientConf",
        "Etcd Endpoints Target App Token NonBlock Timeout KeepaliveTime Middlewares BalancerName",
    ),
    "ClientMiddlewaresConf": ("zrpc.ClientMiddlewaresConf", "Trace Duration Prometheus Breaker Timeout"),
    "QueueServerConf": (
        "kq.KqConf",
        f"{SERVICE} Brokers Group Topic CaFile Offset Conns Consumers Processors MinBytes MaxBytes Username Password "
        "ForceCommit CommitInOrder",
    ),
    "TopicConf": (
        "kq.KqConf",
        "Brokers Group Topic CaFile Offset Conns Consumers Processors MinBytes MaxBytes Username Password ForceCommit "
        "CommitInOrder",
    ),
    "EtcdConf": ("discov.EtcdConf", "Hosts Key ID User Pass CertFile CertKeyFile CACertFile InsecureSkipVerify"),
    "CacheRedisConf": ("cache.NodeConf", "Host Type User Pass Tls NonBlock PingTimeout MaintNotifications Weight"),
    "DataSourceConf": ("sqlx.SqlConf", "DataSource DriverName Replicas Policy"),
    "JwtConf": ("goctl's Config.Auth", "AccessSecret AccessExpire"),
}
# go-zero's twins under another name
OTHERS = {
    "CacheConf.absent_expiry": "cache.WithNotFoundExpiry",
    "CacheConf.expiry": "cache.WithExpiry",
    "DataSourceConf.max_idle": "sqlx: always 64",
    "DataSourceConf.max_lifetime": "sqlx: always 1m",
    "DataSourceConf.max_open": "sqlx: always 64",
    "DataSourceConf.slow_threshold": "sqlx.SetSlowThreshold",
    "DataSourceConf.url": "sqlx.SqlConf.DataSource",
    "JwtConf.prev_secret": "rest.WithJwtTransition",
    "JwtTransitionConf.prev_secret": "rest.WithJwtTransition",
    "JwtTransitionConf.secret": "rest.WithJwtTransition",
    "RestConf.trusted_proxies": "none: any X-Forwarded-For is believed",
}


class TomlRow(NamedTuple):
    """A key of mallgen.toml; an empty default: it may be left out."""

    key: str
    type: str
    default: str
    meaning: str
    goctl: str = ""


SERVICE_KEYS = (
    TomlRow("contract", "path", "needed", "the `.api`, `.proto` or `.sql` file of the service", "-api, -src"),
    TomlRow("dir", "path", "needed", "the folder that receives the service", "-dir"),
    TomlRow("uses", "list of names", "", "services of this file that it calls; they have protos"),
    TomlRow("proto_path", "list of paths", "", "folders in which imports of protos are searched", "-I"),
    TomlRow("name", "text", "", "the name of its settings file and distribution; without it the contract's"),
    TomlRow("package", "text", "", "its Python package; without it after the name"),
    TomlRow("key", "text", "", "the key that instances are registered under; without it after the name"),
    TomlRow("kind", "text", "", "the [kind of contract](kinds.md); without it after the file's suffix"),
    TomlRow("tables", "list of paths", "", "files of DDL, or patterns of them, that become models", "-src"),
    TomlRow("database", "text", "", "only the tables behind `USE NAME`; all without it", "-database"),
    TomlRow("cache", "true or false", "`false`", "models that read through [a cache](cache.md)", "-cache"),
    TomlRow("only", "list of patterns", "", "only tables of these names", "-table"),
    TomlRow("ignore_columns", "list of names", "", "columns that the database writes itself", "-ignore-columns"),
    TomlRow("admin_of", "name", "", "the service that owns the tables, where this one is [its back office](admin.md)"),
    TomlRow("prefix", "text", "`cache`", "the first part of the cache's keys", "-prefix"),
    TomlRow("dialect", "`mysql`, `postgres`, `sqlite`", "", "the dialect, where a file does not show it"),
)
BREAKING_KEYS = (
    TomlRow("against", "text", "", "the version to compare with, as `origin/main`; `--against` goes before it"),
    TomlRow("preset", "`article`, `google`, `wire`, `strict`", "`article`", "the levels of all rules"),
    TomlRow("rules", "table of levels", "", "`error`, `warning`, `info` or `off` by rule or class of rules"),
    TomlRow("part", "list of tables", "", "other levels for some files: `path`, `package`, `rules`"),
    TomlRow("accept", "list of tables", "", "findings that are accepted: `fingerprint`, `reason`, `expires`"),
    TomlRow("deprecation_days", "whole number of days", "`0`", "the time that something stays once deprecated"),
    TomlRow("auth_middlewares", "list of names", "", "middlewares that check who calls"),
)
