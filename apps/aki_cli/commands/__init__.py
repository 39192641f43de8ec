"""The commands, a module each: this table is all that `aki --help` and the completion of a command's name read.

A module of this folder has an attribute `app`, a `typer.Typer` made by `aki_cli.style.new_app`, with one command or,
as `call` has, with commands of its own. It is imported when its command is asked for, so its imports stay light: no
client, no Rich before there is work for them. A command takes `typer.Context`, gets the global options from
`aki_cli.settings.settings_of(ctx)`, returns its exit status (None for 0), and lets exceptions of the client pass:
`main` turns them into a sentence and a status.
"""

COMMANDS: dict[str, tuple[str, str]] = {
    "endpoints": ("aki_cli.commands.endpoints", "List the endpoints."),
    "show": ("aki_cli.commands.show", "Show what an endpoint takes and gives back."),
    "call": ("aki_cli.commands.call", "Call an endpoint; its parameters are options."),
    "batch": ("aki_cli.commands.batch", "Call an endpoint for each row of a file."),
    "chat": ("aki_cli.commands.chat", "Hold a conversation with a chat endpoint."),
    "job": ("aki_cli.commands.job", "Follow a job and fetch its result."),
    "cancel": ("aki_cli.commands.cancel", "Cancel a job."),
    "key": ("aki_cli.commands.key", "Ask the hub whether the key is good."),
    "changes": ("aki_cli.commands.changes", "Compare the package with the hub of today."),
    "playground": ("aki_cli.commands.playground", "Open a local page to try the endpoints."),
    "completion": ("aki_cli.commands.completion", "Print the completion script of a shell."),
}
"""Module and one line of help, by the command's name."""
