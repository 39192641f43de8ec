"""`aki completion SHELL`: the script that lets a shell complete the words of `aki`.

What the scripts get from `aki` is data to them: nothing of it is evaluated, because endpoints and choices are a hub's
words.
"""

from typing import Annotated

import typer

from ..exits import Exit
from ..problems import CommandError
from ..style import new_app
from ..terminal import write

app = new_app()

BASH = """\
# aki completion for bash:  source <(aki completion bash)
_aki() {
    local IFS=$'\\n' file current=${COMP_WORDS[COMP_CWORD]}
    mapfile -t COMPREPLY < <(_AKI_COMPLETE=bash "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    case ${COMPREPLY[0]-} in
        :files)
            COMPREPLY=()
            if [[ $current == @* || ${COMP_WORDS[COMP_CWORD-1]} == @ ]]; then
                while IFS= read -r file; do
                    printf -v file %q "$file"
                    COMPREPLY+=("@$file")
                done < <(compgen -f -- "${current#@}")
            else
                compopt -o default
            fi ;;
        --*=*) [[ $current == --* ]] || COMPREPLY=("${COMPREPLY[@]#*=}") ;;
    esac
}
complete -o nosort -F _aki aki
"""
ZSH = """\
#compdef aki
# aki completion for zsh:  source <(aki completion zsh)
_aki() {
    local line
    local -a lines values shown
    lines=("${(@f)$(_AKI_COMPLETE=zsh "${words[1]}" "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ $lines[1] == :files* ]]; then
        compset -P '@'
        _files
        return
    fi
    for line in $lines; do
        values+=("${line%%$'\\t'*}")
        shown+=("${line//$'\\t'/  -- }")
    done
    compadd -l -d shown -a values
}
compdef _aki aki
"""
FISH = """\
# aki completion for fish:  aki completion fish | source
function __aki_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (_AKI_COMPLETE=fish $words[1] $words[2..-1] 2>/dev/null)
    if string match -q ':files*' -- "$found[1]"
        set -l word (commandline -ct)
        if string match -q '@*' -- $word
            for path in (__fish_complete_path (string sub -s 2 -- $word))
                echo "@$path"
            end
        else
            __fish_complete_path $word
        end
        return
    end
    test -n "$found"; and printf '%s\\n' $found
end
complete -c aki -f -a '(__aki_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def _shells(incomplete: str) -> list[str]:
    return [shell for shell in SCRIPTS if shell.startswith(incomplete)]


@app.command()
def completion(
    shell: Annotated[
        str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", autocompletion=_shells)
    ],
) -> None:
    """Print the completion script of a shell; `source <(aki completion bash)` in its start file turns it on."""
    script = SCRIPTS.get(shell)
    if script is None:
        raise CommandError(
            f"there is no script for {shell!r}; say {', '.join(SCRIPTS)}", Exit.USAGE
        )
    write(script)
