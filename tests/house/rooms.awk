# SPDX-License-Identifier: GPL-2.0-only
# For check-rooms. In: `rule LINE` of the file rooms, `folder NAME`, `include FILE NAME`, `symbol FILE NAME TYPE`; files are
# named room/file. Out: what is against the rules, one a line; status 1 if there was any.

function complain(text) {
	print text
	bad++
}

function room_of(file) {
	sub(/\/.*/, "", file)
	return file
}

# An arrow between rooms was found, for the reason that the text gives.
function arrow(from, to, text) {
	if (!((from, to) in seen))
		found[from] = found[from] " " to
	seen[from, to] = 1
	if (from != to && !((from, to) in may))
		complain(text ": " from " may not call " to)
}

# Depth first over edges[]: a room that is met again on the way to it closes a circle.
function walk(room, way, edges,    next_rooms, n, i) {
	if (state[room] == "done")
		return
	if (state[room] == "on the way") {
		sub(".* " room " ", " " room " ", way)
		complain(where ": a circle:" way room)
		return
	}
	state[room] = "on the way"
	n = split(edges[room], next_rooms, " ")
	for (i = 1; i <= n; i++)
		if (next_rooms[i] != room)
			walk(next_rooms[i], way room " ", edges)
	state[room] = "done"
}

function circles(name, edges,    i) {
	where = name
	split("", state)
	for (i = 1; i <= n_rules; i++)
		walk(order[i], " ", edges)
}

# A file that must do with libc, because a file of a room of that kind calls it. A call that is not allowed is told as such,
# and not followed to all that lies behind it.
function only_libc(file, because,    n, names, i) {
	if (file in plain)
		return
	plain[file] = 1
	n = split(calls[file], names, " ")
	for (i = 1; i <= n; i++) {
		if (names[i] in home) {
			if (room_of(home[names[i]]) == room_of(file) || (room_of(file), room_of(home[names[i]])) in may)
				only_libc(home[names[i]], because)
		}
		else if (names[i] ~ /^(g|json)_/)
			complain(file ": " names[i] "(): " because " is libc only")
	}
}

$1 == "rule" {
	if ($2 ~ /^#/ || NF == 1)
		next
	room = $2
	if (room !~ /^[a-z]+\*?:$/) {
		complain("rooms: not `room: room...`: " substr($0, 6))
		next
	}
	sub(/:$/, "", room)
	if (sub(/\*$/, "", room))
		libc[room] = 1
	if (room in rules)
		complain("rooms: two lines of " room)
	order[++n_rules] = room
	rules[room] = ""
	for (i = 3; i <= NF; i++) {
		may[room, $i] = 1
		rules[room] = rules[room] " " $i
	}
}

$1 == "folder" { folders[$2] = 1 }

$1 == "include" {
	n_includes++
	name = substr($3, 2, length($3) - 2)
	if ($3 ~ /^"/ && name ~ /\//)
		included[++n_included] = $2 SUBSEP room_of(name) SUBSEP name
	else if ($3 ~ /^</ && name ~ /^(glib|gio|json-glib)/)
		foreign[$2] = name
}

# U and w are what a file calls; a capital letter otherwise is what others may call.
$1 == "symbol" && $4 == "U" { calls[$2] = calls[$2] " " $3 }
$1 == "symbol" && $4 ~ /^[A-TV-Z]$/ { home[$3] = $2; n_symbols++ }

END {
	for (room in folders)
		if (!(room in rules))
			complain(room ": a folder of host-tools without a line in rooms")
	for (room in rules) {
		if (!(room in folders))
			complain(room ": a line in rooms without a folder in host-tools")
		n = split(rules[room], names, " ")
		for (i = 1; i <= n; i++)
			if (!(names[i] in rules))
				complain("rooms: " room ": there is no room " names[i])
	}
	if (!n_rules || !n_symbols || !n_includes)
		complain("nothing to look at: " n_rules + 0 " rules, " n_symbols + 0 " symbols, " n_includes + 0 " includes")

	for (i = 1; i <= n_included; i++) {
		split(included[i], part, SUBSEP)
		arrow(room_of(part[1]), part[2], part[1] " includes \"" part[3] "\"")
	}
	for (file in calls) {
		n = split(calls[file], names, " ")
		for (i = 1; i <= n; i++)
			if (names[i] in home)
				arrow(room_of(file), room_of(home[names[i]]), file " calls " names[i] "() of " home[names[i]])
	}
	for (file in calls)
		if (room_of(file) in libc)
			only_libc(file, room_of(file))
	for (file in foreign)
		if (room_of(file) in libc)
			complain(file " includes <" foreign[file] ">: " room_of(file) " is libc only")

	circles("rooms", rules)
	circles("calls and includes", found)
	exit bad > 0
}
