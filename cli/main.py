"""The command `orch`: which commands there are, in the order of the work."""

import gc
import io
import os
import sys
from contextlib import suppress
from typing import ClassVar, NoReturn

import click

from cli.edge import run_command
from cli.given import options
from cli.lazy import Entry, LazyGroup
from usecases.release import VERSION

EXAMPLE = "Example: orch init && orch next"
YOUNG = 10_000
"""Objects that are made before rubbish is looked for: most commands make few, and keep nearly all of them."""


class Orch(LazyGroup):
    """Every command of `orch`."""

    entries: ClassVar[dict[str, Entry]] = {
        "init": Entry("cli.init:init", "Make this folder a project: one event log, one signing key."),
        "setup": Entry("cli.init:init", "The same as init.", hidden=True),
        "spec": Entry("cli.draft:spec", "Draft what a phase must achieve; opens the phase."),
        "research": Entry("cli.draft:research", "Draft what is known and which way is recommended."),
        "plan": Entry("cli.draft:plan", "Draft how it will be built."),
        "prd": Entry("cli.draft:prd", "Draft what the first release does."),
        "tasks": Entry("cli.draft:tasks", "Draft the tasks, with hours and dependencies."),
        "task": Entry("cli.task:TaskCommands", "Work on tasks: who does what, and how far it is."),
        "edit": Entry("cli.edit:edit", "Record a document edited by hand as the next iteration."),
        "checkout": Entry("cli.edit:checkout", "Put the recorded text back; the replaced text is kept."),
        "request": Entry("cli.request:request", "Ask (again) for a verdict."),
        "approve": Entry("cli.verdicts:approve", "Approve exactly the text that is on disk."),
        "reject": Entry("cli.verdicts:reject", "Reject a document and say what must change."),
        "reopen": Entry("cli.lifecycle:reopen", "Withdraw an approval; what rests on it becomes stale."),
        "reconfirm": Entry("cli.verdicts:reconfirm", "Approve a stale document as it is."),
        "handoff": Entry("cli.lifecycle:handoff", "Hand the phase over to implementation."),
        "package": Entry("cli.package:package", "One Markdown file for the implementer."),
        "archive": Entry("cli.lifecycle:archive", "Make a phase read-only."),
        "retitle": Entry("cli.lifecycle:retitle", "Give a phase another title."),
        "depend": Entry("cli.relations:depend", "Let a phase wait for another one."),
        "block": Entry("cli.relations:block", "Record what stands in the way."),
        "unblock": Entry("cli.relations:unblock", "Record that it no longer does."),
        "gate": Entry("cli.gate_command:gate", "For CI: pass only when the checkout holds exactly the approved text."),
        "remember": Entry("cli.remember:remember", "Record a directive that everybody has to keep in mind."),
        "workflow": Entry("cli.workflow:workflow", "All steps of a phase from one file, as far as approvals reach."),
        "batch": Entry("cli.batch:batch", "One command for many phases."),
        "policy": Entry("cli.policy:PolicyCommands", "Show or change the rules about verdicts."),
        "serve": Entry("cli.serve:serve", "Serve the project over HTTP.", at_the_log="it is what would be asked"),
        "token": Entry("cli.token:TokenCommands", "Who may use the service, for what and until when."),
        "role": Entry("cli.role:RoleCommands", "Who holds which role; the policy says who may approve which step."),
        "status": Entry("cli.status:status", "Where a phase stands and what to do next."),
        "list": Entry("cli.listing:list_phases", "All phases, a line each."),
        "dashboard": Entry("cli.dashboard:dashboard", "The whole project: what is done, what waits, what to do next."),
        "board": Entry("cli.dashboard:dashboard", "The same as dashboard.", hidden=True),
        "progress": Entry("cli.how_far:progress", "How far phases are, and how long each step and verdict took."),
        "show": Entry("cli.show:show", "Print the recorded text of a document."),
        "history": Entry("cli.history:history", "What happened, who did it, when and why."),
        "replay": Entry("cli.replay:replay", "History event by event, with the state after each."),
        "diff": Entry("cli.diff:diff", "What changed in a text, or in a phase between two moments."),
        "why": Entry("cli.why:why", "Which missing event blocks a step."),
        "next": Entry("cli.next_steps:next_steps", "What can be done now, in all phases."),
        "search": Entry("cli.search:search", "Find words in everything that was written."),
        "context": Entry("cli.context:context", "What must be known now, within a budget of tokens."),
        "export": Entry("cli.export:export", "The state and the documents of phases, in one file."),
        "audit": Entry("cli.audit:AuditCommands", "What auditors ask: checkpoints, proofs, the trail of everything."),
        "recover": Entry("cli.recover:RecoverCommands", "Any moment of the log again, in a store of its own, proven."),
        "doctor": Entry("cli.doctor:doctor", "What is wrong with this project, and the command that mends it."),
        "health": Entry("cli.health_asked:health", "Whether the project works, or the service that runs it."),
        "config": Entry("cli.config:ConfigCommands", "The settings in force, and where each one comes from."),
        "rebuild": Entry("cli.rebuild:rebuild", "Make everything that follows from the events anew, or compare it."),
        "follow": Entry("cli.follow:follow", "Keep documents, state files and the search as new as the log."),
        "backup": Entry("cli.backup:BackupCommands", "Backups: make, ship, check, try and restore them."),
        "template": Entry("cli.template:TemplateCommands", "The templates of the documents, and a project's own ones."),
        "import": Entry("cli.import_folder:import_folder", "Phases of the predecessor, spec-kit, OpenSpec or Kiro."),
        "schema": Entry("cli.schema:SchemaCommands", "The JSON Schemas of what goes in and comes out."),
        "migrate": Entry(
            "cli.migrate:migrate",
            "Move the log to a PostgreSQL database, or back to its file.",
            at_the_log="it ends the store that is served",
        ),
        "deploy": Entry("cli.deploy:DeployCommands", "What a machine needs to run the service."),
        "check": Entry(
            "cli.check:CheckCommands",
            "Whether a deployment is ready, works, and how much it takes.",
            at_the_log="it tries out the machine that serves",
        ),
        "bench": Entry(
            "cli.bench:BenchCommands",
            "How fast this installation is, and whether it got slower.",
            at_the_log="it measures the machine that serves",
        ),
        "upgrade": Entry(
            "cli.upgrade:upgrade",
            "Bring the log of an older version of orch up to this one.",
            at_the_log="nobody may write meanwhile",
        ),
        "monitor": Entry("cli.monitor:monitor", "Health and figures of a service or a project, live."),
        "version": Entry("cli.version:version", "The versions of orch and of what it stands on."),
        "completion": Entry("cli.completion:completion", "Print the completion script of a shell."),
    }

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what people want to do; what each does, its own help tells."""
        from cli.help_groups import grouped

        with formatter.section("Commands (orch COMMAND --help tells more of each)"):
            formatter.write_dl([(head, " ".join(names)) for head, names in grouped(self.list_commands(ctx))])


def program() -> click.Command:
    """Return the whole command line as one click command."""
    orch = Orch(
        name="orch",
        help="From spec to handoff: people approve each step, every change is an event.",
        epilog=EXAMPLE,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    orch.params += options()
    orch.params.append(
        click.Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
        )
    )
    return orch


def run() -> NoReturn:
    """Run `orch` and leave with its exit status."""
    gc.set_threshold(YOUNG)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  # it stays open as long as we run
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8 in every locale
    if "_ORCH_COMPLETE" in os.environ:  # the shell asks what could be typed, in the words of Typer's scripts
        from typer._completion_classes import completion_init

        completion_init()
    _leave(run_command(program(), sys.argv[1:]))


def _leave(status: int) -> NoReturn:
    """End the process without taking every object apart, an eighth of the time of a short command.

    Whatever had to reach the disk is there: it was before the command answered.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # where nobody takes our output, the exit status still says it
            stream.flush()
    os._exit(status)


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        print(f"orch {VERSION}")
        context.exit()


if __name__ == "__main__":
    run()
