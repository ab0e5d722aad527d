"""`kubectl release completion`: the script that lets a shell complete words.

Each script asks `kubectl-release __complete`; see `cli.offers`.
"""

import sys
from enum import StrEnum
from typing import Annotated

import typer

EXAMPLES = """
[bold]Examples[/bold]

  source <(kubectl release completion bash)           kubectl-release <TAB>, in ~/.bashrc

  kubectl release completion zsh > "${fpath\\[1]}/_kubectl-release"

  kubectl release completion fish > ~/.config/fish/completions/kubectl-release.fish

For kubectl release <TAB> kubectl looks for the program kubectl_complete-release. pip installs it;
beside a krew installation, which has none, write it yourself:

  kubectl release completion kubectl > ~/bin/kubectl_complete-release

  chmod +x ~/bin/kubectl_complete-release
"""
BASH = """\
# bash completion for kubectl-release
_kubectl_release() {
    local out
    out=$(kubectl-release __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
    if [[ ${out##*$'\\n'} == :0 ]]; then compopt -o default 2>/dev/null; fi
    mapfile -t COMPREPLY < <(sed -e '$d' -e 's/\\t.*//' <<< "$out")
}
complete -F _kubectl_release kubectl-release
"""
ZSH = """\
#compdef kubectl-release
# zsh completion for kubectl-release
_kubectl_release() {
    local -a lines offers
    local line
    lines=("${(@f)$(kubectl-release __complete "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
    for line in "${(@)lines[1,-2]}"; do
        offers+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    _describe 'kubectl release' offers
    [[ $lines[-1] == :0 ]] && _files
}
compdef _kubectl_release kubectl-release
"""
FISH = """\
# fish completion for kubectl-release
function __kubectl_release
    set -l words (commandline -opc) (commandline -ct)
    kubectl-release __complete $words[2..] 2>/dev/null | string match --invert --regex '^:[0-9]+$'
end
complete --command kubectl-release --arguments '(__kubectl_release)'
"""
KUBECTL = """\
#!/bin/sh
# kubectl runs this program for: kubectl release <TAB>
exec kubectl-release __complete "$@"
"""


class Shell(StrEnum):
    """For what the script is."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    KUBECTL = "kubectl"


SCRIPTS = {Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH, Shell.KUBECTL: KUBECTL}

ShellName = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or kubectl.")]


def completion(shell: ShellName) -> None:
    """Print the script that lets a shell complete commands, options and names of releases."""
    sys.stdout.write(SCRIPTS[shell])
