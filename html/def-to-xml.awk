# lib/web/texts.def as XML for itstool. A row is T(NAME, "text" "more text") over one or more lines.
function escaped(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	return s
}
BEGIN { print "<text>" }
/^T\(/ {
	name = $0
	sub(/^T\(/, "", name)
	sub(/,.*/, "", name)
	text = ""
}
name != "" {
	line = $0
	while (match(line, /"([^"\\]|\\.)*"/)) {
		piece = substr(line, RSTART + 1, RLENGTH - 2)
		gsub(/\\"/, "\"", piece)
		text = text piece
		line = substr(line, RSTART + RLENGTH)
	}
	if (line ~ /\)$/) {
		print "<p name=\"" name "\">" escaped(text) "</p>"
		name = ""
	}
}
END { print "</text>" }
