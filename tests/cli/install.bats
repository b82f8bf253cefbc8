#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# make install, and the program that is installed: it finds its data from anywhere, and leaves nothing there.

bats_require_minimum_version 1.5.0

load vtdlab-fixture

setup_file()
{
	export PLACE=$BATS_FILE_TMPDIR/place
	make -s -C "$BATS_TEST_DIRNAME/../.." install DESTDIR="$PLACE" PREFIX=/usr >"$BATS_FILE_TMPDIR/log" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/log"; return 1; }
}

setup()
{
	find_vtdlab
	unset VTDLAB_ROOT
	installed=$PLACE/usr/bin/vtdlab
	export XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
	cd "$BATS_TEST_TMPDIR"
}

@test "it lists the scenarios, bugs and checks of the tree, from another directory" {
	for what in scenarios bugs checks keys; do
		diff <(VTDLAB_ROOT=$root "$vtdlab" list "$what" -n) <("$installed" list "$what" -n)
		[ "$("$installed" list "$what" -n | wc -l)" -gt 5 ]
	done
}

@test "a machine of its is described with files of the installed tree and of the user" {
	run "$installed" doctor --no-kvm
	[[ $output == *"$XDG_DATA_HOME/vtdlab/results"* ]]
	run ! grep -rIl "$root" "$PLACE/usr/lib" "$PLACE/usr/share"
}

@test "doctor of an installed program asks for what runs need, not for what builds it" {
	cp -r "$PLACE/usr/lib/vtdlab" lab
	printf '#!/bin/sh\necho "no  asked-for-$2 command x y"\n' >lab/scripts/host-setup
	VTDLAB_ROOT=$PWD/lab run "$installed" doctor --no-kvm
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"missing: asked-for-installed "* && $output == *": apt install"* ]]
	[[ $output != *asked-for-all* && $output != *asked-for-run* ]]
}

@test "every script that the program runs is installed" {
	for script in $(grep -rhoE 'lab_path\("scripts", "[a-z-]+"' "$root/host-tools" | grep -oE '[a-z-]+"$' | tr -d '"' | sort -u); do
		[ -x "$PLACE/usr/lib/vtdlab/scripts/$script" ] || { echo "$script"; false; }
	done
	for lib in "$root"/scripts/lib/*; do
		[ -f "$PLACE/usr/lib/vtdlab/scripts/lib/${lib##*/}" ]
	done
}

@test "installing again takes away what is no longer there" {
	touch "$PLACE/usr/lib/vtdlab/scenarios/old.conf"
	make -s -C "$root" install DESTDIR="$PLACE" PREFIX=/usr
	[ ! -e "$PLACE/usr/lib/vtdlab/scenarios/old.conf" ]
}

@test "a program that was copied alone says what it misses" {
	cp "$installed" "$BATS_TEST_TMPDIR/vtdlab"
	for words in "run kdump" "list scenarios" bugs doctor; do
		run "$BATS_TEST_TMPDIR/vtdlab" $words
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *VTDLAB_ROOT* ]]
	done
	run "$BATS_TEST_TMPDIR/vtdlab" help
	[ "$status" -eq 0 ]
	VTDLAB_ROOT=$PLACE/usr/lib/vtdlab run "$BATS_TEST_TMPDIR/vtdlab" list scenarios -n
	[[ $output == *kdump* ]]
}

@test "every verb has a page, and a formatter finds nothing wrong with any" {
	for verb in $("$installed" help | sed -nE 's/^  ([a-z-]+) .*/\1/p'); do
		page=$PLACE/usr/share/man/man1/vtdlab-$verb.1
		grep -q '^\.Nm vtdlab$' "$page" || { echo "$verb: no synopsis"; false; }
		if command -v mandoc >/dev/null; then
			run mandoc -T lint -W warning "$page"
			[ "$status" -eq 0 ] || { echo "$output"; false; }
		fi
	done
}

@test "the installed documents lead to one another, and the program to them" {
	cd "$PLACE/usr/share/doc/vtdlab"
	n=0
	while IFS=: read -r file link; do
		[[ $link != *://* ]] || continue
		[ -e "$(dirname "$file")/${link%%#*}" ] || { echo "$file: $link"; false; }
		n=$((n + 1))
	done < <(grep -roHE --include='*.md' '\]\([^) #]+' . | sed -E 's/\]\(//')
	[ "$n" -gt 20 ]
	[ -e docs/schemas/run.json ]
	words=$("$installed" list checks leaves-equal | sed -n 's/^words *//p')
	[ "$words" = "$PLACE/usr/share/doc/vtdlab/docs/glossary.md" ]
	[ -e "$words" ]
}

# complete_words WORD...: what bash would offer for the last of them
complete_words()
{
	PATH=$PLACE/usr/bin:$PATH bash -c '
		. "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_vtdlab
		printf "%s\n" "${COMPREPLY[@]}"' - "$PLACE/usr/share/bash-completion/completions/vtdlab" "$@"
}

@test "completion knows verbs, options, scenarios, kernels, keys and bugs" {
	[[ $(complete_words vtdlab repro) == reproduce ]]
	complete_words vtdlab run --as | grep -qx -- --as-shipped
	complete_words vtdlab run kdump-sc | grep -qx kdump-scalable
	complete_words vtdlab run kdump --kernel debian-6.1 | grep -qx debian-6.12
	complete_words vtdlab run kdump --set iommu.m | grep -qx iommu.mode=
	[ "$(complete_words vtdlab run kdump --kernel = debian-6.12)" = debian-6.12 ]
	complete_words vtdlab reproduce irte | grep -q '^irte-'
	complete_words vtdlab list checks dma-l | grep -qx dma-landed
	complete_words vtdlab list scenarios kdump-sc | grep -qx kdump-scalable
	complete_words vtdlab list che | grep -qx checks
	[ -z "$(complete_words vtdlab nonsense x)" ]
}

@test "zsh completes by the same file, from the first TAB on" {
	command -v zsh >/dev/null || skip "no zsh here"
	cat >type.zsh <<-'END'
		zmodload zsh/zpty
		zpty -b shell "TERM=dumb zsh -f -i"
		zpty -w shell "fpath=($FUNCTIONS \$fpath); autoload -U compinit; compinit -u -D; echo re\\ady"
		zpty -r -m shell line '*ready*'
		for words in 'run kdump-sc:*alable*' 'list checks dma-l:*landed*'; do
			zpty -n -w shell "vtdlab ${words%%:*}"$'\t'
			zpty -r -m shell line "${words#*:}"
			print -r -- "$line"
			zpty -n -w shell $'\C-u'
		done
	END
	VTDLAB_COMPLETION=$PLACE/usr/share/bash-completion/completions/vtdlab PATH=$PLACE/usr/bin:$PATH \
		FUNCTIONS=$PLACE/usr/share/zsh/vendor-completions run timeout 60 zsh -f type.zsh
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"vtdlab run kdump-scalable"*"vtdlab list checks dma-landed"* ]]
}
