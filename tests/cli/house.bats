#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# tests/house: the checks of how the house is built, over a small house of the test's own.

setup()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	house=$root/tests/house
	cd "$BATS_TEST_TMPDIR"
	mkdir -p src/cellar src/hall src/roof
	cat >rooms <<-'END'
		# upward only
		cellar*:
		hall: cellar
		roof: cellar hall
	END
	echo 'int coal(void);' >src/cellar/coal.h
	printf '#include "cellar/coal.h"\nint coal(void)\n{\n\treturn 1;\n}\n' >src/cellar/coal.c
	echo 'int sit(void);' >src/hall/sit.h
	printf '#include "cellar/coal.h"\n#include "hall/sit.h"\nint sit(void)\n{\n\treturn coal();\n}\n' >src/hall/sit.c
	printf '#include "hall/sit.h"\nint top(void);\nint top(void)\n{\n\treturn sit();\n}\n' >src/roof/top.c
}

# rooms: builds the house and checks its rooms.
rooms()
{
	local file

	for file in src/*/*.c; do
		mkdir -p "obj/$(basename "${file%/*}")"
		gcc -Isrc -c -o "obj/$(basename "${file%/*}")/$(basename "$file" .c).o" "$file"
	done
	run "$house/check-rooms" "$PWD/obj" "$PWD/src" "$PWD/rooms"
	echo "$output"
}

@test "rooms: a house in order passes without a word" {
	rooms
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "rooms: a call upward fails and is named, even without an include" {
	printf 'int sit(void);\nint draught(void);\nint draught(void)\n{\n\treturn sit();\n}\n' >src/cellar/draught.c
	rooms
	[ "$status" -eq 1 ]
	[[ $output == *'cellar/draught.c calls sit() of hall/sit.c: cellar may not call hall'* ]]
	[[ $output == *'calls and includes: a circle: '* ]]
	# that is the fault: what lies behind the call need not be libc only for it
	printf 'int g_chair(void);\nint sit(void)\n{\n\treturn g_chair();\n}\n' >src/hall/sit.c
	rooms
	[[ $output == *'cellar may not call hall'* && $output != *'libc only'* ]]
}

@test "rooms: an include of a room that is not in the line fails, even without a call" {
	echo '#include "roof/tiles.h"' >>src/hall/sit.h
	echo 'struct tiles { int n; };' >src/roof/tiles.h
	rooms
	[ "$status" -eq 1 ]
	[[ $output == *'hall/sit.h includes "roof/tiles.h": hall may not call roof'* ]]
}

@test "rooms: a circle in the file itself fails" {
	sed -i 's/^cellar\*:/& roof/' rooms
	rooms
	[ "$status" -eq 1 ]
	[[ $output == *'rooms: a circle: '*cellar*roof* ]]
}

@test "rooms: a folder without a line, a line without a folder, an unknown room" {
	mkdir src/shed
	echo 'attic: hall tower' >>rooms
	rooms
	[ "$status" -eq 1 ]
	[[ $output == *'shed: a folder of host-tools without a line in rooms'* ]]
	[[ $output == *'attic: a line in rooms without a folder in host-tools'* ]]
	[[ $output == *'rooms: attic: there is no room tower'* ]]
}

@test "rooms: a room that is libc only may not come to GLib by way of another" {
	sed -i 's/^hall:/hall*:/' rooms
	echo 'int g_coal(void); int use(void); int use(void) { return g_coal(); }' >>src/cellar/coal.c
	rooms
	[ "$status" -eq 1 ]
	[[ $output == *'cellar/coal.c: g_coal(): '*' is libc only'* ]]
	echo '#include <glib.h>' >>src/hall/sit.h
	run "$house/check-rooms" "$PWD/obj" "$PWD/src" "$PWD/rooms"
	[[ $output == *'hall/sit.h includes <glib.h>: hall is libc only'* ]]
}

@test "rooms: nothing to look at is a failure, and so is an object that is not built" {
	rooms
	rm obj/hall/sit.o
	run "$house/check-rooms" "$PWD/obj" "$PWD/src" "$PWD/rooms"
	[ "$status" -eq 1 ]
	[[ $output == *'hall/sit.o is not built'* ]]
	mkdir empty
	run "$house/check-rooms" "$PWD/obj" "$PWD/empty" "$PWD/rooms"
	[ "$status" -eq 1 ]
	git init -q empty
	run "$house/check-sizes" "$PWD/empty"
	[ "$status" -eq 1 ]
}

@test "seam: VT-d is named in vtd, and elsewhere with a reason that is needed" {
	mkdir src/vtd
	echo "int vtd_walk(void);" >src/vtd/walk.h
	echo "#define VTD_DOOR 1" >>src/hall/sit.h
	echo "hall/*.h the door" >seam
	run "$house/check-seam" src seam
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	echo "int x = vtd_walk();" >>src/roof/top.c
	printf "%s\n" "cellar/coal.c" "attic/* gone" >>seam
	run "$house/check-seam" src seam
	[ "$status" -eq 1 ]
	[ "$(sort <<<"$output")" = "roof/top.c: says vtd_walk, which is VT-d's own
seam: attic/* says nothing of VT-d: take it out
seam: cellar/coal.c says nothing of VT-d: take it out
seam: no reason for cellar/coal.c" ]
	run "$house/check-seam" empty seam
	[ "$status" -eq 1 ]
}

# lines N: so many lines that are no function.
lines()
{
	yes 'extern int n;' | head -n "$1"
}

# five rooms of one size, in a git tree: none has a quarter
sizes()
{
	local room

	git init -q big
	for room in a b c d e; do
		mkdir -p "big/host-tools/$room"
		lines 500 >"big/host-tools/$room/file.h"
	done
	: >long
}

@test "sizes: a house in order passes, a file, a function and a room too big are named" {
	sizes
	run "$house/check-sizes" big long
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	lines 101 >>big/host-tools/a/file.h
	{ echo 'static int deep(int a,'; printf '\t\tint b)\n{\n'; lines 77; echo '}'; } >big/host-tools/b/deep.c
	run "$house/check-sizes" big long
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$output" = 'host-tools/a/file.h: 601 lines, more than 600
host-tools/b/deep.c: deep(): 81 lines, more than 80' ]
	lines 400 >big/host-tools/c/more.h
	run "$house/check-sizes" big long
	[[ $output == *'c: 900 of 3082 lines, a quarter or more'* ]]
}

@test "sizes: a long function needs a reason, and a reason needs a long function" {
	sizes
	{ printf 'int deep(void)\n{\n'; lines 79; echo '}'; } >big/host-tools/b/deep.c
	echo 'host-tools/b/deep.c deep one switch' >long
	run "$house/check-sizes" big long
	[ "$status" -eq 0 ]
	echo 'host-tools/b/deep.c deep' >long
	run "$house/check-sizes" big long
	[ "$status" -eq 1 ]
	[[ $output == *'no reason for host-tools/b/deep.c deep'* ]]
	echo 'host-tools/b/deep.c shallow as it was' >>long
	run "$house/check-sizes" big long
	[[ $output == *'host-tools/b/deep.c shallow is not longer than 80 lines'* ]]
}

@test "sizes: tests, guests, the kernel's patches and bash are held to the same" {
	sizes
	mkdir -p big/{tests/unit,scripts/lib,guests,kernel-patches/src}
	lines 601 >big/tests/unit/test-a.c
	lines 601 >big/guests/start.S
	{ printf 'int deep(void)\n{\n'; lines 79; echo '}'; } >big/kernel-patches/src/deep.c
	{ echo '#!/bin/bash'; printf 'short() { :; }\ndeep()\n{\n'; yes : | head -n 78; echo '}'; } >big/scripts/tool
	{ printf 'sub()\n(\n\tcat <''<-END\n'; echo ')'; printf '\tEND\n'; yes : | head -n 76; echo ')'; } >big/scripts/lib/sub.sh
	{ echo '@test "all of it" {'; yes : | head -n 79; echo '}'; } >big/tests/all.bats
	# these are no programs
	lines 700 | tee big/tests/output.expect >big/scripts/words
	run "$house/check-sizes" big long
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$output" = 'guests/start.S: 601 lines, more than 600
kernel-patches/src/deep.c: deep(): 82 lines, more than 80
scripts/lib/sub.sh: sub(): 82 lines, more than 80
scripts/tool: deep(): 81 lines, more than 80
tests/all.bats: all of it(): 81 lines, more than 80
tests/unit/test-a.c: 601 lines, more than 600' ]
	# a function that is never closed was not measured
	printf 'open()\n{\n' >big/scripts/lib/sub.sh
	run "$house/check-sizes" big long
	[[ $output == *'scripts/lib/sub.sh: open() has no end'* ]]
	# nor what a here-document hides
	printf 'n=$((1<''<n))\n' >big/scripts/lib/sub.sh
	run "$house/check-sizes" big long
	[[ $output == *'scripts/lib/sub.sh: the here-document n has no end'* ]]
}

# tools VERSION: a git tree with one C file, and a clang-format of that version.
tools()
{
	mkdir -p tree/host-tools bin
	cd tree
	git init -q .
	echo 'int  a;' >host-tools/a.c
	printf '#!/bin/bash\n[[ $1 != --version ]] || { echo "Debian clang-format version %s"; exit; }\nprintf "%%s\\n" "$@"; exit 1\n' \
		"$1" >../bin/clang-format
	chmod +x ../bin/clang-format
	# of the real ones none by its version
	ln -sf "$(type -P git)" "$(type -P readlink)" "$(type -P dirname)" "$(type -P bash)" ../bin
}

@test "format: 14 judges every C file, an untracked one too" {
	tools 14.0.6
	PATH=$BATS_TEST_TMPDIR/bin run "$house/check-format" .
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$output" = $'--dry-run\n-Werror\nhost-tools/a.c' ]
}

@test "format: another version is a skip by name, none is a failure, and so are no files" {
	tools 19.1.7
	PATH=$BATS_TEST_TMPDIR/bin run "$house/check-format" .
	echo "$output"
	[ "$status" -eq 77 ]
	[ "$output" = '19.1.7 lays out differently from clang-format 14' ]
	rm ../bin/clang-format
	PATH=$BATS_TEST_TMPDIR/bin run "$house/check-format" .
	[ "$status" -eq 1 ]
	[[ $output == 'clang-format is not there'* ]]
	cd ..
	rm -r tree
	tools 14.0.6
	rm host-tools/a.c
	PATH=$BATS_TEST_TMPDIR/bin run "$house/check-format" .
	[ "$status" -eq 1 ]
	[[ $output == 'no C files'* ]]
}
