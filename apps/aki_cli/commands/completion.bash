# aki completion for bash, in ~/.bashrc:  source <(aki completion bash)
_aki() {
    local IFS=$'\n' file current=${COMP_WORDS[COMP_CWORD]}
    # aki, which stands beside it, knows the words of aki-codegen too.
    mapfile -t COMPREPLY < <(_AKI_COMPLETE=bash _AKI_PROGRAM=${1##*/} "${1%-codegen}" \
        "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
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
complete -o nosort -F _aki aki aki-codegen
