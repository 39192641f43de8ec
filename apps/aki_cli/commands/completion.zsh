#compdef aki aki-codegen
# aki completion for zsh, in ~/.zshrc behind compinit:  source <(aki completion zsh)
_aki() {
    local line
    local -a lines values shown
    # aki, which stands beside it, knows the words of aki-codegen too.
    lines=("${(@f)$(_AKI_COMPLETE=zsh _AKI_PROGRAM="${words[1]:t}" "${words[1]%-codegen}" "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ $lines[1] == :files* ]]; then
        compset -P '@'
        _files
        return
    fi
    for line in $lines; do
        values+=("${line%%$'\t'*}")
        shown+=("${line//$'\t'/  -- }")
    done
    compadd -l -d shown -a values
}
compdef _aki aki aki-codegen
