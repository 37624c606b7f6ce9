# A mail's text part as XML for itstool: each line is a message, but for empty ones and those of {{control}} words.
function escaped(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	return s
}
BEGIN { print "<text>" }
{
	words = $0
	gsub(/\{\{[^}]*\}\}/, "", words)
	kind = words ~ /[A-Za-z]/ ? "p" : "x"
	match($0, /^ */) # itstool would take the blanks before a line away
	print "<" kind " indent=\"" RLENGTH "\">" escaped(substr($0, RLENGTH + 1)) "</" kind ">"
}
END { print "</text>" }
