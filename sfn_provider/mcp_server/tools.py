"""The tools: checks paths, runs a command, and returns what it found, shortened."""

# Without "annotations" from __future__: version 1 of the SDK reads the types of the tools' arguments as they stand.

import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, ParamSpec

from pydantic import Field

from sfn_provider.exceptions import SfnProviderError
from sfn_provider.mcp_server.command_runner import CommandRunner, ProgressReport
from sfn_provider.mcp_server.json_limits import shorten_json
from sfn_provider.mcp_server.root_folder import RootFolder
from sfn_provider.mcp_server.sdk import Context, ToolError
from sfn_provider.mcp_server.summaries import summarize_comparison, summarize_lint

P = ParamSpec("P")

Definition = Annotated[
    str,
    Field(
        description="The state machine: a file below the server's folder (Amazon States Language as JSON or YAML, "
        "CloudFormation, SAM, Terraform, serverless.yml), with #NAME where it has several."
    ),
]
Substitutions = Annotated[
    dict[str, str] | None, Field(description="Values for ${NAME}, var.NAME and opt:NAME in the definition.")
]
MockFile = Annotated[
    str | None,
    Field(description="What tasks answer: a mock file, as the tool cases writes it; FILE#CASE for one of its cases."),
]
HtmlReport = Annotated[str | None, Field(description="Write the whole report here, as one HTML page.")]
DagFile = Annotated[str | None, Field(description="A DAG file to check instead of the translation; it is run.")]
DagId = Annotated[str | None, Field(description="The DAG in that file, where it has several.")]
Style = Annotated[
    Literal["exact", "native"],
    Field(
        description="exact: behaves as Step Functions does, by this package's operators. native: operators of the "
        "amazon provider and TaskFlow; what differs is reported."
    ),
]


def _report_errors(tool: Callable[P, Awaitable[dict[str, Any]]]) -> Callable[P, Awaitable[dict[str, Any]]]:
    """Turn this package's errors into those whose message the assistant reads."""

    @wraps(tool)
    async def report(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        try:
            return await tool(*args, **kwargs)
        except SfnProviderError as error:
            raise ToolError(str(error)) from error

    return report


class Tools:
    """The tools of one server; each method is one, and its docstring is what the assistant reads.

    Args:
        root: the folder of all paths.
        runner: runs the commands in that folder.
        most_characters: how many characters a result may have.
    """

    def __init__(self, root: RootFolder, runner: CommandRunner, most_characters: int) -> None:
        self._root = root
        self._runner = runner
        self._most_characters = most_characters

    @_report_errors
    async def lint(
        self,
        file: Definition,
        execution_type: Annotated[
            Literal["STANDARD", "EXPRESS"] | None, Field(description="By default that in the file, else STANDARD.")
        ] = None,
        substitutions: Substitutions = None,
    ) -> dict[str, Any]:
        """Check a state machine: errors are what AWS refuses, warnings what fails or surprises at run time."""
        with _Arguments("lint") as arguments:
            arguments.add("type", execution_type)
            arguments.add_json("substitutions", substitutions)
            result = await self._runner.run(*arguments.with_files(self._root.check_reference(file)))
        return shorten_json(summarize_lint(result), self._most_characters)

    @_report_errors
    async def translate(
        self,
        file: Definition,
        style: Style = "exact",
        output: Annotated[
            str | None, Field(description="Write the DAG file here; without it, its text is returned.")
        ] = None,
        overwrite: Annotated[bool, Field(description="Write over a file that was changed by hand.")] = False,
        dag_id: Annotated[str | None, Field(description="By default made from the file's name.")] = None,
        schedule: Annotated[
            str | None, Field(description="cron(0 2 * * ? *), rate(1 hour), or Airflow's cron.")
        ] = None,
        substitutions: Substitutions = None,
    ) -> dict[str, Any]:
        """Translate a state machine into an Airflow DAG, with the task of each state and what differs in Airflow."""
        with _Arguments("translate", "--report") as arguments:
            arguments.add("style", style)
            arguments.add("dag-id", dag_id)
            arguments.add("schedule", schedule)
            arguments.add("output", self._output(output))
            arguments.add("overwrite", overwrite)
            arguments.add_json("substitutions", substitutions)
            result = await self._runner.run(*arguments.with_files(self._root.check_reference(file)))
        made = dict(result.output)
        source = made.pop("source", None)
        found = shorten_json(made, self._most_characters)
        if source is None:
            return found
        if len(source) > self._most_characters:
            return {**found, "source": None, "note": f"the DAG has {len(source):,} characters: name an output file"}
        return {"source": source, **found}

    @_report_errors
    async def cases(
        self,
        file: Definition,
        output: Annotated[
            str | None, Field(description="Write the mock file here; without it, its content is returned.")
        ] = None,
        overwrite: Annotated[bool, Field(description="Write over a file that was changed by hand.")] = False,
        substitutions: Substitutions = None,
    ) -> dict[str, Any]:
        """Make test cases, inputs and answers of tasks, that reach every state, choice, catcher and retry."""
        with _Arguments("cases") as arguments:
            arguments.add("output", self._output(output))
            arguments.add("overwrite", overwrite)
            arguments.add_json("substitutions", substitutions)
            result = await self._runner.run(*arguments.with_files(self._root.check_reference(file)))
        return shorten_json(result.output, self._most_characters)

    @_report_errors
    async def compare(
        self,
        context: Context,
        file: Definition,
        dag_file: DagFile = None,
        dag_id: DagId = None,
        style: Style = "exact",
        mock: MockFile = None,
        execution_input: Annotated[
            Any, Field(description="The execution's input; by default that of each case.")
        ] = None,
        html: HtmlReport = None,
        substitutions: Substitutions = None,
    ) -> dict[str, Any]:
        """Run a state machine and its DAG on the same input, without calling AWS, and report where they differ.

        Without mock and execution_input, cases are made that reach everything. With dag_file that DAG is compared, by
        the calls that AWS would see; without it, the translation in the given style. Takes seconds for each case.
        """
        with _Arguments("compare") as arguments:
            arguments.add("dag-file", self._reference(dag_file))
            arguments.add("dag-id", dag_id)
            arguments.add("style", style if dag_file is None else None)
            arguments.add("mock", self._reference(mock))
            arguments.add("html", self._output(html))
            arguments.add_json("input", execution_input, prefix="@")
            arguments.add_json("substitutions", substitutions)
            files = arguments.with_files(self._root.check_reference(file))
            result = await self._runner.run(*files, report=_progress(context))
        return shorten_json(summarize_comparison(result), self._most_characters)

    @_report_errors
    async def replay(
        self,
        context: Context,
        histories: Annotated[
            list[str],
            Field(
                min_length=1,
                max_length=100,
                description="Recorded executions: files that aws stepfunctions get-execution-history has printed; or "
                "ARNs of executions, where the server may read from AWS.",
            ),
        ],
        definition: Annotated[
            str | None, Field(description="The definition that was run; ARNs of executions need none.")
        ] = None,
        dag_file: DagFile = None,
        dag_id: DagId = None,
        mock: MockFile = None,
        html: HtmlReport = None,
        substitutions: Substitutions = None,
    ) -> dict[str, Any]:
        """Replay executions that Step Functions has run as a DAG, with every call answered as it was recorded."""
        with _Arguments("replay") as arguments:
            arguments.add("definition", self._reference(definition))
            arguments.add("dag-file", self._reference(dag_file))
            arguments.add("dag-id", dag_id)
            arguments.add("mock", self._reference(mock))
            arguments.add("html", self._output(html))
            arguments.add_json("substitutions", substitutions)
            references = [self._root.check_reference(name) for name in histories]
            for arn in (name for name in references if name.startswith("arn:")):
                arguments.add("execution-arn", arn)
            files = [name for name in references if not name.startswith("arn:")]
            result = await self._runner.run(*arguments.with_files(*files), report=_progress(context))
        return shorten_json(summarize_comparison(result), self._most_characters)

    def _reference(self, reference: str | None) -> str | None:
        return None if reference is None else self._root.check_reference(reference)

    def _output(self, path: str | None) -> str | None:
        return None if path is None else self._root.check_output(path)


def _progress(context: Context) -> ProgressReport:
    async def report(seconds: float) -> None:
        await context.report_progress(seconds, None, f"{seconds:.0f} s")

    return report


class _Arguments(ExitStack):
    """The arguments of a command; values that are JSON stand in files, which are removed at the end."""

    def __init__(self, command: str, *flags: str) -> None:
        super().__init__()
        self._words = [command, "--json", *flags]

    def add(self, option: str, value: str | bool | None) -> None:
        """Add an option, unless its value is None or False."""
        if value is not None and value is not False:
            self._words.append(f"--{option}" if value is True else f"--{option}={value}")

    def add_json(self, option: str, value: Any, prefix: str = "") -> None:
        """Add an option whose value is a JSON file, unless the value is None."""
        if value is None:
            return
        folder = self.enter_context(TemporaryDirectory(prefix="sfn-provider-mcp-"))
        file = Path(folder) / f"{option}.json"
        file.write_text(json.dumps(value), encoding="utf-8")
        self.add(option, f"{prefix}{file}")

    def with_files(self, *files: str) -> list[str]:
        """Return all arguments, with these files at the end."""
        return [*self._words, "--", *files]
