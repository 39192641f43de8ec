"""The commands: this table is all that `aki --help` and the completion of a command's name read.

A command is a function of its name in a module of this folder, or, as `call` is, a group of that name with commands
of its own. Its module is imported when the command is asked for, so its imports stay light: no client, no Rich before
there is work for them. A command takes `typer.Context`, gets the global options from `settings_of(ctx)`, returns its
exit status (None for 0), and lets exceptions of the client pass: `main` turns them into a sentence and a status.
"""

COMMANDS: dict[str, tuple[str, str]] = {
    "endpoints": ("aki_cli.commands.endpoints", "List the endpoints."),
    "show": ("aki_cli.commands.endpoints", "Show what an endpoint takes and gives back."),
    "call": ("aki_cli.commands.call", "Call an endpoint; its parameters are options."),
    "batch": ("aki_cli.commands.batch", "Call an endpoint for each row of a file."),
    "chat": ("aki_cli.commands.chat", "Hold a conversation with a chat endpoint."),
    "jobs": ("aki_cli.commands.job", "List the jobs that were left and not fetched."),
    "job": ("aki_cli.commands.job", "Follow a job and fetch its result."),
    "cancel": ("aki_cli.commands.job", "Cancel a job."),
    "budget": ("aki_cli.commands.budget", "Show what a budget's ledger holds; settle calls."),
    "key": ("aki_cli.commands.hub", "Ask the hub whether the key is good."),
    "doctor": (
        "aki_cli.commands.doctor",
        "Show what is set and how the hub answers, for a report.",
    ),
    "changes": ("aki_cli.commands.hub", "Compare the package with the hub of today."),
    "lint": ("aki_cli.commands.lint", "Find calls in source files that the hub would refuse."),
    "playground": ("aki_cli.commands.playground", "Open a local page to try the endpoints."),
    "mcp": ("aki_cli.commands.mcp", "Offer the endpoints to coding agents as tools."),
    "completion": ("aki_cli.commands.completion", "Print the completion script of a shell."),
}
"""Module and one line of help, by the command's name."""
