# aki completion for fish, in ~/.config/fish/config.fish:  aki completion fish | source
function __aki_complete
    set -l words (commandline -opc) (commandline -ct)
    # aki, which stands beside it, knows the words of aki-codegen too.
    set -l program (string replace -r -- '-codegen$' '' $words[1])
    set -l found (_AKI_COMPLETE=fish _AKI_PROGRAM=(path basename $words[1]) $program $words[2..-1] 2>/dev/null)
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
    test -n "$found"; and printf '%s\n' $found
end
complete -c aki -f -a '(__aki_complete)'
complete -c aki-codegen -f -a '(__aki_complete)'
