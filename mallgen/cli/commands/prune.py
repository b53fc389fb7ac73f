"""mallgen prune: delete orphans; edited ones stay or, with --force, are moved to .mallgen/trash/."""

from mallgen.cli.comparing import compare_all
from mallgen.cli.console import out, report, say
from mallgen.cli.options import Values
from mallgen.drift.findings import InspectedFolder, breaking, gone, left_blocks
from mallgen.drift.unasked_blocks import without
from mallgen.output.house import TRASH
from mallgen.output.plan import Plan, StepKind, prune
from mallgen.output.recognise import is_known, whose
from mallgen.output.records import Record
from mallgen.workspace.comparison import Compared, carry_out, compare_left, sources


def run(values: Values) -> int:
    """Exit 0 unless something could not be read or written, or the user's code uses what would be deleted."""
    comparison = compare_all(values, writes=not values.flag("dry-run"))
    comparison = comparison.with_more([compare_left(one.target, say) for one in comparison.chosen.left_folders])
    compared = comparison.compared
    if comparison.code:
        return comparison.report("; nothing was deleted")
    used = [d for one in compared if one.service is not None for d in breaking(one.service)]
    if used:
        return report(
            tuple(dict.fromkeys(used)), sources(compared), "; nothing was deleted: your code uses what would go"
        )
    reported: list[str] = []
    code = max(_prune(one, values, reported) for one in compared)
    if not reported and not code and not values.flag("quiet"):
        say("nothing to prune")
    return code


def _prune(compared: Compared, values: Values, reported: list[str]) -> int:
    force, dry, quiet = values.flag("force"), values.flag("dry-run"), values.flag("quiet")

    def work(seen: Compared) -> Plan:
        assert seen.service is not None, "it was compared before"
        return prune(
            _records_to_delete(seen.service, force), seen.service.disk, seen.lock, _without_blocks(seen.service)
        )

    if dry:
        seen, steps = compared, work(compared)
    else:
        seen, applied, problems = carry_out(compared, work)
        if applied is None or problems:
            return report(problems, {}, "; nothing was deleted" if applied is None else "")
        steps = applied
    if not quiet and seen.service is not None:
        reported += _report(seen.service, steps, dry)
    return 0


def _records_to_delete(service: InspectedFolder, force: bool) -> dict[Record, str]:
    """Return the records to delete, each with the path that it is moved to: empty for files without edits."""
    records = [
        record
        for record in gone(service, force)
        if record.path in service.disk.contents and record.path not in service.disk.links
    ]
    known = [record for record in records if is_known(record, service.disk.contents[record.path])]
    edited = [record for record in records if record not in known] if force else []
    return {**dict.fromkeys(known, ""), **{record: f"{TRASH}/{record.path}" for record in edited}}


def _without_blocks(service: InspectedFolder) -> dict[str, bytes]:
    """Return settings files without the unedited blocks that the contract no longer asks for, by path."""
    blocks = [(path, block) for path, block in left_blocks(service) if block.is_made]
    contents = service.disk.contents
    return {path: without(contents[path], [block for _, block in blocks]) for path, _ in blocks}


def _report(service: InspectedFolder, steps: Plan, dry: bool) -> list[str]:
    """Report which files were deleted and which stay; return the paths of both."""
    for step in steps.writes:
        if step.kind is StepKind.PATCH:
            keys = ", ".join(block.key for _, block in left_blocks(service) if block.is_made)
            out(f"{'would remove' if dry else 'removed'} {keys} from {service.shown(step.file.path)}")
            continue
        verb = "would delete" if dry else "deleted"
        if step.backup:
            verb = "would move" if dry else "moved"
        to = f" -> {service.shown(step.backup)}" if step.backup else ""
        out(f"{verb} {service.shown(step.file.path)}{to}")
    done = {step.file.path for step in steps.writes}
    kept = [record for record in gone(service) if record.path not in done]
    for record in kept:
        way = f"`mallgen prune --force{service.where}` moves it to {TRASH}/"
        why = whose(record, service.disk.contents.get(record.path))
        say(f"{service.shown(record.path)} {why} and stays: {_route_now(service, record)}; {way}")
    return [*done, *(record.path for record in kept)]


def _route_now(service: InspectedFolder, record: Record) -> str:
    """Return a phrase about where the route of a file is now."""
    what = record.role.title or record.role.layer
    same = next((step.file.path for step in service.plan.steps if step.file.role == record.role), "")
    if same:
        return f"{what} lives in {service.shown(same)} now"
    maybe = next((new for new, old in service.followed.doubts if old == record.path), "")
    if maybe:
        return f"{what} may have become {service.shown(maybe)}"
    return f"{what} is gone from the contract"
