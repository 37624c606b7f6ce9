# Leave out messages that hold nothing to translate ({{name}}, marks, pictures), and the date, which would change every file.
BEGIN { RS = ""; first = 1 }
{
	n = split($0, line, "\n")
	text = ""
	on = 0
	for (i = 1; i <= n; i++) {
		if (line[i] ~ /^msgid /)
			on = 1
		else if (line[i] ~ /^msgstr /)
			on = 0
		if (on)
			text = text substr(line[i], index(line[i], "\"") + 1)
	}
	gsub(/"/, "", text)
	gsub(/\{\{[^}]*\}\}/, "", text)
	gsub(/<[^>]*>/, "", text)
	if (!first && (text !~ /[A-Za-z]/ || text ~ /^external ref=/))
		next
	for (i = 1; i <= n; i++)
		if (line[i] !~ /^"POT-Creation-Date/)
			print line[i]
	print ""
	first = 0
}
