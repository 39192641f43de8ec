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
        values+=("${line%%$'\t'*}")
        shown+=("${line//$'\t'/  -- }")
    done
    compadd -l -d shown -a values
}
compdef _aki aki
