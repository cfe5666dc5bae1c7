# bash completion for Loa's programs: the commands and options that `--help` of what stands on the line so far lists, and files.
_loa() {
  local word=${COMP_WORDS[COMP_CWORD]} place command=("${COMP_WORDS[0]}") listed
  for ((place = 1; place < COMP_CWORD; ++place)); do
    [[ ${COMP_WORDS[place]} == [a-z]* ]] || continue
    listed=$("${command[@]}" --help 2>/dev/null | awk '/^Subcommands:/ { on = 1; next } on && /^  [a-z]/ { print $1 }')
    [[ $'\n'$listed$'\n' == *$'\n'"${COMP_WORDS[place]}"$'\n'* ]] && command+=("${COMP_WORDS[place]}")
  done
  listed=$("${command[@]}" --help 2>/dev/null | awk '
    /^(Options|Subcommands):/ { on = 1; next }
    /^[^ ]/ { on = 0 }
    on && /^  [-a-z]/ { gsub(",", "\n", $1); print $1 }')
  mapfile -t COMPREPLY < <(compgen -W "$listed" -- "$word")
}
complete -o default -F _loa loa loa-controller loa-node
