"""Settings of queue services: kq's keys, for the service and for one topic."""

from typing import Any

import pytest

from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.queue.conf import ProducerConf
from tests.queue.kit import Config, app_of


async def logic(ctx: Any, message: Any) -> None: ...


def bound(text: str) -> Any:
    config = parse_config(Config, f"Name: seckill\n{text}", "seckill.yaml")
    made = {name: getattr(config, name) for name in config.__struct_fields__}  # its group, too
    (found,) = app_of({"seckill.order": logic}, made).bound.values()
    return found.delivery


def test_a_topic_has_the_settings_of_the_service() -> None:
    found = bound("Group: sale\nProcessors: 3\nConsumers: 4\nTimeout: 250\nBackoff: 1s\n")
    assert (found.topic, found.group, found.from_first) == ("seckill.order", "sale", False)
    assert (found.processors, found.most, found.timeout, found.backoff) == (3, 15, 0.25, 1.0)


def test_its_own_block_goes_before() -> None:
    block = "  Topic: orders\n  Group: mine\n  Offset: first\n  Retries: 0\n  Brokers: ['a:1', 'b:2']\n  Password: p"
    found = bound(f"Group: sale\nRetries: 9\nOrderRequested:\n{block}")
    assert (found.topic, found.group, found.from_first, found.retries) == ("orders", "mine", True, 0)
    assert (found.where.brokers, found.where.password) == (("a:1", "b:2"), "p")


def test_the_group_is_the_service_by_default() -> None:
    assert bound("").group == "seckill"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CommitInOrder: false", r"CommitInOrder: false would lose messages .* remove it"),
        ("OrderRequested: {CommitInOrder: false}", r"yaml:2: .*CommitInOrder: false would lose messages"),
        ("Username: me", r"Username is set and Brokers is not"),
        ("OrderRequested: {CaFile: a.pem}", r"CaFile is set and Brokers is not"),
        ("Topic: x", r"the contract names the topics"),
        ("Offset: middle", r"Offset must be one of first, last"),
        ("Processors: 0", r"Processors must be"),
        ("Backoff: 0", r"Backoff is 0; it must be more than 0"),
    ],
)
def test_what_cannot_be_honoured_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        bound(text)


def test_secrets_are_not_shown() -> None:
    shown = repr(ProducerConf(brokers=["a:1"], username="u", password="hush-hush"))
    assert "hush" not in shown and "u" in shown


def test_two_topics_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="are both consumed from same; give one another Topic"):
        app_of({"a": logic, "b": logic}, {"order_requested": Config(name="x").order_requested.__class__(topic="same")})
