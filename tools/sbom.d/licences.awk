# The licences that a Debian copyright file names (machine-readable format 1.0), one line, joined by tabs: that of `Files: *` where it has one,
# else all that its other paragraphs name. Where the file is plain text: `text:` and each of the common licences that it points to.
function finish(   name) {
  if (files != "" && licence != "") {
    if (files == "*") whole = licence
    else if (files !~ /^debian\//) others[licence] = 1
  }
  files = licence = ""
}
/^Format: *https?:\/\/(www\.)?(debian\.org|anonscm\.debian\.org|dep\.debian\.net)/ { readable = 1 }
{
  rest = $0
  while (match(rest, /common-licenses\/[A-Za-z0-9.+-]*[A-Za-z0-9+]/)) {
    common["text:" substr(rest, RSTART + 16, RLENGTH - 16)] = 1
    rest = substr(rest, RSTART + RLENGTH)
  }
}
/^[ \t]*$/ { finish(); next }
/^Files:/ { files = $0; sub(/^Files:[ \t]*/, "", files); sub(/[ \t]+$/, "", files); next }
/^License:/ { licence = $0; sub(/^License:[ \t]*/, "", licence); sub(/[ \t,]+$/, "", licence); next }
END {
  finish()
  if (whole != "") line = whole
  else if (readable) for (name in others) line = line (count++ ? "\t" : "") name
  else for (name in common) line = line (count++ ? "\t" : "") name
  print line
}
