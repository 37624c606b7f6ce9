# The way back from txt-to-xml.awk and (named=1: "NAME text" lines) def-to-xml.awk, after itstool has merged.
function plain(s) {
	gsub(/&lt;/, "<", s)
	gsub(/&gt;/, ">", s)
	gsub(/&quot;/, "\"", s)
	gsub(/&amp;/, "\\&", s)
	return s
}
/^<[px][ \/>]/ {
	head = $0
	sub(/>.*/, "", head)
	text = $0
	sub(/^[^>]*>/, "", text)
	sub(/<\/[px]>$/, "", text)
	value = head
	sub(/^[^"]*"/, "", value)
	sub(/".*/, "", value)
	if (named)
		print value " " plain(text)
	else
		printf "%*s%s\n", value, "", plain(text)
}
